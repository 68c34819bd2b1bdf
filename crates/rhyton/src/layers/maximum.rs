use rhyton_graph::maximum;

use super::merging::{Masked, merging_layer};

merging_layer!(
    /// The largest of all inputs, element by element; masked elements give way.
    ///
    /// Source: Keras 3.15 `keras.layers.Maximum`.
    Maximum,
    &[
        r#"{"sample_shapes": [[3, 4], [3, 4]]}"#,
        r#"{"sample_shapes": [[4], [4], [4]]}"#,
        r#"{"sample_shapes": [[4], [2, 3, 4]]}"#,
    ],
    { count: None, combine: |a, b| maximum(a, b), averages: false, masked: Masked::Skipped }
);
