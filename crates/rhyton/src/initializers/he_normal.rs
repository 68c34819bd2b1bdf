use super::variance_scaling::variance_preset;

variance_preset! {
    /// Truncated normal numbers of variance `2 / fan_in`; for relu and its kin.
    HeNormal, "HeNormal", "he_normal", 2.0, FanIn, TruncatedNormal
}
