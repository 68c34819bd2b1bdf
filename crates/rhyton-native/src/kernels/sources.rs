use rhyton_graph::{Dim, Shape};
use rhyton_tensor::{DType, philox4x32};

use super::Run;

impl Run<'_> {
    /// Random words, one row for each counter.
    pub(super) fn random_bits(&self, [key, counter]: [usize; 2], length: usize, to: usize) {
        let key = self.memory.read::<u32>(key, 0, 2);
        let counter = self.memory.read::<u32>(counter, 0, self.len(counter));
        let rows = counter.len() / 2;
        self.tasks(rows * length * 8, rows, &|_, row| {
            let words = self.memory.write::<u32>(to, row * length, length);
            for (block, words) in words.chunks_mut(4).enumerate() {
                let position = [block as u32, counter[row * 2], counter[row * 2 + 1], 0];
                let bits = philox4x32([key[0], key[1]], position);
                words.copy_from_slice(&bits[..words.len()]);
            }
        });
    }

    /// Each element's own index along an axis.
    pub(super) fn iota(&self, shape: &Shape, axis: usize, dtype: DType, to: usize) {
        let bind = |dim: &Dim| dim.bind(self.bound.batch);
        let inner: usize = shape[axis + 1..].iter().map(bind).product();
        let size = bind(&shape[axis]);
        let index = |place: usize| place / inner % size;
        let count = self.len(to);
        if dtype == DType::F32 {
            let y = self.memory.write::<f32>(to, 0, count);
            y.iter_mut().enumerate().for_each(|(place, y)| *y = index(place) as f32);
        } else {
            let y = self.memory.write::<u32>(to, 0, count);
            y.iter_mut().enumerate().for_each(|(place, y)| *y = index(place) as u32);
        }
    }
}
