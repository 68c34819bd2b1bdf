use rhyton_graph::multiply;

use super::merging::{Masked, merging_layer};

merging_layer!(
    /// The product of all inputs. Where all are masked it is 0, and a masked element counts as 1.
    ///
    /// Source: Keras 3.15 `keras.layers.Multiply`.
    Multiply,
    &[
        r#"{"sample_shapes": [[3, 4], [3, 4]]}"#,
        r#"{"sample_shapes": [[4], [4], [4]]}"#,
        r#"{"sample_shapes": [[3, 4], [1, 4]]}"#,
        r#"{"sample_shapes": [[4], [2, 3, 4]]}"#,
    ],
    { count: None, combine: |a, b| multiply(a, b), averages: false, masked: Masked::Ones }
);
