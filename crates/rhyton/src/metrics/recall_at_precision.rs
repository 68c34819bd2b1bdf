use super::constrained::{PRECISION, RECALL};

best_under_constraint! {
    /// The largest recall among the thresholds at which precision is at least a given one; 0 where none is.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …]`, targets 0 or 1, predictions in [0, 1].
    ///
    /// Source: Keras 3.15 `keras.metrics.RecallAtPrecision`.
    RecallAtPrecision {
        class_name: "RecallAtPrecision",
        name: "recall_at_precision",
        cases: &[
            r#"{"precision": 0.5, "name": "recall_at_precision"}"#,
            r#"{"precision": 0.8, "num_thresholds": 11, "class_id": 1, "name": "best"}"#,
            r#"{"precision": 0.4, "num_thresholds": 1, "name": "best"}"#,
        ],
        constrained: precision PRECISION,
        wanted: RECALL,
    }
}
