confusion_count! {
    /// How many targets 1 with predictions up to the threshold there are, or the sum of their weights.
    ///
    /// A list of thresholds gives a list of results.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …]`, targets 0 or 1.
    ///
    /// Source: Keras 3.15 `keras.metrics.FalseNegatives`.
    FalseNegatives {
        class_name: "FalseNegatives",
        name: "false_negatives",
        cases: &[
            r#"{"name": "false_negatives"}"#,
            r#"{"name": "n", "thresholds": [0.2, 0.7]}"#,
            r#"{"name": "n", "thresholds": [0.0, 0.5, 1.0]}"#,
        ],
        count: false_negatives,
    }
}
