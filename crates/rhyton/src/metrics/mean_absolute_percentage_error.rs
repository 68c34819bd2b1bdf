mean_of_loss! {
    /// 100 times the mean of `|y_true − y_pred| / |y_true|`; see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.MeanAbsolutePercentageError`.
    MeanAbsolutePercentageError {
        class_name: "MeanAbsolutePercentageError",
        name: "mean_absolute_percentage_error",
        aliases: &["mean_absolute_percentage_error", "mape", "MAPE"],
        cases: &["{}"],
        loss: MeanAbsolutePercentageError,
    }
}
