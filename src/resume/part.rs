//! Part files: what a stage has finished, as columns of little numbers.
//!
//! ```text
//! 8 bytes    magic: "unechP" , version, and a byte that differs where numbers are stored the other way round
//! 8 bytes    number of columns
//! 8 bytes    length of each column in bytes
//! …          the columns, one after the other, each filled up with zeros to a multiple of 8
//! 16 bytes   XXH3-128 of everything before
//! ```
//!
//! Numbers are stored as the machine has them; a machine that has them the other way round does not know the magic and
//! makes the part anew. A part never changes once it is written. Always: [`Columns::parse`] gives what [`Part`] was given, or
//! says that the part is damaged; it never gives something else, and never panics, whatever the bytes.

use std::borrow::Cow;

use bytemuck::Pod;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The first bytes; read as a number, so that the other order of bytes does not match.
const MAGIC: u64 = u64::from_le_bytes(*b"unechP\x01\x7f");

/// Bytes of the digest at the end.
const DIGEST: usize = 16;

/// Columns to be written.
#[derive(Default)]
pub struct Part<'c> {
    columns: Vec<Column<'c>>,
}

/// A column in pieces, which stay where they are until they are written.
struct Column<'c>(Vec<Cow<'c, [u8]>>);

impl Column<'_> {
    fn len(&self) -> usize {
        self.0.iter().map(|piece| piece.len()).sum()
    }

    /// The pieces, and what fills the column up.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|piece| &**piece).chain([filling(self.len())])
    }
}

impl<'c> Part<'c> {
    /// Adds a column of numbers.
    pub fn push<T: Pod>(&mut self, column: &'c [T]) {
        self.push_pieces([column]);
    }

    /// Adds a column of the numbers of one piece after the other.
    pub fn push_pieces<T: Pod>(&mut self, pieces: impl IntoIterator<Item = &'c [T]>) {
        let pieces = pieces.into_iter().map(|piece| Cow::Borrowed(bytemuck::cast_slice(piece)));
        self.columns.push(Column(pieces.collect()));
    }

    /// Adds a column of numbers that nobody else needs.
    pub fn push_owned<T: Pod>(&mut self, column: Vec<T>) {
        self.columns.push(Column(vec![Cow::Owned(bytemuck::cast_slice(&column).to_vec())]));
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode().pieces().concat()
    }

    /// The bytes of the file, in pieces.
    pub(super) fn encode(&self) -> Encoded<'_> {
        let mut header = vec![MAGIC, self.columns.len() as u64];
        header.extend(self.columns.iter().map(|column| column.len() as u64));
        let header: Vec<u8> = bytemuck::cast_slice(&header).to_vec();
        let mut hasher = Xxh3::new();
        hasher.update(&header);
        self.columns.iter().flat_map(Column::pieces).for_each(|piece| hasher.update(piece));
        Encoded { header, columns: &self.columns, digest: hasher.digest128().to_ne_bytes() }
    }
}

/// A part as it is written.
pub(super) struct Encoded<'p> {
    header: Vec<u8>,
    columns: &'p [Column<'p>],
    digest: [u8; DIGEST],
}

impl Encoded<'_> {
    /// All bytes, in order.
    pub(super) fn pieces(&self) -> Vec<&[u8]> {
        let columns = self.columns.iter().flat_map(Column::pieces);
        std::iter::once(&self.header[..]).chain(columns).chain([&self.digest[..]]).collect()
    }
}

/// Zeros after a column of `len` bytes.
fn filling(len: usize) -> &'static [u8] {
    &[0; 8][..len.next_multiple_of(8) - len]
}

/// Columns that were read back, to be taken in the order in which they were pushed.
pub struct Columns {
    bytes: Vec<u8>,
    ranges: std::vec::IntoIter<std::ops::Range<usize>>,
}

