use std::sync::Arc;

use rhyton_graph::{Dim, Spec, Tensor, reshape_to, transpose};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::layer::{Call, Common, Layer, LayerSpec, Outputs, Scope};
use crate::objects::{changed_config, from_config};
use crate::{Error, Result};

/// All axes but the batch as one.
///
/// # Shapes
/// `input: [batch, a, b, …]`, `output: [batch, a · b · …]`; `[batch]` becomes `[batch, 1]`.
///
/// Source: Keras 3.15 `keras.layers.Flatten`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Flatten {
    #[serde(skip)]
    common: Common,
    /// `channels_first` moves the channels to the end before flattening, as Keras does; default
    /// `channels_last`.
    data_format: Option<String>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Flatten",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        let mut layer = from_config::<Flatten>("Flatten", config, &[])?;
        layer.data_format = layer.data_format.filter(|format| format != "channels_last");
        Ok(Arc::new(layer))
    },
    cases: &["{}", r#"{"data_format": "channels_first"}"#],
};

impl Flatten {
    /// A layer that keeps the batch axis and joins the others.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for Flatten {
    fn spec(&self) -> &'static LayerSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        match self.data_format.as_deref() {
            None | Some("channels_first" | "channels_last") => {}
            Some(other) => {
                let expected = "channels_first or channels_last";
                return Err(Error::config("Flatten", "data_format", expected, other));
            }
        }
        let shape = &inputs[0].shape;
        if shape.rank() == 0 || shape[1..].iter().any(|dim| dim.fixed_size().is_none()) {
            return Err(Error::config("Flatten", "input", "[batch, …] of known sizes", shape));
        }
        Ok(())
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let moves = self.data_format.as_deref() == Some("channels_first") && x.rank() > 2;
        let x = if moves {
            let order: Vec<usize> = std::iter::once(0).chain(2..x.rank()).chain([1]).collect();
            transpose(x, &order)
        } else {
            x.clone()
        };
        let features = x.shape()[1..].iter().filter_map(|dim| dim.fixed_size()).product();
        Ok(reshape_to(&x, vec![x.shape()[0], Dim::fixed(features)]).into())
    }
}
