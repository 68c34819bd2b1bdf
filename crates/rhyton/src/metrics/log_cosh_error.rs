mean_of_loss! {
    /// The mean of ln cosh(`y_pred − y_true`); see the loss [`LogCosh`](crate::losses::LogCosh).
    ///
    /// Source: Keras 3.15 `keras.metrics.LogCoshError`.
    LogCoshError {
        class_name: "LogCoshError",
        name: "logcosh",
        aliases: &["log_cosh_error"],
        cases: &["{}"],
        loss: LogCosh,
    }
}
