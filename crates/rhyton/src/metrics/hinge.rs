mean_of_loss! {
    /// The mean of `max(1 − y_true · y_pred, 0)`; see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.Hinge`.
    Hinge {
        class_name: "Hinge",
        name: "hinge",
        aliases: &["hinge"],
        cases: &["{}"],
        loss: Hinge,
    }
}
