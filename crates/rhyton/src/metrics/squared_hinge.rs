mean_of_loss! {
    /// The mean of `max(1 − y_true · y_pred, 0)²`; see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.SquaredHinge`.
    SquaredHinge {
        class_name: "SquaredHinge",
        name: "squared_hinge",
        aliases: &["squared_hinge"],
        cases: &["{}"],
        loss: SquaredHinge,
    }
}
