//! Keras' initializers, and two that look at the layer's activation: how a weight's first value is drawn, on the host, from a key.
//!
//! Not here: where keys come from (seed and layer path; the model); Keras' `STFT`, which its layer
//! `STFTSpectrogram` alone uses. To add one: a file, its `mod` line and its line in
//! [`INITIALIZERS`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_tensor::{Array, Key};

use crate::Result;
use crate::activations::Activation;
use crate::objects::{Any, Configured, ObjectList, ObjectSpec, listed};

mod auto;
mod constant;
mod draw;
mod given;
mod glorot_normal;
mod glorot_uniform;
mod he_auto;
mod he_normal;
mod he_uniform;
mod identity;
mod lecun_normal;
mod lecun_uniform;
mod ones;
mod orthogonal;
mod random_normal;
mod random_uniform;
mod seed;
mod suited;
mod truncated_normal;
mod variance_scaling;
mod zeros;

pub use auto::Auto;
pub use constant::Constant;
pub(crate) use given::Given;
pub use glorot_normal::GlorotNormal;
pub use glorot_uniform::GlorotUniform;
pub use he_auto::HeAuto;
pub use he_normal::HeNormal;
pub use he_uniform::HeUniform;
pub use identity::Identity;
pub use lecun_normal::LecunNormal;
pub use lecun_uniform::LecunUniform;
pub use ones::Ones;
pub use orthogonal::Orthogonal;
pub use random_normal::RandomNormal;
pub use random_uniform::RandomUniform;
pub use seed::Seed;
pub use suited::Suited;
pub use truncated_normal::TruncatedNormal;
pub use variance_scaling::{Distribution, Mode, VarianceScaling};
pub use zeros::Zeros;

/// One kind of initializer in the list of all.
pub type InitializerSpec = ObjectSpec<dyn Initializer>;

/// The kind of initializers.
#[derive(Debug)]
pub enum InitializerKind {}

listed!(Initializer, InitializerKind, INITIALIZERS);

/// All initializers that are built in.
pub static INITIALIZERS: ObjectList<dyn Initializer> = ObjectList {
    kind: "initializer",
    specs: &[
        &auto::SPEC,
        &constant::SPEC,
        &glorot_normal::SPEC,
        &glorot_uniform::SPEC,
        &he_auto::SPEC,
        &he_normal::SPEC,
        &he_uniform::SPEC,
        &identity::SPEC,
        &lecun_normal::SPEC,
        &lecun_uniform::SPEC,
        &ones::SPEC,
        &orthogonal::SPEC,
        &random_normal::SPEC,
        &random_uniform::SPEC,
        &truncated_normal::SPEC,
        &variance_scaling::SPEC,
        &zeros::SPEC,
    ],
};

/// How a weight's first value is drawn.
pub trait Initializer: Configured<InitializerKind> + Debug + Send + Sync {
    /// A float32 array of a weight's shape. Equal keys give equal arrays; a seed in the
    /// configuration takes the key's place, so that two weights with one seed start alike.
    ///
    /// # Errors
    /// [`crate::Error::Config`] when the shape or the configuration does not fit, [`crate::Error::Array`] when
    /// the shape overflows.
    fn array(&self, shape: &[usize], key: Key) -> Result<Array>;

    /// The same for a weight whose axes are not Keras' `[…, d_in, d_out]`: fans are the products of
    /// these. `None` where that changes nothing: fans do not matter, or the configuration names
    /// axes.
    fn with_axes(&self, _input: &[isize], _output: &[isize]) -> Option<Arc<dyn Initializer>> {
        None
    }

    /// What it comes to for the activation of the weight's layer; `None` for what does not look at
    /// it.
    ///
    /// # Errors
    /// What the activation's name or text failed with.
    fn suited(&self, _activation: &Activation) -> Result<Option<Suited>> {
        Ok(None)
    }
}

/// Any initializer, from a name, a value or Keras' configuration.
pub type AnyInitializer = Any<InitializerKind>;

impl AnyInitializer {
    /// As [`Initializer::array`].
    ///
    /// # Errors
    /// As [`Any::get`], and what the initializer refuses.
    pub fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        self.get()?.array(shape, key)
    }

    /// As [`Initializer::with_axes`]; itself where that changes nothing.
    ///
    /// # Errors
    /// As [`Any::get`].
    pub fn with_axes(&self, input: &[isize], output: &[isize]) -> Result<Self> {
        let other = self.get()?.with_axes(input, output);
        Ok(other.map_or_else(|| self.clone(), Self::known))
    }
}

#[cfg(test)]
mod tests;
