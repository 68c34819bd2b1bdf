use super::*;
use rhyton_graph::ConvolutionWindow;
use rhyton_testing::assert_same_bits;

fn values(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| (((i * 37 + seed * 11) % 101) as f32 - 50.0) / 64.0).collect()
}

/// The product, packed or not, in two parts of columns.
fn run(level: Level, sizes: Sizes, a: Matrix<'_>, b: Matrix<'_>) -> Vec<f32> {
    let mut packed = vec![0.0; level.packed_len(sizes)];
    let each = packed.len() / level.slivers(sizes.columns).max(1);
    for (sliver, place) in packed.chunks_exact_mut(each.max(1)).enumerate() {
        level.pack_sliver(sizes, b, sliver, place);
    }
    let cut = if sizes.columns > 64 { 32 } else { sizes.columns };
    let parts = |second: Second<'_>| {
        let mut c = vec![f32::NAN; sizes.rows * sizes.columns];
        let mut scratch = vec![0.0; Level::scratch_len(sizes)];
        for columns in [0..cut, cut..sizes.columns].into_iter().filter(|part| !part.is_empty()) {
            let mut part = vec![f32::NAN; sizes.rows * columns.len()];
            let factors = Factors { a, b: second, accumulate: false };
            level.multiply((sizes, columns.clone()), factors, &mut part, &mut scratch);
            for (row, part) in part.chunks_exact(columns.len().max(1)).enumerate() {
                c[row * sizes.columns..][columns.clone()].copy_from_slice(part);
            }
        }
        c
    };
    let result = parts(Second::Packed(&packed));
    if b.column_stride == 1 {
        assert_same_bits(&parts(Second::Dense(b)), &result);
    }
    result
}

#[test]
fn products_equal_gemms_and_all_levels_agree() {
    for (rows, columns, depth) in [
        (1, 1, 1),
        (12, 32, 7),
        (13, 33, 600),
        (5, 100, 1100),
        (64, 10, 100),
        (25, 48, 128),
        (1, 300, 70),
        (2, 150, 64),
        (3, 40, 512),
        (195, 20, 512),
    ] {
        let sizes = Sizes { rows, columns, depth };
        let (a, b) = (values(rows * depth, 1), values(depth * columns, 2));
        // Rows at a distance of 512 or 1,024 floats are packed.
        let plain = Matrix { values: &a, row_stride: depth, column_stride: 1 };
        let turned = Matrix { values: &a, row_stride: 1, column_stride: rows };
        let wide = Matrix { values: &b, row_stride: columns, column_stride: 1 };
        let tall = Matrix { values: &b, row_stride: 1, column_stride: depth };
        for (a, b) in [(plain, wide), (turned, tall)] {
            let mut expected = vec![0.0; rows * columns];
            let strides = |m: Matrix<'_>| (m.column_stride as isize, m.row_stride as isize);
            let ((a_cs, a_rs), (b_cs, b_rs)) = (strides(a), strides(b));
            let (a_start, b_start) = (a.values.as_ptr(), b.values.as_ptr());
            let (c, one) = (expected.as_mut_ptr(), gemm::Parallelism::None);
            // SAFETY: the slices hold matrices of these sizes and strides.
            unsafe {
                gemm::gemm(
                    rows,
                    columns,
                    depth,
                    c,
                    1,
                    columns as isize,
                    false,
                    a_start,
                    a_cs,
                    a_rs,
                    b_start,
                    b_cs,
                    b_rs,
                    0.0,
                    1.0,
                    false,
                    false,
                    false,
                    one,
                );
            }
            let first = run(Level::Portable, sizes, a, b);
            for (actual, expected) in first.iter().zip(&expected) {
                assert!((actual - expected).abs() <= 1e-4, "{actual} {expected} {sizes:?}");
            }
            for level in Level::available() {
                assert_same_bits(&run(level, sizes, a, b), &first);
            }
        }
    }
}

