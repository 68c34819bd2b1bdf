//! The derive on a stand-in for a layer: this crate takes the place of `rhyton`.

extern crate self as rhyton;

use rhyton_macros::Setters;

pub mod layer {
    //! The names that the derive writes.

    /// What every layer has.
    #[derive(Debug, Default, Clone, PartialEq)]
    pub struct Common {
        /// The layer's name.
        pub name: Option<String>,
        /// Whether it trains.
        pub trainable: bool,
        /// What it computes in.
        pub dtype: DTypePolicy,
    }

    /// Element types, by a policy's name.
    #[derive(Debug, Default, Clone, PartialEq)]
    pub struct DTypePolicy(pub String);

    impl From<&str> for DTypePolicy {
        fn from(name: &str) -> Self {
            Self(name.to_owned())
        }
    }

    /// Access to it.
    pub trait HasCommon {
        /// To read.
        fn common(&self) -> &Common;
        /// To change.
        fn common_mut(&mut self) -> &mut Common;
    }
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Choice(String);

impl From<&str> for Choice {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

#[derive(Debug, Default, Clone, PartialEq, Setters)]
struct Dense {
    common: layer::Common,
    /// The size of the output.
    units: usize,
    /// A rate.
    rate: f64,
    /// A flag.
    use_bias: bool,
    /// A choice.
    activation: Choice,
    /// A choice or none.
    constraint: Option<Choice>,
    /// A number or none.
    seed: Option<i64>,
    /// A rate or none.
    clip: Option<f64>,
    /// Sizes.
    sizes: Vec<usize>,
    #[setters(skip)]
    internal: u8,
}

#[derive(Debug, Default, Setters)]
struct Pair<T: Clone> {
    /// The first.
    first: Vec<T>,
}

#[test]
fn every_field_has_a_setter() {
    let dense = Dense::default()
        .units(256)
        .rate(1)
        .use_bias(true)
        .activation("relu")
        .constraint("non_neg")
        .seed(7)
        .clip(0.5)
        .sizes([1, 2])
        .name("hidden")
        .trainable(true)
        .dtype("float64");
    let expected = Dense {
        common: layer::Common {
            name: Some("hidden".to_owned()),
            trainable: true,
            dtype: "float64".into(),
        },
        units: 256,
        rate: 1.0,
        use_bias: true,
        activation: "relu".into(),
        constraint: Some("non_neg".into()),
        seed: Some(7),
        clip: Some(0.5),
        sizes: vec![1, 2],
        internal: 0,
    };
    assert_eq!(dense, expected);
    assert_eq!(expected.clone().seed(None).clip(None).seed, None);
}

#[test]
fn the_common_part_is_reached_through_the_trait() {
    fn rename(layer: &mut impl layer::HasCommon) -> Option<&str> {
        layer.common_mut().name = Some("other".to_owned());
        layer.common().name.as_deref()
    }
    assert_eq!(rename(&mut Dense::default()), Some("other"));
}

#[test]
fn generics_are_kept() {
    assert_eq!(Pair::default().first([1_u8]).first, [1]);
}
