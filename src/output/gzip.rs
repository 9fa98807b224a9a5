//! Bytes → gzip (RFC 1952), compressed on all threads.
//!
//! One member, for there are readers that stop after the first. Its deflate stream (RFC 1951) is put together from
//! blocks, as `pigz` does it: each is compressed by itself, may refer to the 32 KiB before it, and ends on a whole byte. Always: blocks are cut
//! at places that depend on nothing but the bytes, so the file is the same whatever the number of threads.

use std::io::{self, Write};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use rayon::prelude::*;

/// Bytes that are compressed by one task.
const BLOCK: usize = 256 << 10;

/// Blocks that are gathered before the threads are set to them.
const AT_ONCE: usize = 16;

/// How far back deflate can refer to.
const WINDOW: usize = 32 << 10;

/// Magic, deflate, no flags, no time, no hint of the level, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A gzip file being written. Memory: 4 MiB, and what that is compressed to.
pub(super) struct Gzip<W> {
    out: W,
    /// The last bytes that were compressed, then those that are not yet.
    pending: Vec<u8>,
    /// How many of them were.
    known: usize,
    crc: Crc,
}

impl<W: Write> Gzip<W> {
    pub(super) fn new(mut out: W) -> io::Result<Gzip<W>> {
        out.write_all(&HEADER)?;
        Ok(Gzip { out, pending: Vec::new(), known: 0, crc: Crc::new() })
    }

    /// Compresses what is pending, and writes it.
    fn compress(&mut self, is_last: bool) -> io::Result<()> {
        let new = self.pending.len() - self.known;
        // an empty block is what ends an empty file
        let blocks = new.div_ceil(BLOCK).max(usize::from(is_last));
        let compressed = (0..blocks).into_par_iter().map(|block| {
            let start = self.known + block * BLOCK;
            let (before, rest) = self.pending.split_at(start);
            let bytes = &rest[..rest.len().min(BLOCK)];
            let mut crc = Crc::new();
            crc.update(bytes);
            let ends = is_last && block + 1 == blocks;
            deflate(&before[before.len().saturating_sub(WINDOW)..], bytes, ends).map(|deflated| (crc, deflated))
        });
        for (crc, deflated) in compressed.collect::<io::Result<Vec<_>>>()? {
            self.crc.combine(&crc);
            self.out.write_all(&deflated)?;
        }
        let old = self.pending.len().saturating_sub(WINDOW);
        self.pending.drain(..old);
        self.known = self.pending.len();
        Ok(())
    }

    /// Ends the member; gives what it was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.compress(true)?;
        // the length counts modulo 2³²
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        self.out.write_all(&self.crc.amount().to_le_bytes())?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.known + AT_ONCE * BLOCK - self.pending.len();
        let taken = bytes.len().min(room);
        self.pending.extend_from_slice(&bytes[..taken]);
        if taken == room {
            self.compress(false)?;
        }
        Ok(taken)
    }

    /// Hands on what is compressed already: a block is not cut short.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Compresses a block that stands after `before`; if it is not the last one, so that another can follow.
fn deflate(before: &[u8], bytes: &[u8], is_last: bool) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::default(), false);
    if !before.is_empty() {
        compress.set_dictionary(before)?;
    }
    let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
    loop {
        let taken = compress.total_in() as usize;
        let status = compress.compress_vec(&bytes[taken..], &mut out, flush)?;
        let all_taken = compress.total_in() as usize == bytes.len();
        // a flush is complete if it left room
        if all_taken && (status == Status::StreamEnd || !is_last && out.len() < out.capacity()) {
            return Ok(out);
        }
        out.reserve(out.capacity());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use proptest::prelude::*;

    fn gzip(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut gzip = Gzip::new(Vec::new()).unwrap();
        bytes.chunks(piece).for_each(|piece| gzip.write_all(piece).unwrap());
        gzip.finish().unwrap()
    }

    /// Reads one member and nothing after it, as a reader does that knows of no second one.
    fn first_member(stored: &[u8]) -> (Vec<u8>, usize) {
        let mut decoder = flate2::bufread::GzDecoder::new(stored);
        let mut bytes = Vec::new();
        decoder.read_to_end(&mut bytes).unwrap();
        (bytes, decoder.into_inner().len())
    }

    fn text(len: usize) -> Vec<u8> {
        (0u64..)
            .flat_map(|n| format!("{:x} says so\n", n.wrapping_mul(0x9e37_79b9) >> 7).into_bytes())
            .take(len)
            .collect()
    }

    #[test]
    fn every_length_around_a_block_is_one_whole_member() {
        let whole = AT_ONCE * BLOCK;
        for len in [0, 1, WINDOW, BLOCK - 1, BLOCK, BLOCK + 1, whole - 1, whole, whole + 1, 2 * whole + BLOCK + 7] {
            let bytes = text(len);
            let stored = gzip(&bytes, 100_003);
            assert!(first_member(&stored) == (bytes, 0), "{len} bytes");
        }
    }

    #[test]
    fn pieces_and_threads_do_not_show() {
        let bytes = text(3 * AT_ONCE * BLOCK / 2);
        let expected = gzip(&bytes, usize::MAX);
        assert!(expected.len() < bytes.len() / 2);
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(alone.install(|| gzip(&bytes, 4096)) == expected);
    }

    #[test]
    fn what_cannot_be_compressed_grows_by_little() {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let bytes: Vec<u8> = (0..BLOCK + 5).map(|_| noise()).collect();
        let stored = gzip(&bytes, 1 << 16);
        assert!(stored.len() < bytes.len() + bytes.len() / 1000 + 64);
        assert!(first_member(&stored) == (bytes, 0));
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..2000), piece in 1usize..300) {
            prop_assert_eq!(first_member(&gzip(&bytes, piece)), (bytes, 0));
        }
    }
}
