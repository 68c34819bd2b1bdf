use std::sync::Arc;

use rhyton_tensor::{Array, DType, volume};

use super::affine::{Affine, Layout, sample};
use super::border::Border;
use super::{Augmentation, Draw, Effect, Size, refusal};
use crate::{Result, Rows};

/// A pipeline for the arrays of a batch: which of them are images, and of what layout.
#[derive(Debug, Clone)]
pub(crate) struct Augmenter {
    augmentation: Arc<Augmentation>,
    /// The places of the arrays.
    images: Vec<(usize, Layout)>,
}

/// Images under work; kept from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    image: Vec<f32>,
    result: Vec<f32>,
}

impl Augmenter {
    /// Changes those of the first `inputs` columns whose samples are images.
    ///
    /// # Errors
    /// [`crate::Error::Augmentation`] when none is, or one has an element type without a way back.
    pub(crate) fn new(
        augmentation: &Augmentation,
        columns: &[Rows<'_>],
        inputs: usize,
    ) -> Result<Self> {
        let mut images = Vec::new();
        for (place, column) in columns.iter().take(inputs).enumerate() {
            let Some(layout) = layout(&column.shape()[1..], augmentation.channels_first) else {
                continue;
            };
            if !matches!(column.dtype(), DType::F32 | DType::U8) {
                let argument = format!("input {place}");
                return Err(refusal(argument, "images of float32 or uint8", column.dtype()));
            }
            images.push((place, layout));
        }
        if images.is_empty() {
            let shapes: Vec<String> = columns
                .iter()
                .take(inputs)
                .map(|column| format!("{:?}", &column.shape()[1..]))
                .collect();
            let expected = "an input of images: (height, width) or (height, width, channels)";
            return Err(refusal("inputs", expected, shapes.join(", ")));
        }
        Ok(Self { augmentation: Arc::new(augmentation.clone()), images })
    }

    /// Changes the images of a batch.
    pub(crate) fn apply(
        &self,
        arrays: &mut [Array],
        samples: &[usize],
        (seed, epoch): (u64, u64),
        scratch: &mut Scratch,
    ) {
        for (place, layout) in &self.images {
            let array = &mut arrays[*place];
            let count = layout.size.height * layout.size.width * layout.channels;
            for (row, &sample) in samples.iter().enumerate() {
                let draw = Draw { seed, epoch, sample: sample as u64 };
                let values = row * count..(row + 1) * count;
                if array.dtype() == DType::F32 {
                    let image = &mut array.view_mut::<f32>()[values];
                    let change = Change { layout: *layout, draw, range: (0.0, 1.0) };
                    self.augmentation.change(image, change, scratch);
                } else {
                    self.change_bytes(&mut array.view_mut::<u8>()[values], *layout, draw, scratch);
                }
            }
        }
    }

    fn change_bytes(&self, image: &mut [u8], layout: Layout, draw: Draw, scratch: &mut Scratch) {
        let mut values = std::mem::take(&mut scratch.image);
        values.clear();
        values.extend(image.iter().map(|&byte| f32::from(byte)));
        let change = Change { layout, draw, range: (0.0, 255.0) };
        self.augmentation.change(&mut values, change, scratch);
        for (byte, value) in image.iter_mut().zip(&values) {
            *byte = value.round_ties_even() as u8;
        }
        scratch.image = values;
    }
}

/// What is known of one image before it is changed.
#[derive(Clone, Copy)]
struct Change {
    layout: Layout,
    draw: Draw,
    /// Where values stay if neither a step nor the pipeline has a range of its own.
    range: (f32, f32),
}

impl Augmentation {
    /// Changes one image.
    fn change(&self, image: &mut [f32], change: Change, scratch: &mut Scratch) {
        let Change { layout, draw, range } = change;
        let mut pending: Option<(Affine, Border)> = None;
        let mut move_pixels = |pending: &mut Option<(Affine, Border)>, image: &mut [f32]| {
            let Some((map, border)) = pending.take() else { return };
            if map != Affine::IDENTITY {
                scratch.result.resize(image.len(), 0.0);
                sample(image, layout, map, border, &mut scratch.result);
                image.copy_from_slice(&scratch.result);
            }
        };
        let range = |own: Option<(f32, f32)>| own.or(self.value_range).unwrap_or(range);
        for (place, step) in self.steps.iter().enumerate() {
            match step.operation.draw(draw.uniform(place), layout.size) {
                Effect::Geometry(map) => {
                    if pending.is_some_and(|(_, border)| border != step.border) {
                        move_pixels(&mut pending, image);
                    }
                    let before = pending.map_or(Affine::IDENTITY, |(map, _)| map);
                    pending = Some((before.then(map), step.border));
                }
                Effect::Contrast { factor, range: own } => {
                    move_pixels(&mut pending, image);
                    contrast(image, layout, factor, range(own));
                }
                Effect::Brightness { share, range: own } => {
                    move_pixels(&mut pending, image);
                    let (low, high) = range(own);
                    let added = share * (high - low);
                    for value in image.iter_mut() {
                        *value = (*value + added).max(low).min(high);
                    }
                }
            }
        }
        move_pixels(&mut pending, image);
    }
}

fn contrast(image: &mut [f32], layout: Layout, factor: f32, (low, high): (f32, f32)) {
    let pixels = layout.size.height * layout.size.width;
    for channel in 0..layout.channels {
        let place = |pixel: usize| pixel * layout.pixel + channel * layout.plane;
        let sum: f64 = (0..pixels).map(|pixel| f64::from(image[place(pixel)])).sum();
        let mean = (sum / pixels as f64) as f32;
        for pixel in 0..pixels {
            let value = &mut image[place(pixel)];
            *value = ((*value - mean) * factor + mean).max(low).min(high);
        }
    }
}

/// How a sample of this shape lies in memory, if it is an image.
fn layout(sample: &[usize], channels_first: bool) -> Option<Layout> {
    let (height, width, channels) = match *sample {
        [height, width] => (height, width, 1),
        [channels, height, width] if channels_first => (height, width, channels),
        [height, width, channels] => (height, width, channels),
        _ => return None,
    };
    volume(sample).ok().filter(|&count| count > 0)?;
    let planar = channels_first || channels == 1;
    let (pixel, plane) = if planar { (1, height * width) } else { (channels, 1) };
    Some(Layout { size: Size { height, width }, channels, pixel, plane })
}
