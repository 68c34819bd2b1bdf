use std::io::Read;

use crate::Result;
use crate::error::Origin;

/// Deflate can't expand further than this; a stream that claims more is lying.
pub(crate) const DEFLATE_RATIO_MAX: u64 = 1032;

/// Reads to the end, where compressed streams compare their checksum.
pub(crate) fn expect_end(reader: &mut dyn Read, origin: Origin<'_>) -> Result<()> {
    let mut extra = [0];
    if reader.read(&mut extra).map_err(|error| origin.reading(error))? == 0 {
        return Ok(());
    }
    let advice = "the file is damaged; fetch or write it again";
    Err(origin.content("the end of the data", "more bytes", advice))
}

/// The `case`-th damaged copy of a file: bytes changed, cut out, doubled, or the end cut off.
#[cfg(test)]
pub(crate) fn mutation(original: &[u8], case: u32) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let draws = rhyton_tensor::philox4x32([0x5EED, 0], [case, 0, 0, 0]);
    let place = draws[1] as usize % bytes.len();
    let end = (place + 1 + draws[2] as usize % 16).min(bytes.len());
    match draws[0] % 8 {
        0 => bytes.truncate(place),
        1 => drop(bytes.drain(place..end)),
        2 => bytes.extend_from_within(place..end),
        3 => bytes[place..end].fill(0xFF),
        4 => bytes[place..end].fill(b'9'),
        5 => bytes[place] ^= 1 << (draws[2] % 8),
        // Headers are where claims are made.
        6 => bytes[(draws[1] % 128) as usize % original.len()] = draws[2] as u8,
        _ => bytes[place] = draws[2] as u8,
    }
    bytes
}
