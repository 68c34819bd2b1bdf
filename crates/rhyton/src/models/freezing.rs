use std::sync::Arc;

use super::{Model, ModelLayer, Network};
use crate::layer::Layer;
use crate::pattern::matches;
use crate::{Error, Result};

impl Model {
    /// Freezes layers, or trains them again: weights of a frozen layer stay as they are, and batch
    /// normalization in it uses its moving statistics and leaves them alone.
    ///
    /// `layers` is a layer's path (`dense_1`, in a nested model `sequential/dense`) or a pattern with
    /// `*` for any characters and `?` for any one: `"*"`, `"block1_*"`, `"sequential/*"`. A model as a layer freezes all
    /// that is inside.
    ///
    /// As in Keras, what trains is settled by `compile`: a model that is compiled already goes on as
    /// before until it is compiled anew, which makes an optimizer with slots for the trained weights
    /// alone. Files keep which layers are frozen.
    ///
    /// ```
    /// use rhyton::{Compile, Dense, Sequential};
    /// let mut model = Sequential::new().input(&[4]).add(Dense::new(8)).add(Dense::new(1)).build()?;
    /// model.set_trainable("dense", false)?;
    /// model.compile(Compile::new().optimizer("adam").loss("mse"))?;
    /// assert_eq!(model.weights().iter().filter(|(_, weight)| weight.trainable).count(), 2);
    /// # Ok::<(), rhyton::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest paths when nothing has that path.
    pub fn set_trainable(&mut self, layers: &str, trainable: bool) -> Result<()> {
        let known = self.network.layers_by_path();
        if !known.keys().any(|path| matches(layers, path)) {
            return Err(Error::UnknownName {
                kind: "layer",
                name: layers.to_owned(),
                owner: Some(self.network.name.clone()),
                nearest: crate::objects::nearest(layers, known.keys().map(String::as_str)),
                fix: String::new(),
            });
        }
        let network = self.network.with_trainable("", &|path| matches(layers, path), trainable);
        // The declarations stay in their order, so every weight keeps its variable.
        self.weights = network.build()?;
        self.network = network;
        Ok(())
    }
}

impl Network {
    /// The same network with the layers at some paths trainable or not.
    fn with_trainable(&self, prefix: &str, chosen: &dyn Fn(&str) -> bool, trainable: bool) -> Self {
        let layers = self.layers.iter().map(|layer| {
            let path = format!("{prefix}{}", layer.label());
            let is_chosen = chosen(&path);
            let now = if is_chosen { trainable } else { layer.common().trainable };
            let inner = ModelLayer::of(&**layer).map(|nested| {
                // As in Keras, what holds for a model is set on all that is inside.
                let inside = |path: &str| is_chosen || chosen(path);
                let prefix = format!("{path}/");
                let network = nested.network().with_trainable(&prefix, &inside, trainable);
                Arc::new(nested.with_same_weights(network)) as Arc<dyn Layer>
            });
            let layer = inner.as_ref().unwrap_or(layer);
            layer.renamed(&layer.label(), now)
        });
        Self { layers: layers.collect(), ..self.clone() }
    }
}
