//! What is measured. To add a case: a row of [`CASES`]; a new network or measure is written in the
//! runners (`bench/`), and one that a runner does not know is a row that says so.

/// One piece of work.
pub(crate) struct Case {
    /// `--case` takes the beginnings of names.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What the runner does: `bench/python/protocol.py` lists it.
    pub(crate) measure: &'static str,
    pub(crate) network: &'static str,
    pub(crate) batch: usize,
    /// Samples of an epoch: whole batches, or each framework would compile a second program.
    pub(crate) images: usize,
    pub(crate) activations: &'static [&'static str],
    pub(crate) unit: Unit,
    /// The keys of the rivals that do it too.
    pub(crate) rivals: &'static [&'static str],
    /// What the fastest rival's time, divided by ours, should be at least.
    pub(crate) goal: Option<f64>,
    /// Whether the chart has it.
    pub(crate) charted: bool,
}

/// What one item is, and how it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Images a second.
    Images,
    /// Microseconds of a call.
    Call,
    /// Picoseconds of an element.
    Element,
    /// Milliseconds from the start of the process.
    Start,
    /// Bytes of memory above the data.
    Memory,
}

impl Unit {
    /// The heading of a column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Images => "images/s",
            Self::Call => "µs",
            Self::Element => "ps/element",
            Self::Start => "ms",
            Self::Memory => "MB",
        }
    }

    /// A value (seconds of an item, or bytes) as people read it.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Images if value > 0.0 => grouped(1.0 / value),
            Self::Images => "∞".to_owned(),
            Self::Call => format!("{:.1}", value * 1e6),
            Self::Element => grouped(value * 1e12),
            Self::Start => grouped(value * 1e3),
            Self::Memory => grouped(value / 1e6),
        }
    }
}

