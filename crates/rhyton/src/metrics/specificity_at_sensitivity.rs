use super::constrained::{RECALL, SPECIFICITY};

best_under_constraint! {
    /// The largest specificity (share of zeros predicted) among the thresholds at which sensitivity
    /// (share of ones predicted) is at least a given one; 0 where none is.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …]`, targets 0 or 1, predictions in [0, 1].
    ///
    /// Source: Keras 3.15 `keras.metrics.SpecificityAtSensitivity`.
    SpecificityAtSensitivity {
        class_name: "SpecificityAtSensitivity",
        name: "specificity_at_sensitivity",
        cases: &[
            r#"{"sensitivity": 0.5, "name": "specificity_at_sensitivity"}"#,
            r#"{"sensitivity": 0.8, "num_thresholds": 11, "class_id": 1, "name": "best"}"#,
            r#"{"sensitivity": 0.4, "num_thresholds": 1, "name": "best"}"#,
        ],
        constrained: sensitivity RECALL,
        wanted: SPECIFICITY,
    }
}
