use super::constrained::{RECALL, SPECIFICITY};

best_under_constraint! {
    /// The largest sensitivity (share of ones predicted) among the thresholds at which specificity
    /// (share of zeros predicted) is at least a given one; 0 where none is.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …]`, targets 0 or 1, predictions in [0, 1].
    ///
    /// Source: Keras 3.15 `keras.metrics.SensitivityAtSpecificity`.
    SensitivityAtSpecificity {
        class_name: "SensitivityAtSpecificity",
        name: "sensitivity_at_specificity",
        cases: &[
            r#"{"specificity": 0.5, "name": "sensitivity_at_specificity"}"#,
            r#"{"specificity": 0.8, "num_thresholds": 11, "class_id": 1, "name": "best"}"#,
            r#"{"specificity": 0.4, "num_thresholds": 1, "name": "best"}"#,
        ],
        constrained: specificity SPECIFICITY,
        wanted: RECALL,
    }
}
