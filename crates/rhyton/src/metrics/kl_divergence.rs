mean_of_loss! {
    /// The mean of Σ t · ln(t / p); see the loss of this name.
    ///
    /// Source: Keras 3.15 `keras.metrics.KLDivergence`.
    KLDivergence {
        class_name: "KLDivergence",
        name: "kl_divergence",
        aliases: &["kl_divergence", "kld", "KLD"],
        cases: &["{}"],
        loss: KLDivergence,
    }
}
