//! The checksum CRC-32C (Castagnoli), which event files demand and checkpoints carry.
//!
//! Source: RFC 3720, appendix B.4; the reflected polynomial is 0x82F63B78.

/// `TABLES[k][b]` continues a checksum by the byte `b` and `k` bytes of zero.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = (rest >> 1) ^ (0x82F6_3B78 & (rest & 1).wrapping_neg());
            bit += 1;
        }
        tables[0][byte] = rest;
        byte += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut byte = 0;
        while byte < 256 {
            let rest = tables[k - 1][byte];
            tables[k][byte] = (rest >> 8) ^ tables[0][(rest & 0xFF) as usize];
            byte += 1;
        }
        k += 1;
    }
    tables
}

/// The checksum of bytes that come after those whose checksum is `sum`; 0 at the start.
pub(crate) fn crc32c(sum: u32, bytes: &[u8]) -> u32 {
    let mut rest = !sum;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mixed =
            u64::from(rest) ^ chunk.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b));
        rest = (0..8)
            .fold(0, |sum, place| sum ^ TABLES[7 - place][(mixed >> (8 * place)) as usize & 0xFF]);
    }
    for &byte in chunks.remainder() {
        rest = (rest >> 8) ^ TABLES[0][((rest ^ u32::from(byte)) & 0xFF) as usize];
    }
    !rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(crc32c(0, b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(0, &[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(0, &[0xFF; 32]), 0x62A8_AB43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(0, &rising), 0x46DD_794E);
    }

    #[test]
    fn parts_make_the_whole() {
        let bytes: Vec<u8> = (0..100_u8).map(|place| place.wrapping_mul(7)).collect();
        for at in 0..bytes.len() {
            let (first, then) = bytes.split_at(at);
            assert_eq!(crc32c(crc32c(0, first), then), crc32c(0, &bytes));
        }
    }
}
