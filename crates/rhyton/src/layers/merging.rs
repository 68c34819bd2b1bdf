//! What the merging layers share: inputs brought to one rank, their masks, and the fold.

use rhyton_graph::{
    Dim, Shape, Spec, Tensor, any, broadcast_to, expand_dims, logical_or, reshape_to, where_,
};

use crate::layer::{Call, Outputs};
use crate::{Error, Result};

/// How a layer merges its inputs.
pub(super) struct Merging {
    /// The layer's class, for messages.
    pub(super) class: &'static str,
    /// The number of inputs, if it is not any.
    pub(super) count: Option<usize>,
    /// Two inputs to one.
    pub(super) combine: fn(&Tensor, &Tensor) -> Tensor,
    /// Whether the result is divided by the number of inputs.
    pub(super) averages: bool,
    /// What masked elements become.
    pub(super) masked: Masked,
}

/// How masks take part in a merge.
#[derive(Clone, Copy)]
pub(super) enum Masked {
    /// Elements count whether masked or not; the result counts where any input does.
    Counted,
    /// A masked element is 1; the result is 0 where all are masked.
    Ones,
    /// A masked element gives way to the other input's.
    Skipped,
}

impl Merging {
    /// Refuses inputs that are too few, too many, or do not broadcast.
    pub(super) fn check(&self, inputs: &[Spec]) -> Result<()> {
        check_count(self.class, inputs, self.count)?;
        let rank = inputs.iter().map(|input| input.shape.rank()).max().unwrap_or(0);
        let shapes: Vec<Shape> = inputs.iter().map(|input| raised(&input.shape, rank)).collect();
        for shape in &shapes[1..] {
            shapes[0].broadcast(self.class, shape)?;
        }
        Ok(())
    }

    /// The inputs as one.
    pub(super) fn merge(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Outputs {
        let rank = inputs.iter().map(Tensor::rank).max().unwrap_or(0);
        let raised: Vec<Tensor> =
            inputs.iter().map(|x| reshape_to(x, raised(x.shape(), rank))).collect();
        let masks: Vec<Option<Tensor>> = (0..inputs.len()).map(|i| cx.mask(i).cloned()).collect();
        let (merged, mask) = match self.masked {
            Masked::Counted => (self.fold(&raised), all_of(&masks)),
            Masked::Ones => self.with_ones(&raised, &masks),
            Masked::Skipped => self.skipping(&raised, &masks),
        };
        if let Some(mask) = mask {
            cx.set_mask(mask);
        }
        let count = inputs.len() as f64;
        if self.averages { merged / count } else { merged }.into()
    }

    fn fold(&self, inputs: &[Tensor]) -> Tensor {
        inputs[1..].iter().fold(inputs[0].clone(), |sum, x| (self.combine)(&sum, x))
    }

    fn with_ones(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> (Tensor, Option<Tensor>) {
        let masks = spread(inputs, masks);
        let pairs = inputs.iter().zip(&masks);
        let kept: Vec<Tensor> = pairs
            .map(|(x, mask)| mask.as_ref().map_or_else(|| x.clone(), |mask| where_(mask, x, 1)))
            .collect();
        let merged = self.fold(&kept);
        match all_of(&masks) {
            Some(mask) => (where_(&mask, merged, 0), Some(any(&mask, Some(&[-1]), false))),
            None => (merged, None),
        }
    }

    fn skipping(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> (Tensor, Option<Tensor>) {
        let mut masks = spread(inputs, masks).into_iter();
        let (mut merged, mut known) = (inputs[0].clone(), masks.next().flatten());
        for (x, mask) in inputs[1..].iter().zip(masks) {
            let x = mask.as_ref().map_or_else(|| x.clone(), |mask| where_(mask, x, &merged));
            if let Some(known) = &known {
                merged = where_(known, merged, &x);
            }
            known = known.zip(mask).map(|(known, mask)| logical_or(&known, &mask));
            merged = (self.combine)(&merged, &x);
        }
        (merged, known.map(|mask| any(&mask, Some(&[-1]), false)))
    }
}

/// Refuses a merge of no inputs or of another number than the layer takes.
pub(super) fn check_count(class: &str, inputs: &[Spec], count: Option<usize>) -> Result<()> {
    let expected = match count {
        Some(count) if inputs.len() != count => format!("{count}"),
        None if inputs.is_empty() => "at least 1".to_owned(),
        _ => return Ok(()),
    };
    Err(Error::config(class, "inputs", expected, inputs.len()))
}

/// A shape with axes of size 1 after the batch's, so that it has a rank.
fn raised(shape: &Shape, rank: usize) -> Shape {
    let mut dims = shape.to_vec();
    let after = usize::from(!dims.is_empty());
    dims.splice(after..after, std::iter::repeat_n(Dim::ONE, rank - shape.rank()));
    dims.into()
}

/// Where any of the masks holds, if every input has one.
fn all_of(masks: &[Option<Tensor>]) -> Option<Tensor> {
    let masks: Option<Vec<&Tensor>> = masks.iter().map(Option::as_ref).collect();
    masks?.into_iter().cloned().reduce(|a, b| logical_or(&a, &b))
}

/// The masks, which lack the last axis, in the shapes of their inputs.
fn spread(inputs: &[Tensor], masks: &[Option<Tensor>]) -> Vec<Option<Tensor>> {
    let spread = |(x, mask): (&Tensor, &Option<Tensor>)| {
        mask.as_ref().map(|mask| broadcast_to(&expand_dims(mask, -1), x.shape()))
    };
    inputs.iter().zip(masks).map(spread).collect()
}

/// A merging layer without keys of its own: its documentation, class, cases, and how it merges.
macro_rules! merging_layer {
    ($(#[$doc:meta])* $name:ident, $cases:expr, { $($field:ident: $value:expr),+ $(,)? }) => {
        $(#[$doc])*
        ///
        /// # Shapes
        /// `inputs: [batch, …]`, broadcast; one of lower rank gets axes of size 1 after the batch.
        #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, rhyton_macros::Setters)]
        #[serde(default)]
        pub struct $name {
            #[serde(skip)]
            common: $crate::layer::Common,
        }

        pub(super) static SPEC: $crate::layer::LayerSpec = $crate::layer::LayerSpec {
            class_name: stringify!($name),
            module: "keras.layers",
            aliases: &[],
            from_config: |config| {
                let layer = $crate::objects::from_config::<$name>(stringify!($name), config, &[])?;
                Ok(std::sync::Arc::new(layer))
            },
            cases: $cases,
        };

        static MERGING: $crate::layers::merging::Merging = $crate::layers::merging::Merging {
            class: stringify!($name),
            $($field: $value),+
        };

        $crate::configured!($name: $crate::layer::LayerKind);

        impl $name {
            /// A layer with Keras' defaults.
            pub fn new() -> Self {
                Self::default()
            }
        }

        impl $crate::layer::Layer for $name {
            fn build(
                &self,
                _: &mut $crate::layer::Scope<'_>,
                inputs: &[rhyton_graph::Spec],
            ) -> $crate::Result<()> {
                MERGING.check(inputs)
            }

            fn call(
                &self,
                cx: &mut $crate::layer::Call<'_>,
                inputs: &[rhyton_graph::Tensor],
            ) -> $crate::Result<$crate::layer::Outputs> {
                Ok(MERGING.merge(cx, inputs))
            }

            fn takes_list(&self) -> bool {
                true
            }
        }
    };
}

pub(super) use merging_layer;
