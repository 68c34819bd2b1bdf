use rhyton_graph::subtract;

use super::merging::{Masked, merging_layer};

merging_layer!(
    /// The first input minus the second.
    ///
    /// Source: Keras 3.15 `keras.layers.Subtract`.
    Subtract,
    &[
        r#"{"sample_shapes": [[3, 4], [3, 4]]}"#,
        r#"{"sample_shapes": [[3, 4], [1, 4]]}"#,
        r#"{"sample_shapes": [[4], [2, 3, 4]]}"#,
    ],
    { count: Some(2), combine: |a, b| subtract(a, b), averages: false, masked: Masked::Counted }
);
