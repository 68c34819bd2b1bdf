use rhyton_graph::ConvolutionWindow;

use crate::gemm::{ConvolutionSizes, Sizes, Sliding, Winograd, is_packed};
use crate::plan::products::{Canonical, canonical};
use crate::plan::program::{Form, Product};
use crate::simd::Level;

/// The numbers of a product, or of a convolution as one.
#[derive(Debug)]
pub(crate) struct BoundProduct {
    pub(crate) form: BoundForm,
    /// Rows of one task.
    pub(crate) panel: usize,
    /// Floats of the packed or repeated operand.
    pub(crate) packed: usize,
    /// Floats of working memory for each thread.
    pub(crate) scratch: usize,
    /// Further ones, for a panel of results that does not lie in its place.
    pub(crate) room: usize,
}

#[derive(Debug)]
pub(crate) enum BoundForm {
    Matrices(Matrices),
    Windows(BoundWindows),
    Squares(BoundSquares),
}

/// A convolution of squares.
#[derive(Debug)]
pub(crate) struct BoundSquares {
    pub(crate) winograd: Winograd,
    /// Whether it is a derivative by x.
    pub(crate) backward: bool,
}

#[derive(Debug)]
pub(crate) struct Matrices {
    pub(crate) canonical: Canonical,
    pub(crate) batches: usize,
    pub(crate) sizes: Sizes,
    /// Each batch index is cut into so many panels of rows and parts of columns: tasks.
    pub(crate) panels: usize,
    pub(crate) parts: usize,
    /// Columns of a part.
    pub(crate) width: usize,
}

#[derive(Debug)]
pub(crate) struct BoundWindows {
    pub(crate) sizes: ConvolutionSizes,
    /// One walk, or for a derivative with strides one for each of their remainders.
    pub(crate) walks: Vec<Sliding>,
    pub(crate) backward: bool,
}

/// The numbers of a convolution's derivative by its kernel.
#[derive(Debug)]
pub(crate) struct BoundKernelGradient {
    pub(crate) sizes: ConvolutionSizes,
    pub(crate) sliding: Sliding,
    /// The windows come in this many chunks, each with partial sums of its own.
    pub(crate) chunks: usize,
    /// The weights come in this many parts, each a task of a chunk.
    pub(crate) parts: usize,
    /// Floats of all partial sums.
    pub(crate) partials: usize,
    /// Floats of x with its channels repeated.
    pub(crate) repeated: usize,
    /// The sums as squares, if that is the faster way; a chunk is then a task.
    pub(crate) winograd: Option<Winograd>,
    /// Floats of working memory for each thread.
    pub(crate) scratch: usize,
}

/// Multiplications of a product's task, at least.
const PRODUCT_TASK: usize = 1 << 18;
/// Rows that a convolution's task is a multiple of.
const PANEL_ROWS: usize = 12;
/// Multiplications of a task that is a part of a few rows, at least; how many such parts there are
/// at most, and the columns that they are a multiple of.
const PART_WORK: usize = 1 << 15;
const PARTS_MAX: usize = 8;
const PART_COLUMNS: usize = 128;
/// Multiplications of a convolution's task, if it has enough for some tasks.
const CONVOLUTION_TASK: usize = 1 << 20;
/// Tasks that even a small convolution is cut into.
const CONVOLUTION_TASKS: usize = 16;
/// The most chunks of windows in a derivative by the kernel, and the floats of their sums.
const CHUNKS_MAX: usize = 16;
const PARTIALS_MAX: usize = 1 << 20;
/// The same, of sums of squares.
const SQUARES_MAX: usize = 1 << 22;

pub(super) fn bind_product(product: &Product, batch: usize, level: Level) -> BoundProduct {
    let views = [product.operands[0].bind(batch), product.operands[1].bind(batch)];
    let [first, kernel] = [&views[0].sizes, &views[1].sizes];
    let (sizes, backward) = match &product.form {
        Form::Dot(dot) => {
            let canonical = canonical(dot, [&views[0], &views[1]]);
            return bind_matrices(canonical, product.fleeting, level);
        }
        Form::Convolution(window) => (ConvolutionSizes::new(window, first, kernel), false),
        Form::InputGradient(window, x) => {
            (ConvolutionSizes::new(window, &x.bind(batch), kernel), true)
        }
    };
    let winograd = if backward { Winograd::backward(&sizes) } else { Winograd::forward(&sizes) };
    if let Some(winograd) = winograd {
        return bind_squares(BoundSquares { winograd, backward }, product.fleeting);
    }
    let walks = if backward { sizes.backward() } else { vec![sizes.forward()] };
    bind_windows(BoundWindows { sizes, walks, backward }, product.fleeting, level)
}

fn bind_matrices(canonical: Canonical, fleeting: bool, level: Level) -> BoundProduct {
    let sizes = Sizes { rows: canonical.rows, columns: canonical.columns, depth: canonical.depth };
    let height = level.rows_of_tile(sizes.rows);
    let of_one = (height * sizes.columns * sizes.depth).max(1);
    let panel = height * PRODUCT_TASK.div_ceil(of_one);
    let panel = panel.min(sizes.rows.next_multiple_of(height)).max(height);
    let batches = canonical.batch.iter().product();
    let panels = sizes.rows.div_ceil(panel);
    let width = columns_of_part(sizes, panels * batches);
    let parts = sizes.columns.div_ceil(width.max(1));
    let [row_stride, column_stride] = canonical.b;
    let packed = if is_packed(sizes, row_stride, column_stride) {
        usize::saturating_mul(batches, level.packed_len(sizes))
    } else {
        0
    };
    let own = fleeting || parts > 1;
    // Working memory is cut in whole cache lines, so that all of it is aligned for f64 too.
    BoundProduct {
        panel,
        packed,
        scratch: Level::scratch_len(sizes).next_multiple_of(16),
        room: if own { (panel * width).next_multiple_of(16) } else { 0 },
        form: BoundForm::Matrices(Matrices { canonical, batches, sizes, panels, parts, width }),
    }
}

