mean_of_loss! {
    /// The mean of `(ln(1 + y_true) − ln(1 + y_pred))²`; see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.MeanSquaredLogarithmicError`.
    MeanSquaredLogarithmicError {
        class_name: "MeanSquaredLogarithmicError",
        name: "mean_squared_logarithmic_error",
        aliases: &["mean_squared_logarithmic_error", "msle", "MSLE"],
        cases: &["{}"],
        loss: MeanSquaredLogarithmicError,
    }
}
