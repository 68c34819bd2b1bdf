use rhyton_graph::{DataFormat, Shape, Spec};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, Result};

/// Where the channels of images and sequences stand: `channels_last` or `channels_first`.
///
/// The default, which `null` in a configuration means too, is `image_data_format` of the settings
/// at the time when the layer is made; files always say which it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageDataFormat(String);

impl ImageDataFormat {
    /// `[batch, spatial…, channels]`.
    pub fn channels_last() -> Self {
        Self(DataFormat::ChannelsLast.name().to_owned())
    }

    /// What a file means that does not say it: layers for sequences had no such key for long.
    pub(super) fn where_absent(rank: usize) -> Self {
        if rank == 1 { Self::channels_last() } else { Self::default() }
    }

    /// The format that the word means.
    ///
    /// # Errors
    /// [`Error::Config`] naming the layer's class when it is none of the two.
    pub(super) fn get(&self, owner: &str) -> Result<DataFormat> {
        self.0.parse().map_err(|_error| {
            let expected = "channels_last or channels_first";
            Error::config(owner, "data_format", expected, &self.0)
        })
    }

    /// Where the axes of a layer's input stand.
    ///
    /// # Errors
    /// [`Error::Config`] naming the layer's class when the input has another number of axes or one
    /// beside the batch whose size is unknown.
    pub(super) fn axes<const RANK: usize>(&self, owner: &str, input: &Spec) -> Result<Axes<RANK>> {
        let first = self.get(owner)? == DataFormat::ChannelsFirst;
        let shape = &input.shape;
        let known = || shape[1..].iter().all(|dim| dim.fixed_size().is_some());
        if shape.rank() != RANK + 2 || !known() {
            let expected = match (RANK, first) {
                (1, false) => "[batch, steps, channels]".to_owned(),
                (1, true) => "[batch, channels, steps]".to_owned(),
                (_, false) => format!("[batch, {RANK} spatial sizes, channels]"),
                (_, true) => format!("[batch, channels, {RANK} spatial sizes]"),
            };
            return Err(Error::config(owner, "input", expected, shape));
        }
        let spatial = std::array::from_fn(|place| place + if first { 2 } else { 1 });
        Ok(Axes { channels: if first { 1 } else { RANK + 1 }, spatial })
    }

    /// As `axes`, for layers that know sequences with channels last only.
    ///
    /// # Errors
    /// [`Error::Config`] also for sequences with channels first.
    pub(super) fn sequence_axes<const RANK: usize>(
        &self,
        owner: &str,
        input: &Spec,
    ) -> Result<Axes<RANK>> {
        let format = self.get(owner)?;
        if RANK == 1 && format == DataFormat::ChannelsFirst {
            return Err(Error::config(owner, "data_format", "channels_last", format));
        }
        self.axes(owner, input)
    }
}

impl Default for ImageDataFormat {
    fn default() -> Self {
        // Settings that can't be read are told when an engine is opened.
        crate::configuration::settings().map_or_else(
            |_error| Self::channels_last(),
            |settings| Self(settings.image_data_format),
        )
    }
}

impl<T: Into<String>> From<T> for ImageDataFormat {
    fn from(word: T) -> Self {
        Self(word.into().to_lowercase())
    }
}

impl<'de> Deserialize<'de> for ImageDataFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(word.map_or_else(Self::default, Self::from))
    }
}

/// Where the axes of an input stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axes<const RANK: usize> {
    pub(super) channels: usize,
    pub(super) spatial: [usize; RANK],
}

impl<const RANK: usize> Axes<RANK> {
    /// The number of channels; `axes` has checked that it is known.
    pub(super) fn channels(&self, shape: &Shape) -> usize {
        size(shape, self.channels)
    }

    /// The sizes of the other axes.
    pub(super) fn sizes(&self, shape: &Shape) -> [usize; RANK] {
        self.spatial.map(|axis| size(shape, axis))
    }
}

fn size(shape: &Shape, axis: usize) -> usize {
    shape[axis].fixed_size().expect("`axes` checks that all sizes but the batch are known")
}
