mean_of_loss! {
    /// The mean of `(y_true − y_pred)²`.
    ///
    /// Source: Keras 3.15 `keras.metrics.MeanSquaredError`.
    MeanSquaredError {
        class_name: "MeanSquaredError",
        name: "mean_squared_error",
        aliases: &["mean_squared_error", "mse", "MSE"],
        cases: &["{}"],
        loss: MeanSquaredError,
    }
}