/// All columns, or some of them if there are too few panels of rows for several threads.
fn columns_of_part(sizes: Sizes, panels: usize) -> usize {
    let work = sizes.rows.saturating_mul(sizes.columns).saturating_mul(sizes.depth);
    if panels > 1 || work < 2 * PART_WORK {
        return sizes.columns;
    }
    let parts = (work / PART_WORK).clamp(2, PARTS_MAX);
    sizes.columns.div_ceil(parts).next_multiple_of(PART_COLUMNS)
}

fn bind_squares(squares: BoundSquares, fleeting: bool) -> BoundProduct {
    let winograd = &squares.winograd;
    let room = winograd.rows_of_panel() * winograd.columns;
    BoundProduct {
        panel: winograd.lines_of_panel(),
        packed: winograd.weights_len(),
        scratch: winograd.scratch_len().next_multiple_of(16),
        room: if fleeting { room.next_multiple_of(16) } else { 0 },
        form: BoundForm::Squares(squares),
    }
}

fn bind_windows(windows: BoundWindows, fleeting: bool, level: Level) -> BoundProduct {
    let BoundWindows { sizes, walks, .. } = &windows;
    let widest = |of: fn(&Sliding) -> usize| walks.iter().map(of).max().unwrap_or(0);
    let of_row = widest(|walk| walk.width() * walk.depth * walk.taps.len()).max(1);
    let rows = widest(Sliding::rows);
    let enough = rows.div_ceil(CONVOLUTION_TASKS).min(CONVOLUTION_TASK.div_ceil(of_row));
    let panel = enough.max(1).next_multiple_of(PANEL_ROWS);
    let packed = match sizes.multiplier() {
        None => level.packed_taps_len(&walks[0]),
        Some(1) => 0,
        Some(_) if windows.backward => 0,
        Some(_) => repeated_len(sizes),
    };
    // A table of words, in whole cache lines.
    let words = widest(Level::table_len) * (size_of::<usize>() / size_of::<f32>());
    let own = fleeting || !windows.is_in_order();
    BoundProduct {
        panel,
        packed,
        scratch: words.next_multiple_of(16),
        room: if own { (panel * walks[0].width()).next_multiple_of(16) } else { 0 },
        form: BoundForm::Windows(windows),
    }
}

/// Elements of x with every channel repeated.
fn repeated_len(sizes: &ConvolutionSizes) -> usize {
    let of_sample = sizes.x.iter().product::<usize>() * sizes.channels_out;
    sizes.batch.saturating_mul(of_sample)
}

impl BoundWindows {
    /// Whether rows are the result's own, in order.
    pub(crate) fn is_in_order(&self) -> bool {
        let one = !self.backward || self.sizes.multiplier().is_none_or(|count| count == 1);
        one && self.walks.len() == 1 && self.walks[0].is_dense()
    }
}

impl BoundKernelGradient {
    pub(super) fn new(window: &ConvolutionWindow, x: &[usize], kernel: &[usize]) -> Self {
        let sizes = ConvolutionSizes::new(window, x, kernel);
        let sliding = sizes.forward();
        if let Some(winograd) = Winograd::forward(&sizes)
            && let Some(this) = Self::of_squares(winograd, sizes, sliding.clone())
        {
            return this;
        }
        let weights = sizes.weights();
        let work = sliding.rows().saturating_mul(weights / sliding.groups);
        let blocks = sliding.segments().div_ceil(sliding.segments_of_block());
        let chunks = (PARTIALS_MAX / weights).min(work.div_ceil(PRODUCT_TASK)).min(blocks);
        let chunks = chunks.clamp(1, CHUNKS_MAX);
        let parts = (2 * CHUNKS_MAX).div_ceil(chunks).min(sliding.tiles());
        let repeats = sizes.multiplier().is_some_and(|count| count > 1);
        Self {
            chunks,
            parts,
            partials: if chunks > 1 { chunks * weights } else { 0 },
            repeated: if repeats { repeated_len(&sizes) } else { 0 },
            winograd: None,
            scratch: 0,
            sizes,
            sliding,
        }
    }

    /// The sums as squares, unless there is room for too few partial sums.
    fn of_squares(winograd: Winograd, sizes: ConvolutionSizes, sliding: Sliding) -> Option<Self> {
        let panels = winograd.lines().div_ceil(winograd.lines_of_panel());
        let chunks = (SQUARES_MAX / winograd.weights_len()).min(panels).min(CHUNKS_MAX);
        (chunks > 1).then(|| Self {
            chunks,
            parts: 1,
            partials: chunks * winograd.weights_len(),
            repeated: 0,
            scratch: winograd.scratch_len().next_multiple_of(16),
            winograd: Some(winograd),
            sizes,
            sliding,
        })
    }
}
