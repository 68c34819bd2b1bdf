use super::variance_scaling::variance_preset;

variance_preset! {
    /// Truncated normal numbers of variance `1 / fan_in`; for selu.
    LecunNormal, "LecunNormal", "lecun_normal", 1.0, FanIn, TruncatedNormal
}
