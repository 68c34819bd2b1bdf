mean_of_loss! {
    /// By how much the score of the true class fails to lead by 1; see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.CategoricalHinge`.
    CategoricalHinge {
        class_name: "CategoricalHinge",
        name: "categorical_hinge",
        aliases: &["categorical_hinge"],
        cases: &["{}"],
        loss: CategoricalHinge,
    }
}
