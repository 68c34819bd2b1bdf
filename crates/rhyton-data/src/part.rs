/// Which samples of a set that comes in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// The samples to train on.
    #[default]
    Train,
    /// The samples held out.
    Test,
    /// Both, the training samples first.
    All,
}