/// A number with a comma between thousands.
fn grouped(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const ALL: &[&str] = &["relu", "swish", "own"];
const SWISH: &[&str] = &["swish"];
const RELU: &[&str] = &["relu"];
const RELU_SWISH: &[&str] = &["relu", "swish"];

const DENSE: &[&str] =
    &["keras-jax", "keras-tensorflow", "torch", "torch-compile", "burn", "candle"];
const DENSE_XLA: &[&str] = &[
    "keras-jax",
    "keras-tensorflow",
    "keras-tensorflow-xla",
    "torch",
    "torch-compile",
    "burn",
    "candle",
];
const DENSE_PREDICT: &[&str] =
    &["keras-jax", "keras-tensorflow", "torch", "torch-compile", "onnxruntime", "burn", "candle"];
const CONVOLUTIONS: &[&str] = &[
    "keras-jax",
    "keras-tensorflow",
    "torch",
    "torch-channels-last",
    "torch-compile",
    "burn",
    "candle",
];
const CONVOLUTIONS_PREDICT: &[&str] = &[
    "keras-jax",
    "keras-tensorflow",
    "torch",
    "torch-channels-last",
    "torch-compile",
    "onnxruntime",
    "burn",
    "candle",
];
const RESIDUAL: &[&str] =
    &["keras-jax", "keras-tensorflow", "torch", "torch-channels-last", "torch-compile"];
const KERAS: &[&str] = &["keras-jax", "keras-tensorflow"];
const START: &[&str] = &["keras-jax", "keras-tensorflow", "torch", "burn", "candle"];
const START_PREDICT: &[&str] =
    &["keras-jax", "keras-tensorflow", "torch", "onnxruntime", "burn", "candle"];
const LAYERS: &[&str] = &["torch", "torch-compile"];
const CONVOLUTION_LAYERS: &[&str] = &["torch", "torch-channels-last", "torch-compile"];

const CASE: Case = Case {
    name: "",
    title: "",
    measure: "train",
    network: "blog",
    batch: 128,
    images: 59_904,
    activations: ALL,
    unit: Unit::Images,
    rivals: DENSE,
    goal: None,
    charted: false,
};

/// Every case, in the order of the report.
pub(crate) static CASES: &[Case] = &[
    Case {
        name: "blog-train-128",
        title: "Blog network, training, batches of 128",
        rivals: DENSE_XLA,
        goal: Some(2.0),
        charted: true,
        ..CASE
    },
    Case {
        name: "blog-train-32",
        title: "Blog network, training, batches of 32",
        batch: 32,
        images: 16_384,
        activations: SWISH,
        goal: Some(2.0),
        ..CASE
    },
    Case {
        name: "blog-train-1024",
        title: "Blog network, training, batches of 1024",
        batch: 1024,
        images: 59_392,
        activations: SWISH,
        ..CASE
    },
    Case {
        name: "blog-predict-1024",
        title: "Blog network, predicting, batches of 1024",
        measure: "predict",
        batch: 1024,
        images: 59_392,
        rivals: DENSE_PREDICT,
        goal: Some(1.5),
        charted: true,
        ..CASE
    },
    Case {
        name: "blog-predict-128",
        title: "Blog network, predicting, batches of 128",
        measure: "predict",
        activations: SWISH,
        rivals: DENSE_PREDICT,
        ..CASE
    },
    Case {
        name: "blog-predict-32",
        title: "Blog network, predicting, batches of 32",
        measure: "predict",
        batch: 32,
        images: 16_384,
        activations: SWISH,
        rivals: DENSE_PREDICT,
        ..CASE
    },
    Case {
        name: "cnn-train-64",
        title: "The notebook's CNN, training, batches of 64",
        network: "cnn",
        batch: 64,
        images: 2048,
        rivals: CONVOLUTIONS,
        goal: Some(1.3),
        charted: true,
        ..CASE
    },
    Case {
        name: "cnn-predict-64",
        title: "The notebook's CNN, predicting, batches of 64",
        measure: "predict",
        network: "cnn",
        batch: 64,
        images: 2048,
        rivals: CONVOLUTIONS_PREDICT,
        goal: Some(1.3),
        charted: true,
        ..CASE
    },
    Case {
        name: "resnet-train-64",
        title: "ResNet-20 on 32 × 32, training, batches of 64",
        network: "resnet",
        batch: 64,
        images: 512,
        activations: RELU,
        rivals: RESIDUAL,
        goal: Some(1.0),
        charted: true,
        ..CASE
    },
    Case {
        name: "mobilenet-predict-8",
        title: "MobileNetV2 on 224 × 224, predicting, batches of 8",
        measure: "predict",
        network: "mobilenet",
        batch: 8,
        images: 32,
        activations: RELU,
        rivals: KERAS,
        goal: Some(1.0),
        charted: true,
        ..CASE
    },
    Case {
        name: "latency-blog",
        title: "Blog network, one compiled call on one image",
        measure: "latency",
        images: 256,
        unit: Unit::Call,
        rivals: DENSE_PREDICT,
        goal: Some(3.0),
        charted: true,
        ..CASE
    },
    Case {
        name: "start-train",
        title: "From the start of the process to the first step of training (blog network)",
        measure: "first-train",
        activations: SWISH,
        unit: Unit::Start,
        rivals: START,
        goal: Some(20.0),
        charted: true,
        ..CASE
    },
    Case {
        name: "start-predict",
        title: "From the start of the process to the first prediction (blog network)",
        measure: "first-predict",
        batch: 1,
        activations: SWISH,
        unit: Unit::Start,
        rivals: START_PREDICT,
        ..CASE
    },
    Case {
        name: "memory-blog",
        title: "Peak of memory above the images' bytes, training the blog network",
        measure: "memory",
        activations: RELU_SWISH,
        unit: Unit::Memory,
        rivals: START,
        goal: Some(8.0),
        charted: true,
        ..CASE
    },
    Case {
        name: "memory-cnn",
        title: "Peak of memory above the images' bytes, training the notebook's CNN",
        measure: "memory",
        activations: RELU_SWISH,
        network: "cnn",
        batch: 64,
        images: 1024,
        unit: Unit::Memory,
        rivals: START,
        ..CASE
    },
    Case {
        name: "stream-forward",
        title: "B1: a function over 64 Mi elements",
        measure: "forward",
        network: "stream",
        unit: Unit::Element,
        rivals: LAYERS,
        ..CASE
    },
    Case {
        name: "stream-both",
        title: "B1: a function over 64 Mi elements and its gradient",
        measure: "both",
        network: "stream",
        unit: Unit::Element,
        rivals: LAYERS,
        ..CASE
    },
    Case {
        name: "cache-forward",
        title: "B2: a function over 64 Ki elements",
        measure: "forward",
        network: "cache",
        unit: Unit::Element,
        rivals: LAYERS,
        goal: Some(1.5),
        ..CASE
    },
    Case {
        name: "dense-forward",
        title: "B3: Dense 256 → 256 with its activation, 128 rows",
        measure: "forward",
        network: "dense",
        unit: Unit::Images,
        rivals: LAYERS,
        ..CASE
    },
    Case {
        name: "dense-both",
        title: "B3: Dense 256 → 256 with its activation and its gradients, 128 rows",
        measure: "both",
        network: "dense",
        unit: Unit::Images,
        rivals: LAYERS,
        ..CASE
    },
    Case {
        name: "conv-forward",
        title: "B3: Conv2D 3 × 3, 32 → 32 on 28 × 28, with its activation, 64 images",
        measure: "forward",
        network: "conv",
        unit: Unit::Images,
        rivals: CONVOLUTION_LAYERS,
        ..CASE
    },
    Case {
        name: "conv-both",
        title: "B3: Conv2D 3 × 3, 32 → 32 on 28 × 28, with its activation and its gradients",
        measure: "both",
        network: "conv",
        unit: Unit::Images,
        rivals: CONVOLUTION_LAYERS,
        ..CASE
    },
];

impl Case {
    /// Bytes of the images and labels that are in memory.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.images as u64 * (28 * 28 + 1)
    }

    /// Whether it is run in every round: memory does not vary, and each activation takes a process.
    pub(crate) fn in_every_round(&self) -> bool {
        self.unit != Unit::Memory
    }
}

#[cfg(test)]
mod tests {
    use super::super::rivals::RIVALS;
    use super::*;

    #[test]
    fn cases_name_rivals_that_there_are() {
        for case in CASES {
            for key in case.rivals {
                assert!(RIVALS.iter().any(|rival| rival.key == *key), "{}: {key}", case.name);
            }
            assert_eq!(case.images % case.batch, 0, "{}", case.name);
        }
    }

    #[test]
    fn numbers_are_told_in_their_unit() {
        assert_eq!(Unit::Images.show(1.0 / 154_321.0), "154,321");
        assert_eq!(Unit::Call.show(33.27e-6), "33.3");
        assert_eq!(Unit::Memory.show(5.2e6), "5.2");
        assert_eq!(Unit::Start.show(2.5), "2,500");
    }
}
