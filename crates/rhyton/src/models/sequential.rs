use std::sync::Arc;

use rhyton_graph::{Shape, Spec};
use rhyton_tensor::DType;

use super::Model;
use super::functional::chain;
use crate::layer::Layer;
use crate::{Error, Result};

/// A model under construction: one layer after another.
///
/// ```
/// use rhyton::{Dense, Flatten, Sequential};
/// let model = Sequential::new()
///     .input(&[28, 28])
///     .add(Flatten::new())
///     .add(Dense::new(10).activation("softmax"))
///     .build()?;
/// assert_eq!(model.count_parameters(), 7_850);
/// # Ok::<(), rhyton::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sequential {
    name: Option<String>,
    input: Option<Spec>,
    layers: Vec<Arc<dyn Layer>>,
    seed: u64,
}

impl Sequential {
    /// An empty chain.
    pub fn new() -> Self {
        Self::default()
    }

    /// The model's name; default `sequential`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The shape of one sample, float32, without the batch axis.
    #[must_use]
    pub fn input(self, shape: &[usize]) -> Self {
        self.input_of(DType::F32, shape)
    }

    /// The shape and element type of one sample, without the batch axis.
    #[must_use]
    pub fn input_of(mut self, dtype: DType, shape: &[usize]) -> Self {
        self.input = Some(Spec::new(dtype, Shape::batched(shape)));
        self
    }

    /// The next layer.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "Keras' word for it")]
    #[expect(clippy::needless_pass_by_value, reason = "`add(Dense::new(10))` reads without `&`")]
    pub fn add(mut self, layer: impl Layer) -> Self {
        self.layers.push(layer.to_arc());
        self
    }

    /// The seed that first weights are drawn from; default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The model, with its first weights.
    ///
    /// # Errors
    /// [`Error::State`] without an input shape or layers; what a layer refuses.
    pub fn build(self) -> Result<Model> {
        let Some(input) = self.input else {
            let advice = "call `input(&[…])` with the shape of one sample".to_owned();
            return Err(Error::State { what: "Sequential: no input shape".to_owned(), advice });
        };
        if self.layers.is_empty() {
            let advice = "call `add(…)` at least once".to_owned();
            return Err(Error::State { what: "Sequential: no layers".to_owned(), advice });
        }
        let name = self.name.as_deref().unwrap_or("sequential");
        Model::seeded(chain(name, (None, input), &self.layers)?, self.seed)
    }
}