/// Sizes of x and of the kernel, and how it slides.
fn cases() -> Vec<(Vec<usize>, Vec<usize>, ConvolutionWindow)> {
    let unit = ConvolutionWindow::unit;
    let same = ConvolutionWindow { low: vec![1, 1], high: vec![1, 1], ..unit(2) };
    let strided = ConvolutionWindow { stride: vec![2, 3], ..same.clone() };
    let dilated = ConvolutionWindow { dilation: vec![2, 1], ..same.clone() };
    let causal = ConvolutionWindow { low: vec![4], dilation: vec![2], ..unit(1) };
    let wide = ConvolutionWindow { low: vec![5, 0], high: vec![0, 4], ..unit(2) };
    let cube = ConvolutionWindow { stride: vec![1, 2, 1], low: vec![0, 1, 1], ..unit(3) };
    let groups =
        |groups, window: &ConvolutionWindow| ConvolutionWindow { groups, ..window.clone() };
    vec![
        (vec![2, 7, 6, 5], vec![3, 3, 5, 40], same.clone()),
        (vec![3, 9, 8, 33], vec![3, 2, 33, 17], strided.clone()),
        (vec![1, 9, 8, 4], vec![3, 3, 4, 3], dilated.clone()),
        (vec![2, 300, 3], vec![3, 3, 13], causal),
        (vec![1, 5, 5, 2], vec![2, 3, 2, 2], wide),
        (vec![2, 2, 5, 3, 2], vec![2, 2, 2, 2, 3], cube),
        (vec![1, 3, 3, 600], vec![2, 2, 600, 9], same.clone()),
        (vec![2, 6, 5, 8], vec![3, 3, 4, 6], groups(2, &same)),
        (vec![2, 6, 5, 40], vec![3, 3, 1, 40], groups(40, &same)),
        (vec![2, 6, 5, 70], vec![2, 3, 1, 70], groups(70, &strided)),
        (vec![0, 6, 5, 3], vec![3, 3, 3, 2], same),
    ]
}

/// Calls `visit` with the indices of x, kernel and result that meet.
fn meet(sizes: &ConvolutionSizes, mut visit: impl FnMut(usize, usize, usize)) {
    let forward = sizes.forward();
    let [of_in, of_out] = [sizes.channels_in, sizes.channels_out].map(|c| c / sizes.groups);
    for row in 0..forward.rows() {
        let (sample, place) = forward.place(row);
        for tap in &forward.taps {
            let at: [isize; 3] =
                std::array::from_fn(|a| (place[a] * sizes.stride[a]) as isize + tap.offset[a]);
            if (0..3).any(|a| at[a] < 0 || at[a] >= sizes.x[a] as isize) {
                continue;
            }
            let pixel = (0..3).fold(sample, |pixel, a| pixel * sizes.x[a] + at[a] as usize);
            for out in 0..sizes.channels_out {
                for channel in 0..of_in {
                    let x = pixel * sizes.channels_in + out / of_out * of_in + channel;
                    let weight = (tap.index * of_in + channel) * sizes.channels_out + out;
                    visit(x, weight, row * sizes.channels_out + out);
                }
            }
        }
    }
}

#[track_caller]
fn assert_close(actual: &[f32], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (place, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        assert!((f64::from(a) - e).abs() <= 2e-5 * e.abs().max(1.0), "{place}: {a} {e}");
    }
}

fn packed(level: Level, sliding: &Sliding, taps: Taps<'_>) -> Vec<f32> {
    if sliding.is_depthwise() {
        return taps.kernel.to_vec();
    }
    let mut packed = vec![f32::NAN; level.packed_taps_len(sliding)];
    let slivers = level.slivers(sliding.columns);
    let each = packed.len() / (slivers * sliding.groups);
    for (task, place) in packed.chunks_exact_mut(each).enumerate() {
        level.pack_taps(sliding, taps, [task / slivers, task % slivers], place);
    }
    packed
}

/// Rows of results by each level, cut at two places.
fn convolve(sliding: &Sliding, source: &[f32], taps: Taps<'_>) -> Vec<f32> {
    let (rows, width) = (sliding.rows(), sliding.width());
    let results = Level::available().into_iter().map(|level| {
        let weights = packed(level, sliding, taps);
        let windows = Windows { sliding, source, weights: &weights };
        let mut c = vec![f32::NAN; rows * width];
        let mut table = vec![0; Level::table_len(sliding)];
        let cut = rows.min(12);
        let (first, second) = c.split_at_mut(cut * width);
        level.convolve(windows, 0..cut, first, &mut table);
        level.convolve(windows, cut..rows, second, &mut table);
        c
    });
    same(results)
}

