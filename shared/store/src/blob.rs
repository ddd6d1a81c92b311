//! Text of any length in items of at most 400 KB: compressed, cut into chunks, checked when read.

use std::io::Read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// Bytes of one chunk. DynamoDB limits an item to 400 KB (409,600 bytes) with its names and key.
const CHUNK: usize = 390_000;

/// Most bytes of one text, compressed: a transaction takes 4 MB in all.
const MAX_BYTES: usize = 3_500_000;

/// zstd's own default: SQL compresses four to ten times at 1–2 ms per megabyte.
const LEVEL: i32 = 3;

/// What the record says about a text kept in chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    /// How many chunks.
    pub chunks: u8,
    /// Its length in bytes, uncompressed.
    pub bytes: usize,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
}

/// The chunks of a text.
pub(crate) fn pack(text: &str) -> Result<(Extent, Vec<Vec<u8>>), StoreError> {
    let packed = zstd::bulk::compress(text.as_bytes(), LEVEL)
        .map_err(|error| StoreError::Unexpected(error.to_string()))?;
    if packed.len() > MAX_BYTES {
        return Err(StoreError::TooLarge { bytes: packed.len(), most: MAX_BYTES });
    }
    let chunks: Vec<Vec<u8>> = packed.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    let extent = Extent {
        chunks: u8::try_from(chunks.len()).unwrap_or(u8::MAX),
        bytes: text.len(),
        sha256: sha256(text),
    };
    Ok((extent, chunks))
}

/// The text of these chunks, or what is wrong with them.
pub(crate) fn unpack<'a>(
    extent: &Extent,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<String, String> {
    let packed: Vec<u8> = chunks.into_iter().flatten().copied().collect();
    let mut text = Vec::with_capacity(extent.bytes.min(MAX_BYTES));
    // One byte more than was promised is enough to know that the promise is broken.
    zstd::stream::read::Decoder::with_buffer(packed.as_slice())
        .map_err(|error| error.to_string())?
        .take(extent.bytes as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    if text.len() != extent.bytes || sha256(&text) != extent.sha256 {
        return Err("the text differs from what was stored".to_owned());
    }
    Ok(text)
}

/// SHA-256 of a text, in hexadecimal: what [`crate::Summary`] says of one.
pub fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slices(chunks: &[Vec<u8>]) -> impl Iterator<Item = &[u8]> {
        chunks.iter().map(Vec::as_slice)
    }

    /// Text that does not compress: hexadecimal digits at 4 bits a byte would, so the whole of Unicode's
    /// two-byte range, from a small generator.
    fn noise(bytes: usize) -> String {
        let mut state = 7_u64;
        let mut text = String::new();
        while text.len() + 2 <= bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.extend(char::from_u32(0x80 + (state >> 40) as u32 % 0x780));
        }
        text
    }

    #[test]
    fn a_megabyte_that_does_not_compress_takes_three_chunks() {
        let text = noise(1 << 20);
        let (extent, chunks) = pack(&text).unwrap();
        assert_eq!((extent.chunks, chunks.len()), (3, 3));
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK));
        assert_eq!(unpack(&extent, slices(&chunks)), Ok(text));
    }

    #[test]
    fn damage_is_noticed() {
        let text = noise(1 << 20);
        let (extent, mut chunks) = pack(&text).unwrap();
        assert!(unpack(&extent, slices(&chunks[..2])).is_err());
        chunks.swap(0, 1);
        assert!(unpack(&extent, slices(&chunks)).is_err());
        let (_, other) = pack("SELECT 2").unwrap();
        let (extent, _) = pack("SELECT 1").unwrap();
        assert!(unpack(&extent, slices(&other)).is_err());
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in ".{0,400}") {
            let (extent, chunks) = pack(&text).unwrap();
            prop_assert_eq!(unpack(&extent, slices(&chunks)), Ok(text));
        }
    }
}
