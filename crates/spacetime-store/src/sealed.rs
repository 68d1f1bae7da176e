//! The container of everything binary in a trace: compressed, versioned, checksummed parts.
//!
//! ```text
//! version byte | n_parts | per part: raw length, packed length | zstd frames | xxh3-64 of all before
//! ```
//!
//! The checksum is seeded with the place the bytes belong to, so that rows cannot change places
//! unnoticed. It finds damage, not forgery. Writer and reader stand here side by side.

use spacetime_model::SessionId;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::stream::{Sink, Source};
use crate::{Error, Name, Result};

const VERSION: u8 = 1;
/// Of zstd. Faster levels save less time than it takes to write the bytes they add.
const LEVEL: i32 = 1;

/// A part may not unpack to more than this, whatever it says.
pub const MAX_RAW_BYTES: usize = 1 << 30;

/// Which thing of a trace some sealed bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The records of a chunk: keyframe, then delta.
    Chunk {
        /// Its session.
        session: SessionId,
        /// Its number in the session.
        number: u64,
    },
    /// The call directory of a chunk.
    Directory {
        /// Its session.
        session: SessionId,
        /// The chunk's number in the session.
        number: u64,
    },
    /// A piece.
    Piece {
        /// xxh3-128 of the contents.
        hash: u128,
    },
}

impl Place {
    fn seed(self) -> u64 {
        match self {
            Self::Chunk { session, number } => session.0 << 40 ^ number << 2,
            Self::Directory { session, number } => session.0 << 40 ^ number << 2 ^ 1,
            Self::Piece { hash } => hash as u64,
        }
    }

    /// An error that names this place.
    pub fn damaged(self, found: impl Into<String>) -> Error {
        let place = match self {
            Self::Chunk { session, number } => format!("chunk {number} of session {session}"),
            Self::Directory { session, number } => {
                format!("the call directory of chunk {number} of session {session}")
            }
            Self::Piece { hash } => format!("piece {hash:032x}"),
        };
        Error::Damaged {
            trace: Name::default(),
            place,
            found: found.into(),
        }
    }
}

/// Packs parts; keeps its compression context from one to the next.
pub struct Sealer {
    compressor: zstd::bulk::Compressor<'static>,
}

impl Sealer {
    /// Allocates the compression context.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
        })
    }

    /// Packs the parts.
    pub fn seal(&mut self, place: Place, parts: &[&[u8]]) -> std::io::Result<Vec<u8>> {
        let mut packed = Vec::with_capacity(parts.len());
        for part in parts {
            let empty = part.is_empty();
            packed.push(if empty {
                Vec::new()
            } else {
                self.compressor.compress(part)?
            });
        }
        let mut bytes = vec![VERSION];
        bytes.varint(parts.len() as u64);
        for (part, packed) in parts.iter().zip(&packed) {
            bytes.varint(part.len() as u64);
            bytes.varint(packed.len() as u64);
        }
        for packed in &packed {
            bytes.extend_from_slice(packed);
        }
        let checksum = xxh3_64_with_seed(&bytes, place.seed());
        bytes.extend_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }
}

/// Sealed bytes whose checksum was found to be right.
pub struct Sealed<'a> {
    place: Place,
    parts: Vec<(usize, &'a [u8])>,
}

impl<'a> Sealed<'a> {
    /// Checks the bytes that stand at a place.
    pub fn open(place: Place, bytes: &'a [u8], n_parts: usize) -> Result<Self> {
        let Some((body, checksum)) = bytes.split_last_chunk::<8>() else {
            return Err(place.damaged(format!("only {} bytes", bytes.len())));
        };
        if xxh3_64_with_seed(body, place.seed()) != u64::from_le_bytes(*checksum) {
            return Err(place.damaged("bytes that do not match their checksum"));
        }
        let mut source = Source::new(body);
        let read = read_parts(&mut source, n_parts);
        let parts = read.map_err(|found| place.damaged(found))?;
        Ok(Self { place, parts })
    }

    /// Unpacks one part.
    pub fn part(&self, index: usize) -> Result<Vec<u8>> {
        let (raw_len, packed) = self.parts[index];
        if raw_len == 0 {
            return Ok(Vec::new());
        }
        let unpacked = zstd::bulk::decompress(packed, raw_len);
        let raw = unpacked.map_err(|error| self.place.damaged(error.to_string()))?;
        if raw.len() != raw_len {
            let found = format!("{} bytes where {raw_len} were announced", raw.len());
            return Err(self.place.damaged(found));
        }
        Ok(raw)
    }
}

fn read_parts<'a>(
    source: &mut Source<'a>,
    n_expected: usize,
) -> Result<Vec<(usize, &'a [u8])>, String> {
    let cut = |_| "a header that breaks off".to_string();
    let version = source.byte().map_err(cut)?;
    if version != VERSION {
        return Err(format!("version {version}, expected {VERSION}"));
    }
    let n_parts = source.varint().map_err(cut)?;
    if n_parts != n_expected as u64 {
        return Err(format!("{n_parts} parts, expected {n_expected}"));
    }
    let mut lengths = Vec::with_capacity(n_expected);
    for _ in 0..n_parts {
        let raw_len = source.varint().map_err(cut)?;
        let packed_len = source.varint().map_err(cut)?;
        if raw_len > MAX_RAW_BYTES as u64 {
            return Err(format!(
                "a part of {raw_len} bytes, more than {MAX_RAW_BYTES}"
            ));
        }
        lengths.push((raw_len as usize, packed_len as usize));
    }
    let mut parts = Vec::with_capacity(n_expected);
    for (raw_len, packed_len) in lengths {
        parts.push((raw_len, source.bytes(packed_len).map_err(cut)?));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place::Chunk {
        session: SessionId(1),
        number: 7,
    };

    #[test]
    fn parts_come_back() {
        let large = vec![9; 100_000];
        let sealed = Sealer::new().unwrap().seal(PLACE, &[b"", &large]).unwrap();
        assert!(sealed.len() < 200);
        let opened = Sealed::open(PLACE, &sealed, 2).unwrap();
        assert_eq!(opened.part(0).unwrap(), b"");
        assert_eq!(opened.part(1).unwrap(), large);
    }

    #[test]
    fn every_flipped_bit_cut_and_swap_is_found() {
        let sealed = Sealer::new()
            .unwrap()
            .seal(PLACE, &[b"abc", b"defgh"])
            .unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut flipped = sealed.clone();
                flipped[at] ^= 1 << bit;
                assert!(Sealed::open(PLACE, &flipped, 2).is_err());
            }
            assert!(Sealed::open(PLACE, &sealed[..at], 2).is_err());
        }
        let elsewhere = Place::Chunk {
            session: SessionId(1),
            number: 8,
        };
        let error = Sealed::open(elsewhere, &sealed, 2).err().unwrap();
        assert!(
            error.to_string().contains("chunk 8 of session 1"),
            "{error}"
        );
    }

    #[test]
    fn a_right_checksum_does_not_make_a_lie_true() {
        let mut bytes = vec![VERSION, 1];
        bytes.varint(1 << 40);
        bytes.varint(0);
        let checksum = xxh3_64_with_seed(&bytes, PLACE.seed());
        bytes.extend_from_slice(&checksum.to_le_bytes());
        assert!(Sealed::open(PLACE, &bytes, 1).is_err());
    }
}
