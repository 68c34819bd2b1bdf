use super::variance_scaling::variance_preset;

variance_preset! {
    /// Uniform on ±`√(6 / fan_in)`; for relu and its kin.
    HeUniform, "HeUniform", "he_uniform", 2.0, FanIn, Uniform
}
