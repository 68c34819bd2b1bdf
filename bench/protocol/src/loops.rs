use crate::{Failure, Options, first};

/// A network of a library without a `fit` of its own, which [`measure`] trains and asks.
pub trait Network {
    /// One step on images `[labels.len(), size]` from 0 to 1.
    ///
    /// # Errors
    /// The library's.
    fn step(&mut self, pixels: Vec<f32>, labels: &[u8]) -> Result<(), Failure>;

    /// The probabilities of `count` images.
    ///
    /// # Errors
    /// The library's.
    fn predict(&self, pixels: Vec<f32>, count: usize) -> Result<Vec<f32>, Failure>;
}

/// Seconds of an image or a call, by the loops that such a library's users write.
///
/// # Errors
/// A measure that is none of such a library, and what the network fails with.
pub fn measure(
    options: &Options,
    size: usize,
    mut network: Box<dyn Network>,
) -> Result<Vec<f64>, Failure> {
    let (pixels, labels) = options.data(size)?;
    let (batch, images) = (options.batch, options.images);
    match options.measure.as_str() {
        "train" => {
            let mut orders = Orders::new(images);
            options
                .repeat(images, || epoch(&mut *network, (&pixels, &labels), orders.next(), batch))
        }
        "memory" => {
            let mut orders = Orders::new(images);
            for _ in 0..2 {
                epoch(&mut *network, (&pixels, &labels), orders.next(), batch)?;
            }
            Ok(Vec::new())
        }
        "predict" => options.repeat(images, || {
            let mut all = Vec::with_capacity(images * crate::CLASSES);
            for chunk in pixels.chunks(batch * size) {
                all.extend(network.predict(scaled(chunk), chunk.len() / size)?);
            }
            Ok(())
        }),
        "latency" => {
            options.repeat_short(1, || network.predict(scaled(&pixels[..size]), 1).map(drop))
        }
        "first-train" => {
            let rows: Vec<usize> = (0..batch).collect();
            epoch(&mut *network, (&pixels, &labels), &rows, batch)?;
            first()
        }
        "first-predict" => {
            network.predict(scaled(&pixels[..batch * size]), batch)?;
            first()
        }
        other => Err(format!("`{other}` is not written for this library here").into()),
    }
}

fn scaled(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

fn epoch(
    network: &mut dyn Network,
    (pixels, labels): (&[u8], &[u8]),
    order: &[usize],
    batch: usize,
) -> Result<(), Failure> {
    let size = pixels.len() / labels.len();
    for rows in order.chunks(batch) {
        let mut images = Vec::with_capacity(rows.len() * size);
        for &row in rows {
            let bytes = &pixels[row * size..(row + 1) * size];
            images.extend(bytes.iter().map(|&byte| f32::from(byte) / 255.0));
        }
        let chosen: Vec<u8> = rows.iter().map(|&row| labels[row]).collect();
        network.step(images, &chosen)?;
    }
    Ok(())
}

/// A new order of rows for each epoch (Fisher and Yates on xorshift).
struct Orders {
    rows: Vec<usize>,
    state: u64,
}

impl Orders {
    fn new(count: usize) -> Self {
        Self { rows: (0..count).collect(), state: 0x9E37_79B9_7F4A_7C15 }
    }

    fn next(&mut self) -> &[usize] {
        for place in (1..self.rows.len()).rev() {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            self.rows.swap(place, (self.state % (place as u64 + 1)) as usize);
        }
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_every_row_once() {
        let mut orders = Orders::new(100);
        let first = orders.next().to_vec();
        assert_ne!(first, orders.next());
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
