use super::variance_scaling::variance_preset;

variance_preset! {
    /// Uniform on ±`√(3 / fan_in)`.
    LecunUniform, "LecunUniform", "lecun_uniform", 1.0, FanIn, Uniform
}
