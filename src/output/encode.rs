//! Bytes → compressed bytes, with the codec of the input at its usual level.
//!
//! gzip and zstd are compressed on all threads, into one member or frame: there are readers that stop after the first.
//! Always: what is written depends on the bytes and on how many were expected, never on the number of threads.

use std::io::{self, BufWriter, Write};

use zstd::zstd_safe::CParameter;

use super::gzip::Gzip;
use crate::corpus::Codec;
use crate::resume::disk::DiskFile;

/// Files of at least this many bytes are compressed by threads of zstd: to start them takes as long as a small file.
const LARGE: u64 = 4 << 20;

/// Bytes that one thread of zstd compresses at a time: by default four windows of the level, 8 MiB.
const JOB: u32 = 2 << 20;

/// An encoder of one frame that will be given about so many `bytes`, or fewer.
pub(super) fn zstd<W: Write>(out: W, level: i32, bytes: u64) -> io::Result<zstd::stream::write::Encoder<'static, W>> {
    let mut encoder = zstd::stream::write::Encoder::new(out, level)?;
    encoder.include_checksum(true)?;
    if bytes >= LARGE {
        encoder.multithread(rayon::current_num_threads() as u32)?;
        encoder.set_parameter(CParameter::JobSize(JOB))?;
    }
    Ok(encoder)
}

/// A compressed file being written.
pub(super) enum Encoder {
    Plain(BufWriter<DiskFile>),
    Gzip(Gzip<BufWriter<DiskFile>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<DiskFile>>),
    Bzip2(bzip2::write::BzEncoder<BufWriter<DiskFile>>),
    Xz(liblzma::write::XzEncoder<BufWriter<DiskFile>>),
}

impl Encoder {
    /// An encoder that will be given about so many `bytes`, or fewer.
    pub(super) fn new(file: DiskFile, codec: Codec, bytes: u64) -> io::Result<Encoder> {
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(match codec {
            Codec::None => Encoder::Plain(file),
            Codec::Gzip => Encoder::Gzip(Gzip::new(file)?),
            Codec::Zstd => Encoder::Zstd(zstd(file, zstd::DEFAULT_COMPRESSION_LEVEL, bytes)?),
            Codec::Bzip2 => Encoder::Bzip2(bzip2::write::BzEncoder::new(file, bzip2::Compression::default())),
            Codec::Xz => Encoder::Xz(liblzma::write::XzEncoder::new(file, 6)),
        })
    }

    /// Ends the stream; gives the file, all of it handed to the system.
    pub(super) fn finish(self) -> io::Result<DiskFile> {
        let buffered = match self {
            Encoder::Plain(file) => file,
            Encoder::Gzip(encoder) => encoder.finish()?,
            Encoder::Zstd(encoder) => encoder.finish()?,
            Encoder::Bzip2(encoder) => encoder.finish()?,
            Encoder::Xz(encoder) => encoder.finish()?,
        };
        buffered.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Encoder::Plain(file) => file,
            Encoder::Gzip(encoder) => encoder,
            Encoder::Zstd(encoder) => encoder,
            Encoder::Bzip2(encoder) => encoder,
            Encoder::Xz(encoder) => encoder,
        }
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer().flush()
    }
}