#[test]
fn convolutions_equal_plain_loops_and_all_levels_agree() {
    for (x, kernel, window) in cases() {
        let sizes = ConvolutionSizes::new(&window, &x, &kernel);
        let weights = values(sizes.weights(), 2);
        let x = values(x.iter().product(), 1);
        let forward = sizes.forward();
        let mut expected = vec![0.0; forward.rows() * forward.width()];
        meet(&sizes, |i, k, o| expected[o] += f64::from(x[i]) * f64::from(weights[k]));
        let y = convolve(&forward, &x, sizes.taps_forward(&weights));
        assert_close(&y, &expected);

        let g = values(expected.len(), 3);
        let mut expected = vec![0.0; x.len()];
        meet(&sizes, |i, k, o| expected[i] += f64::from(g[o]) * f64::from(weights[k]));
        let mut dx = vec![f32::NAN; x.len()];
        for phase in sizes.backward() {
            let rows = convolve(&phase, &g, sizes.taps_backward(&weights));
            for (row, values) in rows.chunks_exact(phase.width()).enumerate() {
                dx[phase.target_of(row) * values.len()..][..values.len()].copy_from_slice(values);
            }
        }
        assert_close(&dx, &expected);

        let mut expected = vec![0.0; weights.len()];
        meet(&sizes, |i, k, o| expected[k] += f64::from(x[i]) * f64::from(g[o]));
        assert_close(&kernel_gradient(&forward, &x, &g), &expected);
    }
}

/// The derivative by each level, tiles cut in two.
fn kernel_gradient(sliding: &Sliding, x: &[f32], g: &[f32]) -> Vec<f32> {
    let gradient = KernelGradient { sliding, x, g };
    let (segments, tiles) = (sliding.segments(), sliding.tiles());
    let results = Level::available().into_iter().map(|level| {
        let mut sums = vec![f32::NAN; sliding.row_of_tile(tiles) * sliding.width()];
        let cut = tiles / 2;
        let (first, second) = sums.split_at_mut(sliding.row_of_tile(cut) * sliding.width());
        level.kernel_gradient(gradient, 0..segments, 0..cut, first);
        level.kernel_gradient(gradient, 0..segments, cut..tiles, second);
        sums
    });
    same(results)
}

/// A convolution of squares by each level, lines cut in two.
fn convolve_squares(winograd: &Winograd, source: &[f32], kernel: &[f32], turned: bool) -> Vec<f32> {
    let (depth, columns) = (winograd.depth, winograd.columns);
    let weight = |tap: usize, row: usize, column: usize| {
        if turned {
            kernel[((8 - tap) * columns + column) * depth + row]
        } else {
            kernel[(tap * depth + row) * columns + column]
        }
    };
    let taps: [Vec<f32>; TAPS] = std::array::from_fn(|tap| {
        (0..depth * columns).map(|i| weight(tap, i / columns, i % columns)).collect()
    });
    let lines = winograd.lines();
    let results = Level::available().into_iter().map(|level| {
        let mut weights = vec![f32::NAN; winograd.weights_len()];
        let mut places: Vec<&mut [f32]> = weights.chunks_exact_mut(depth * columns).collect();
        let taps = std::array::from_fn(|tap| &taps[tap][..]);
        level.transform_kernel(taps, (&mut places[..]).try_into().unwrap());
        let mut c = vec![f32::NAN; winograd.rows(0..lines).len() * columns];
        for first in (0..lines).step_by(winograd.lines_of_panel()) {
            let lines = first..lines.min(first + winograd.lines_of_panel());
            let rows = winograd.rows(lines.clone());
            let c = &mut c[rows.start * columns..rows.end * columns];
            let mut scratch = vec![f32::NAN; winograd.scratch_len()];
            level.convolve_squares((winograd, lines), (source, &weights), c, &mut scratch);
        }
        c
    });
    same(results)
}

