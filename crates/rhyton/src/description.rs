//! Models described in TOML: inputs, layers with Keras' class names and keys, how they are trained.
//!
//! `docs/model-description.md` is the page for users. Not here: reading files, and what flags of the
//! command say instead. A key of a layer needs nothing here: layers read their own configurations.

#[cfg(feature = "training")]
mod compile;
mod document;
mod layers;

use std::str::FromStr;

use self::document::{Content, Document, Node};
use crate::models::Model;
use crate::{Error, Result};

/// A model's description, as its text says.
///
/// ```
/// use rhyton::description::Description;
/// let description: Description = r#"
///     input = [28, 28]
///     layers = [
///         { class_name = "Flatten" },
///         { class_name = "Dense", units = 10, activation = "softmax" },
///     ]
/// "#.parse()?;
/// assert_eq!(description.model(0)?.count_parameters(), 7_850);
/// # Ok::<(), rhyton::Error>(())
/// ```
#[derive(Debug)]
pub struct Description {
    document: Document,
    fit: FitDefaults,
}

/// What `[fit]` says: how the model is trained unless the user says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FitDefaults {
    /// How often all samples are seen.
    pub epochs: Option<u32>,
    /// Samples that make a step.
    pub batch_size: Option<u32>,
    /// The share of the samples, from the end, that is kept for validation.
    pub validation_split: Option<f64>,
    /// Whether samples come in a new order each epoch.
    pub shuffle: Option<bool>,
    /// The seed of first weights, of the order of samples and of random layers.
    pub seed: Option<u64>,
}

const KEYS: [&str; 7] = ["name", "input", "inputs", "layers", "outputs", "compile", "fit"];

impl FromStr for Description {
    type Err = Error;

    /// Reads a description; layers are read by [`Description::model`].
    fn from_str(text: &str) -> Result<Self> {
        let document = Document::parse(text)?;
        document.check_keys(&document.root, "the description", &KEYS)?;
        let fit = match document.root.get("fit") {
            Some(node) => read_fit(&document, node)?,
            None => FitDefaults::default(),
        };
        Ok(Self { document, fit })
    }
}

impl Description {
    /// What `[fit]` says.
    pub fn fit(&self) -> &FitDefaults {
        &self.fit
    }

    /// The model with first weights drawn from a seed; compiled if there is a `[compile]`.
    ///
    /// # Errors
    /// [`Error::Description`] with line and column of what does not fit.
    pub fn model(&self, seed: u64) -> Result<Model> {
        let network = layers::network(&self.document)?;
        #[cfg_attr(
            not(feature = "training"),
            expect(unused_mut, reason = "only training compiles")
        )]
        let mut model = Model::seeded(network, seed)?;
        #[cfg(feature = "training")]
        if let Some(node) = self.document.root.get("compile") {
            compile::compile(&self.document, node, &mut model)?;
        }
        Ok(model)
    }
}

fn read_fit(document: &Document, node: &Node) -> Result<FitDefaults> {
    const KEYS: [&str; 5] = ["epochs", "batch_size", "validation_split", "shuffle", "seed"];
    document.check_keys(node, "[fit]", &KEYS)?;
    let scalar = |key: &str| match node.get(key) {
        Some(Node { content: Content::Scalar(value), at }) => Some((value, *at)),
        Some(node) => Some((&serde_json::Value::Null, node.at)),
        None => None,
    };
    let count = |key: &str| {
        let Some((value, at)) = scalar(key) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        match count.filter(|count| *count > 0) {
            Some(count) => Ok(Some(count)),
            None => Err(document.expected(at, key, "a whole number from 1", value)),
        }
    };
    let mut fit = FitDefaults {
        epochs: count("epochs")?,
        batch_size: count("batch_size")?,
        ..FitDefaults::default()
    };
    if let Some((value, at)) = scalar("validation_split") {
        let share = value.as_f64().filter(|share| (0.0..1.0).contains(share));
        let refuse =
            || document.expected(at, "validation_split", "a number from 0 to below 1", value);
        fit.validation_split = Some(share.ok_or_else(refuse)?);
    }
    if let Some((value, at)) = scalar("shuffle") {
        let refuse = || document.expected(at, "shuffle", "true or false", value);
        fit.shuffle = Some(value.as_bool().ok_or_else(refuse)?);
    }
    if let Some((value, at)) = scalar("seed") {
        let refuse = || document.expected(at, "seed", "a whole number from 0", value);
        fit.seed = Some(value.as_u64().ok_or_else(refuse)?);
    }
    Ok(fit)
}

#[cfg(test)]
mod tests;
