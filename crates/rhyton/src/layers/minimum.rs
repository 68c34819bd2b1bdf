use rhyton_graph::minimum;

use super::merging::{Masked, merging_layer};

merging_layer!(
    /// The smallest of all inputs, element by element; masked elements give way.
    ///
    /// Source: Keras 3.15 `keras.layers.Minimum`.
    Minimum,
    &[
        r#"{"sample_shapes": [[3, 4], [3, 4]]}"#,
        r#"{"sample_shapes": [[4], [4], [4]]}"#,
        r#"{"sample_shapes": [[4], [2, 3, 4]]}"#,
    ],
    { count: None, combine: |a, b| minimum(a, b), averages: false, masked: Masked::Skipped }
);
