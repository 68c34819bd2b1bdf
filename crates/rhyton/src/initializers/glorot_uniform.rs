use super::variance_scaling::variance_preset;

variance_preset! {
    /// Uniform on ±`√(6 / (fan_in + fan_out))`; Keras' default for kernels.
    GlorotUniform, "GlorotUniform", "glorot_uniform", 1.0, FanAvg, Uniform
}
