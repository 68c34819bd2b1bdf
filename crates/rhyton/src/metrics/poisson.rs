mean_of_loss! {
    /// The mean of `y_pred − y_true · ln(y_pred)`; see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.Poisson`.
    Poisson {
        class_name: "Poisson",
        name: "poisson",
        aliases: &["poisson"],
        cases: &["{}"],
        loss: Poisson,
    }
}
