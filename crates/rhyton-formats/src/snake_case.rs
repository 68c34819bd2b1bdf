/// The name under which Keras groups the weights of a class in a file: `LeakyReLU` →
/// `leaky_re_lu`, `Conv2DTranspose` → `conv2d_transpose`.
///
/// Keras inserts `_` by two regular expressions, `(.)([A-Z][a-z]+)` then `([a-z])([A-Z])`, drops
/// what is not a letter, digit or `_`, and lowers the case.
///
/// Source: `keras.src.utils.naming.to_snake_case`, Keras 3.15.1.
pub fn snake_case(class_name: &str) -> String {
    let word: Vec<char> = class_name.chars().filter(|&c| c.is_alphanumeric() || c == '_').collect();
    let words = before_lower_upper(&before_capitalized(&word));
    words.into_iter().flat_map(char::to_lowercase).collect()
}

/// `(.)([A-Z][a-z]+)` → `\1_\2`: matches don't overlap, so the scan goes on behind each.
fn before_capitalized(text: &[char]) -> Vec<char> {
    let mut result = Vec::with_capacity(text.len() * 2);
    let mut at = 0;
    while at < text.len() {
        result.push(text[at]);
        let tail = text.get(at + 2..).unwrap_or_default();
        let lower = tail.iter().take_while(|c| c.is_ascii_lowercase()).count();
        if lower > 0 && text[at + 1].is_ascii_uppercase() {
            result.push('_');
            result.extend_from_slice(&text[at + 1..at + 2 + lower]);
            at += 2 + lower;
        } else {
            at += 1;
        }
    }
    result
}

/// `([a-z])([A-Z])` → `\1_\2`.
fn before_lower_upper(text: &[char]) -> Vec<char> {
    let mut result = Vec::with_capacity(text.len() * 2);
    for (at, &letter) in text.iter().enumerate() {
        let after_lower = at > 0 && text[at - 1].is_ascii_lowercase();
        if after_lower && letter.is_ascii_uppercase() {
            result.push('_');
        }
        result.push(letter);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_become_keras_group_names() {
        // Keras 3.15.1, keras.src.utils.naming.to_snake_case
        for (class_name, expected) in [
            ("Dense", "dense"),
            ("ReLU", "re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("PReLU", "p_re_lu"),
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("ConvLSTM2D", "conv_lstm2d"),
            ("MaxPooling2D", "max_pooling2d"),
            ("UpSampling2D", "up_sampling2d"),
            ("GRU", "gru"),
            ("LSTM", "lstm"),
            ("RMSNormalization", "rms_normalization"),
            ("TFSMLayer", "tfsm_layer"),
            ("GroupedQueryAttention", "grouped_query_attention"),
            ("BatchNormalization", "batch_normalization"),
            ("InputLayer", "input_layer"),
            ("SwishL", "swish_l"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("ELU", "elu"),
            ("ABCd9Ef", "ab_cd9_ef"),
            ("x y-Z", "xy_z"),
            ("A", "a"),
            ("", ""),
            ("my_Layer2", "my__layer2"),
        ] {
            assert_eq!(snake_case(class_name), expected, "{class_name}");
        }
    }
}
