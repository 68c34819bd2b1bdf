use std::path::Path;
use std::sync::OnceLock;

use rhyton_tensor::Array;

use crate::error::Origin;
use crate::{Part, Result, idx};

const IMAGES: &[u8] = include_bytes!("../data/digits-10k-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../data/digits-10k-labels-idx1-ubyte.gz");
const SAMPLES: usize = 10_000;
/// The samples before this one are the training part.
const TEST_START: usize = 8_000;

/// Images `[n, 28, 28]` and labels `[n]` of the embedded digits, as bytes.
pub(crate) fn read(part: Part) -> Result<(Array, Array)> {
    static DECODED: OnceLock<(Array, Array)> = OnceLock::new();
    let (images, labels) = DECODED.get_or_init(|| (decode(IMAGES), decode(LABELS)));
    let (start, end) = match part {
        Part::Train => (0, TEST_START),
        Part::Test => (TEST_START, SAMPLES),
        Part::All => (0, SAMPLES),
    };
    Ok((images.rows(start, end)?, labels.rows(start, end)?))
}

fn decode(bytes: &[u8]) -> Array {
    let origin = Origin::new(Path::new("digits"), "embedded array");
    idx::read_from(bytes, bytes.len() as u64, true, origin)
        .expect("the embedded file is the one that the tests read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_first_8000_and_the_last_2000() {
        let (images, labels) = read(Part::Train).unwrap();
        assert_eq!((images.shape(), labels.shape()), (&[8000, 28, 28][..], &[8000][..]));
        assert_eq!(&labels.view::<u8>()[..8], &[9, 3, 7, 0, 9, 7, 7, 9]);
        let (test, test_labels) = read(Part::Test).unwrap();
        assert_eq!(test.shape(), &[2000, 28, 28]);
        let (all, _) = read(Part::All).unwrap();
        assert_eq!(all.rows(8000, 10_000).unwrap(), test);
        // Counted with NumPy from the same files.
        let mut counts = [0; 10];
        test_labels.view::<u8>().iter().for_each(|&label| counts[label as usize] += 1);
        assert_eq!(counts, [209, 230, 205, 186, 181, 190, 209, 210, 183, 197]);
    }
}
