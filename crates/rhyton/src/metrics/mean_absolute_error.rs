mean_of_loss! {
    /// The mean of `|y_true − y_pred|`.
    ///
    /// Source: Keras 3.15 `keras.metrics.MeanAbsoluteError`.
    MeanAbsoluteError {
        class_name: "MeanAbsoluteError",
        name: "mean_absolute_error",
        aliases: &["mean_absolute_error", "mae", "MAE"],
        cases: &["{}"],
        loss: MeanAbsoluteError,
    }
}
