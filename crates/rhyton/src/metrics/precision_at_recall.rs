use super::constrained::{PRECISION, RECALL};

best_under_constraint! {
    /// The largest precision among the thresholds at which recall is at least a given one; 0 where none is.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …]`, targets 0 or 1, predictions in [0, 1].
    ///
    /// Source: Keras 3.15 `keras.metrics.PrecisionAtRecall`.
    PrecisionAtRecall {
        class_name: "PrecisionAtRecall",
        name: "precision_at_recall",
        cases: &[
            r#"{"recall": 0.5, "name": "precision_at_recall"}"#,
            r#"{"recall": 0.8, "num_thresholds": 11, "class_id": 1, "name": "best"}"#,
            r#"{"recall": 0.4, "num_thresholds": 1, "name": "best"}"#,
        ],
        constrained: recall RECALL,
        wanted: PRECISION,
    }
}
