/// How a summary is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct SummaryOptions {
    /// The width of the table; default 88, or 108 for models that are no chain.
    pub line_length: Option<usize>,
    /// Whether a column says which layers train.
    pub show_trainable: bool,
}
