use std::sync::Arc;

use rhyton_graph::{DataFormat, Dim, Spec, Tensor, reshape_to, transpose};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::ImageDataFormat;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
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
    /// `channels_first` moves the channels to the end before flattening, as Keras does; default the
    /// configured `image_data_format`.
    data_format: ImageDataFormat,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Flatten",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Flatten>("Flatten", config, &[])?)),
    cases: &["{}", r#"{"data_format": "channels_first"}"#],
};

crate::configured!(Flatten: LayerKind, always "data_format");

impl Flatten {
    /// A layer that keeps the batch axis and joins the others.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for Flatten {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        self.data_format.get("Flatten")?;
        let shape = &inputs[0].shape;
        if shape.rank() == 0 || shape[1..].iter().any(|dim| dim.fixed_size().is_none()) {
            return Err(Error::config("Flatten", "input", "[batch, …] of known sizes", shape));
        }
        Ok(())
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let first = self.data_format.get("Flatten")? == DataFormat::ChannelsFirst;
        let x = if first && x.rank() > 2 {
            let order: Vec<usize> = std::iter::once(0).chain(2..x.rank()).chain([1]).collect();
            transpose(x, &order)
        } else {
            x.clone()
        };
        let features = x.shape()[1..].iter().filter_map(|dim| dim.fixed_size()).product();
        Ok(reshape_to(&x, vec![x.shape()[0], Dim::fixed(features)]).into())
    }
}
