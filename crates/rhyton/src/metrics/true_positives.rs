confusion_count! {
    /// How many targets 1 with predictions above the threshold there are, or the sum of their weights.
    ///
    /// A list of thresholds gives a list of results.
    ///
    /// # Shapes
    /// `y_true, y_pred: [N, …]`, targets 0 or 1.
    ///
    /// Source: Keras 3.15 `keras.metrics.TruePositives`.
    TruePositives {
        class_name: "TruePositives",
        name: "true_positives",
        cases: &[
            r#"{"name": "true_positives"}"#,
            r#"{"name": "n", "thresholds": [0.2, 0.7]}"#,
            r#"{"name": "n", "thresholds": [0.0, 0.5, 1.0]}"#,
        ],
        count: true_positives,
    }
}
