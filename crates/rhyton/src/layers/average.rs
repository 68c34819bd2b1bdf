use rhyton_graph::add;

use super::merging::{Masked, merging_layer};

merging_layer!(
    /// The mean of all inputs, element by element.
    ///
    /// Source: Keras 3.15 `keras.layers.Average`.
    Average,
    &[
        r#"{"sample_shapes": [[3, 4], [3, 4]]}"#,
        r#"{"sample_shapes": [[4], [4], [4]]}"#,
        r#"{"sample_shapes": [[4], [2, 3, 4]]}"#,
    ],
    { count: None, combine: |a, b| add(a, b), averages: true, masked: Masked::Counted }
);