impl Columns {
    /// The columns of a part file; `None` if it is damaged.
    pub fn parse(bytes: Vec<u8>) -> Option<Columns> {
        let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
        if xxh3_128(body).to_ne_bytes() != digest {
            return None;
        }
        let number = |at: usize| Some(u64::from_ne_bytes(body.get(at..at.checked_add(8)?)?.try_into().ok()?));
        let count = usize::try_from(number(8)?).ok().filter(|count| *count <= body.len() / 8)?;
        if number(0)? != MAGIC {
            return None;
        }
        let mut at = 16 + 8 * count;
        let mut ranges = Vec::with_capacity(count);
        for column in 0..count {
            let len = usize::try_from(number(16 + 8 * column)?).ok()?;
            ranges.push(at..at.checked_add(len)?);
            at = at.checked_add(len.checked_next_multiple_of(8)?)?;
        }
        (at == body.len()).then(|| Columns { ranges: ranges.into_iter(), bytes })
    }

    /// The next column; `None` if there is none, or if it is not one of such numbers.
    pub fn take<T: Pod>(&mut self) -> Option<Vec<T>> {
        let bytes = &self.bytes[self.ranges.next()?];
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return None;
        }
        // the bytes need not lie as numbers must
        let mut column = vec![T::zeroed(); bytes.len() / size_of::<T>()];
        bytemuck::cast_slice_mut(&mut column).copy_from_slice(bytes);
        Some(column)
    }

    /// Whether all columns were taken.
    pub fn is_empty(&self) -> bool {
        self.ranges.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn small() -> Vec<u8> {
        let mut part = Part::default();
        part.push(&[1u32, 2, 3]);
        part.push::<u64>(&[]);
        part.push(b"text");
        part.push_owned(vec![u128::MAX, 7]);
        part.to_bytes()
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let good = small();
        assert!(Columns::parse(good.clone()).is_some());
        for at in 0..good.len() {
            for change in 1..=255 {
                let mut bad = good.clone();
                bad[at] ^= change;
                assert!(Columns::parse(bad).is_none(), "byte {at} changed by {change}");
            }
            assert!(Columns::parse(good[..at].to_vec()).is_none(), "cut to {at}");
        }
        for more in 1..40 {
            assert!(Columns::parse([&good[..], &vec![0; more]].concat()).is_none(), "{more} zeros more");
        }
    }

    #[test]
    fn a_column_of_other_numbers_is_refused() {
        let mut columns = Columns::parse(small()).unwrap();
        assert_eq!(columns.take::<u64>(), None, "12 bytes are no numbers of 8");
        assert_eq!(columns.take::<u8>(), Some(vec![]));
        assert_eq!(columns.take(), Some(b"text".to_vec()));
        assert!(!columns.is_empty());
        assert_eq!(columns.take(), Some(vec![u128::MAX, 7]));
        assert!(columns.is_empty());
        assert_eq!(columns.take::<u8>(), None);
    }

    proptest! {
        #[test]
        fn columns_come_back(a: Vec<u32>, b: Vec<u8>, c: Vec<u128>, d: Vec<[u8; 16]>) {
            let mut part = Part::default();
            part.push(&a);
            part.push(&b);
            part.push_owned(c.clone());
            part.push_pieces(d.chunks(3));
            let mut columns = Columns::parse(part.to_bytes()).unwrap();
            prop_assert_eq!(columns.take(), Some(a));
            prop_assert_eq!(columns.take(), Some(b));
            prop_assert_eq!(columns.take(), Some(c));
            prop_assert_eq!(columns.take(), Some(d));
            prop_assert!(columns.is_empty());
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(body: Vec<u8>, lengths: Vec<u64>) {
            let header: Vec<u8> = [&[MAGIC, lengths.len() as u64][..], &lengths].concat().iter().flat_map(|n| n.to_ne_bytes()).collect();
            let mut bytes = [header, body].concat();
            let digest = xxh3_128(&bytes).to_ne_bytes();
            bytes.extend(digest);
            if let Some(mut columns) = Columns::parse(bytes) {
                while columns.take::<u8>().is_some() {}
            }
        }
    }
}
