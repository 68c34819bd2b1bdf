use super::variance_scaling::variance_preset;

variance_preset! {
    /// Truncated normal numbers of variance `2 / (fan_in + fan_out)`.
    GlorotNormal, "GlorotNormal", "glorot_normal", 1.0, FanAvg, TruncatedNormal
}
