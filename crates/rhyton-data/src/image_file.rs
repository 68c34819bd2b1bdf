use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use image::{DynamicImage, ImageReader, Limits};

use crate::error::Origin;
use crate::{Error, Result};

/// No sample for training is a larger file; decoders of JPEG read all of it first.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Pixels on one side.
const SIDE_MAX: u32 = 1 << 15;
/// What one decoded image may take, whatever its header claims.
const DECODED_BYTES_MAX: u64 = 256 << 20;

/// One decoded image: bytes, rows from top to bottom, the channels of a pixel together.
pub(crate) struct Pixels {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// 1 is gray, 3 is red, green, blue.
    pub(crate) channels: usize,
    pub(crate) bytes: Vec<u8>,
}

/// Whether a file name ends like that of an image that can be read.
pub(crate) fn is_name(path: &Path) -> bool {
    let extension = path.extension().map(|text| text.to_string_lossy().to_lowercase());
    extension.is_some_and(|text| ["png", "jpg", "jpeg"].contains(&text.as_str()))
}

/// Whether a file starts like a PNG or a JPEG.
pub(crate) fn is_start(start: &[u8]) -> bool {
    start.starts_with(b"\x89PNG") || start.starts_with(b"\xff\xd8\xff")
}

/// Reads a PNG or JPEG, as gray or in colour (`channels` 1 or 3; `None`: as the file has it).
/// Transparency is dropped, 16 bits become 8.
///
/// # Errors
/// [`Error::Io`]; [`Error::Content`] for a damaged image and for one over the limits.
pub(crate) fn read(path: &Path, channels: Option<usize>) -> Result<Pixels> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    let origin = Origin::new(path, "image");
    let size_bytes = file.metadata().map_err(Error::io(path, "read"))?.len();
    if size_bytes > FILE_BYTES_MAX {
        let expected = format!("a file of at most {FILE_BYTES_MAX} bytes");
        let advice = "scale the image down first";
        return Err(origin.content(expected, format!("{size_bytes} bytes"), advice));
    }
    // The limit also holds for a file that grows, and for a device that never ends.
    let mut content = Vec::with_capacity(size_bytes as usize);
    BufReader::new(file)
        .take(FILE_BYTES_MAX)
        .read_to_end(&mut content)
        .map_err(|error| origin.reading(error))?;
    let image = decode(&content).map_err(|error| {
        let advice = "the file is damaged or too large; convert it to an 8-bit PNG";
        let expected = format!("a PNG or JPEG of at most {SIDE_MAX} pixels a side");
        origin.content(expected, error.to_string(), advice)
    })?;
    let channels = channels.unwrap_or(if image.color().has_color() { 3 } else { 1 });
    let (height, width) = (image.height() as usize, image.width() as usize);
    let bytes = match channels {
        1 => image.into_luma8().into_raw(),
        _ => image.into_rgb8().into_raw(),
    };
    Ok(Pixels { height, width, channels, bytes })
}

fn decode(content: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(std::io::Cursor::new(content)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    reader.decode()
}

impl Pixels {
    /// Writes the image at another size: every value is `scale` times the value between the four
    /// nearest pixels. `planar` puts each channel's pixels together.
    ///
    /// Source: TensorFlow, `tf.image.resize`, bilinear without antialiasing, which Keras'
    /// `image_dataset_from_directory` uses.
    pub(crate) fn resize_into(
        &self,
        size: (usize, usize),
        planar: bool,
        scale: impl Fn(f32) -> f32,
        place: &mut [f32],
    ) {
        let (height, width) = size;
        let rows = axis(self.height, height);
        let columns = axis(self.width, width);
        let stride = self.width * self.channels;
        let (pixel, plane) = if planar { (1, height * width) } else { (self.channels, 1) };
        for (row, y) in rows.iter().enumerate() {
            let (upper, lower) = (&self.bytes[y.low * stride..], &self.bytes[y.high * stride..]);
            for (column, x) in columns.iter().enumerate() {
                for channel in 0..self.channels {
                    let at = |line: &[u8], column: usize| {
                        f32::from(line[column * self.channels + channel])
                    };
                    let above = at(upper, x.low) + (at(upper, x.high) - at(upper, x.low)) * x.part;
                    let below = at(lower, x.low) + (at(lower, x.high) - at(lower, x.low)) * x.part;
                    let value = above + (below - above) * y.part;
                    place[(row * width + column) * pixel + channel * plane] = scale(value);
                }
            }
        }
    }
}

/// Between which two pixels a pixel of the result lies, and how far from the first.
struct Between {
    low: usize,
    high: usize,
    part: f32,
}

fn axis(from: usize, to: usize) -> Vec<Between> {
    let ratio = from as f32 / to as f32;
    let between = |place: usize| {
        let centre = (place as f32 + 0.5) * ratio - 0.5;
        let low = centre.floor();
        Between {
            low: low.max(0.0) as usize,
            high: ((low + 1.0).max(0.0) as usize).min(from - 1),
            part: centre - low,
        }
    };
    (0..to).map(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounded::mutation;

    fn gray(height: usize, width: usize, bytes: &[u8]) -> Pixels {
        Pixels { height, width, channels: 1, bytes: bytes.to_vec() }
    }

    fn resized(pixels: &Pixels, size: (usize, usize)) -> Vec<f32> {
        let mut place = vec![0.0; size.0 * size.1 * pixels.channels];
        pixels.resize_into(size, false, |value| value, &mut place);
        place
    }

    /// The values are those of `tf.image.resize` of TensorFlow 2.21.
    #[test]
    fn sizes_change_as_in_tensorflow() {
        let image = gray(2, 2, &[0, 100, 50, 250]);
        assert_eq!(resized(&image, (2, 2)), [0.0, 100.0, 50.0, 250.0]);
        assert_eq!(resized(&image, (1, 1)), [100.0]);
        assert_eq!(resized(&image, (1, 4)), [25.0, 62.5, 137.5, 175.0]);
        assert_eq!(resized(&gray(1, 4, &[0, 10, 20, 90]), (1, 2)), [5.0, 55.0]);
    }

    #[test]
    fn channels_stand_together_or_apart() {
        let pixels = Pixels { height: 1, width: 2, channels: 3, bytes: vec![1, 2, 3, 4, 5, 6] };
        let mut place = [0.0; 6];
        pixels.resize_into((1, 2), true, |value| value * 2.0, &mut place);
        assert_eq!(place, [2.0, 8.0, 4.0, 10.0, 6.0, 12.0]);
    }

    #[test]
    fn damaged_images_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole.png");
        image::RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8 * 20, y as u8 * 30, 7]))
            .save(&whole)
            .unwrap();
        let read_back = read(&whole, None).unwrap();
        assert_eq!((read_back.height, read_back.width, read_back.channels), (7, 9, 3));
        assert_eq!(read_back.bytes[..6], [0, 0, 7, 20, 0, 7]);
        assert_eq!(read(&whole, Some(1)).unwrap().channels, 1);
        let original = std::fs::read(&whole).unwrap();
        let path = folder.path().join("changed.png");
        let accepted = (0..300).filter(|&case| {
            std::fs::write(&path, mutation(&original, case)).unwrap();
            read(&path, None).is_ok()
        });
        assert!(accepted.count() < 300);
        // The header claims 2³¹ − 1 pixels a side.
        let mut huge = original;
        huge[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
        std::fs::write(&path, huge).unwrap();
        let message = read(&path, None).err().unwrap().to_string();
        assert!(message.contains("changed.png: image: expected a PNG or JPEG"), "{message}");
    }
}
