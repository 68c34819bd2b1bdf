//! What all convolutions share: how a kernel slides over the input, checked; the bias; keys of old
//! files.

use rhyton_graph::{ConvOptions, DataFormat, Dim, Padding, Spec, Tensor, reshape_to};
use serde_json::Value;

use super::{ImageDataFormat, Sizes};
use crate::layer::Call;
use crate::{Error, Result};

/// The keys of a layer that say how its kernel slides.
#[derive(Clone, Copy)]
pub(super) struct SlidingKeys<'a, const RANK: usize> {
    pub(super) kernel_size: Sizes<RANK>,
    pub(super) strides: Sizes<RANK>,
    pub(super) dilation_rate: Sizes<RANK>,
    pub(super) padding: &'a str,
    pub(super) data_format: &'a ImageDataFormat,
}

/// How a kernel slides over an input that fits.
pub(super) struct KernelWindow<const RANK: usize> {
    /// The layer's class, for errors.
    pub(super) owner: &'static str,
    /// The input's channels.
    pub(super) channels: usize,
    pub(super) options: ConvOptions,
    /// The kernel's size.
    size: [usize; RANK],
    /// The input's sizes.
    sizes: [usize; RANK],
}

impl<const RANK: usize> KernelWindow<RANK> {
    /// # Errors
    /// [`Error::Config`] naming the first argument, or the input, that does not fit.
    pub(super) fn new(
        owner: &'static str,
        input: &Spec,
        keys: SlidingKeys<'_, RANK>,
    ) -> Result<Self> {
        let axes = keys.data_format.axes::<RANK>(owner, input)?;
        let channels = axes.channels(&input.shape);
        if channels == 0 {
            return Err(Error::config(owner, "input", "at least one channel", &input.shape));
        }
        let size = keys.kernel_size.positive(owner, "kernel_size")?;
        let options = ConvOptions {
            strides: keys.strides.positive(owner, "strides")?.into(),
            padding: padding(owner, keys.padding, RANK == 1)?,
            data_format: keys.data_format.get(owner)?,
            dilation_rate: keys.dilation_rate.positive(owner, "dilation_rate")?.into(),
        };
        Ok(Self { owner, channels, options, size, sizes: axes.sizes(&input.shape) })
    }

    /// # Errors
    /// [`Error::Config`] when there are none.
    pub(super) fn check_filters(&self, filters: usize) -> Result<()> {
        if filters == 0 {
            return Err(Error::config(self.owner, "filters", "at least 1", filters));
        }
        Ok(())
    }

    /// # Errors
    /// [`Error::Config`] when it is 0, or its product with the channels absurd.
    pub(super) fn check_multiplier(&self, multiplier: usize) -> Result<()> {
        let channels = self.channels.checked_mul(multiplier);
        if channels.is_some_and(|channels| (1..1 << 31).contains(&channels)) {
            return Ok(());
        }
        let expected = format!("1 to {}", (i32::MAX as usize) / self.channels.max(1));
        Err(Error::config(self.owner, "depth_multiplier", expected, multiplier))
    }

    /// # Errors
    /// [`Error::Config`] when both are above 1, which Keras refuses.
    pub(super) fn check_strides_or_dilation(&self) -> Result<()> {
        let above = |numbers: &[usize]| numbers.iter().any(|number| *number > 1);
        if above(&self.options.strides) && above(&self.options.dilation_rate) {
            let expected = format!("1, since dilation_rate is {:?}", self.options.dilation_rate);
            let received = format!("{:?}", self.options.strides);
            return Err(Error::config(self.owner, "strides", expected, received));
        }
        Ok(())
    }

    /// # Errors
    /// [`Error::Config`] when a kernel that must lie inside the input does not.
    pub(super) fn check_inside(&self) -> Result<()> {
        let gaps = self.size.iter().zip(&self.options.dilation_rate);
        let extents: Vec<usize> = gaps
            .map(|(size, dilation)| (size - 1).saturating_mul(*dilation).saturating_add(1))
            .collect();
        let larger = extents.iter().zip(self.sizes).any(|(extent, whole)| *extent > whole);
        if larger && self.options.padding == Padding::Valid {
            let expected = format!("at most the input's sizes {:?}, dilation included", self.sizes);
            let received = format!("{extents:?}");
            return Err(Error::config(self.owner, "kernel_size", expected, received));
        }
        Ok(())
    }

    /// # Errors
    /// [`Error::Config`] for causal padding.
    pub(super) fn check_not_causal(&self) -> Result<()> {
        if self.options.padding == Padding::Causal {
            return Err(Error::config(self.owner, "padding", "valid or same", Padding::Causal));
        }
        Ok(())
    }

    /// A kernel's shape: the spatial sizes, then these two.
    pub(super) fn kernel(&self, before: usize, last: usize) -> Vec<usize> {
        self.size.into_iter().chain([before, last]).collect()
    }

    /// The outputs with the layer's bias added to each channel.
    pub(super) fn biased(&self, cx: &Call<'_>, outputs: &Tensor) -> Result<Tensor> {
        let bias = cx.weight("bias")?;
        if self.options.data_format == DataFormat::ChannelsLast {
            return Ok(outputs + bias);
        }
        let mut dims = vec![bias.shape()[0]];
        dims.extend([Dim::ONE; RANK]);
        Ok(outputs + reshape_to(&bias, dims))
    }
}

/// How the kernel of a layer slides over an input, from the keys that all convolutions have.
macro_rules! kernel_window {
    ($layer:expr, $input:expr) => {
        $crate::layers::kernel_window::KernelWindow::new(
            $layer.spec().class_name,
            $input,
            $crate::layers::kernel_window::SlidingKeys {
                kernel_size: $layer.kernel_size,
                strides: $layer.strides,
                dilation_rate: $layer.dilation_rate,
                padding: &$layer.padding,
                data_format: &$layer.data_format,
            },
        )
    };
}
pub(super) use kernel_window;

/// Keras' word for a padding.
///
/// # Errors
/// [`Error::Config`] naming the layer's class for another word.
pub(super) fn padding(owner: &str, word: &str, causal: bool) -> Result<Padding> {
    let known = word.parse().ok().filter(|padding| causal || *padding != Padding::Causal);
    known.ok_or_else(|| {
        let expected = if causal { "valid, same or causal" } else { "valid or same" };
        Error::config(owner, "padding", expected, word)
    })
}

/// A configuration without the `groups` that Keras 2 wrote for layers that have none.
///
/// # Errors
/// [`Error::Config`] when it is not 1.
pub(super) fn without_groups(owner: &str, mut config: Value) -> Result<Value> {
    let groups = config.as_object_mut().and_then(|keys| keys.shift_remove("groups"));
    match groups {
        None => Ok(config),
        Some(groups) if groups == 1 => Ok(config),
        Some(other) => Err(Error::config(owner, "groups", "1", other)),
    }
}

/// Keys of Keras 2 for a kernel that these layers do not have.
pub(super) const KERNEL_KEYS: &[&str] =
    &["kernel_initializer", "kernel_regularizer", "kernel_constraint"];