/// The derivative by the kernel as squares, by each level.
fn squares_gradient(winograd: &Winograd, x: &[f32], g: &[f32]) -> Vec<f32> {
    let (lines, weights) = (winograd.lines(), winograd.depth * winograd.columns);
    let results = Level::available().into_iter().map(|level| {
        let mut sums = vec![f32::NAN; winograd.weights_len()];
        for first in (0..lines).step_by(winograd.lines_of_panel()) {
            let lines = first..lines.min(first + winograd.lines_of_panel());
            let mut scratch = vec![f32::NAN; winograd.scratch_len()];
            let sums = (&mut sums[..], first == 0);
            level.add_squares((winograd, lines), (x, g), sums, &mut scratch);
        }
        let mut result = vec![f32::NAN; TAPS * weights];
        let sums = std::array::from_fn(|place| &sums[place * weights..][..weights]);
        let mut taps: Vec<&mut [f32]> = result.chunks_exact_mut(weights).collect();
        level.finish_kernel(sums, (&mut taps[..]).try_into().unwrap());
        result
    });
    same(results)
}

/// The first of results that all have the same bits.
fn same(mut results: impl Iterator<Item = Vec<f32>>) -> Vec<f32> {
    let first = results.next().unwrap();
    results.for_each(|other| assert_same_bits(&other, &first));
    first
}

#[test]
fn squares_equal_plain_loops_and_all_levels_agree() {
    for ([batch, height, width, depth, columns], low, high) in [
        ([2, 14, 13, 16, 33], [1, 1], [1, 1]),
        ([3, 11, 20, 35, 16], [0, 0], [0, 0]),
        ([1, 17, 16, 16, 16], [2, 0], [0, 2]),
        ([40, 6, 4, 17, 20], [1, 1], [1, 1]),
    ] {
        let window = ConvolutionWindow {
            low: low.to_vec(),
            high: high.to_vec(),
            ..ConvolutionWindow::unit(2)
        };
        let x = [batch, height, width, depth];
        let sizes = ConvolutionSizes::new(&window, &x, &[3, 3, depth, columns]);
        let weights = values(sizes.weights(), 2);
        let x = values(x.iter().product(), 1);
        let forward = Winograd::forward(&sizes).expect("worth it");
        let mut expected = vec![0.0; forward.rows(0..forward.lines()).len() * columns];
        meet(&sizes, |i, k, o| expected[o] += f64::from(x[i]) * f64::from(weights[k]));
        assert_close(&convolve_squares(&forward, &x, &weights, false), &expected);

        let g = values(expected.len(), 3);
        let mut expected = vec![0.0; x.len()];
        meet(&sizes, |i, k, o| expected[i] += f64::from(g[o]) * f64::from(weights[k]));
        let backward = Winograd::backward(&sizes).expect("worth it");
        assert_close(&convolve_squares(&backward, &g, &weights, true), &expected);

        let mut expected = vec![0.0; weights.len()];
        meet(&sizes, |i, k, o| expected[k] += f64::from(x[i]) * f64::from(g[o]));
        assert_close(&squares_gradient(&forward, &x, &g), &expected);
    }
}

#[test]
fn squares_err_at_most_four_times_as_much() {
    let window =
        ConvolutionWindow { low: vec![1, 1], high: vec![1, 1], ..ConvolutionWindow::unit(2) };
    let sizes = ConvolutionSizes::new(&window, &[2, 14, 14, 64], &[3, 3, 64, 32]);
    let irrational = |count: usize, seed: f64| -> Vec<f32> {
        (0..count).map(|i| ((i as f64 + seed) * 0.618_033_988_7).fract() as f32 - 0.5).collect()
    };
    let x = irrational(2 * 14 * 14 * 64, 0.3);
    let weights = irrational(sizes.weights(), 0.7);
    let (sliding, winograd) = (sizes.forward(), Winograd::forward(&sizes).expect("worth it"));
    let mut expected = vec![0.0; sliding.rows() * 32];
    meet(&sizes, |i, k, o| expected[o] += f64::from(x[i]) * f64::from(weights[k]));
    let error = |y: Vec<f32>| -> f64 {
        let squares = y.iter().zip(&expected).map(|(&y, e)| (f64::from(y) - e).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let direct = error(convolve(&sliding, &x, sizes.taps_forward(&weights)));
    let squares = error(convolve_squares(&winograd, &x, &weights, false));
    assert!(squares <= 4.0 * direct, "{squares} {direct}");
}
