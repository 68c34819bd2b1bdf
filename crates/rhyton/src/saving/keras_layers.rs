//! The layers of Keras 3.15 that are not here, so that a file with one says so: nobody can register
//! a missing piece of Keras by the advice that a misspelled name gets.

/// Their classes, sorted.
pub(super) const ABSENT: &[&str] = &[
    "AdditiveAttention",
    "Attention",
    "AugMix",
    "AutoContrast",
    "Bidirectional",
    "CategoryEncoding",
    "CenterCrop",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "CutMix",
    "Discretization",
    "Embedding",
    "Equalization",
    "FlaxLayer",
    "GRU",
    "GRUCell",
    "GroupQueryAttention",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "JaxLayer",
    "LSTM",
    "LSTMCell",
    "Masking",
    "MaxNumBoundingBoxes",
    "MelSpectrogram",
    "MixUp",
    "MultiHeadAttention",
    "Pipeline",
    "RNN",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
    "ReversibleEmbedding",
    "STFTSpectrogram",
    "SimpleRNN",
    "SimpleRNNCell",
    "Solarization",
    "SpectralNormalization",
    "StackedRNNCells",
    "StringLookup",
    "TFSMLayer",
    "TextVectorization",
    "TimeDistributed",
    "TorchModuleWrapper",
];

#[cfg(test)]
mod tests {
    use super::ABSENT;
    use crate::layers::LAYERS;

    #[test]
    fn what_is_absent_is_sorted_and_not_here() {
        assert!(ABSENT.is_sorted());
        let here: Vec<_> = ABSENT.iter().filter(|class| LAYERS.find(class).is_some()).collect();
        assert!(here.is_empty(), "take out of the list what is here now: {here:?}");
    }
}
