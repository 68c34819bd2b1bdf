//! Keras 3's format: an archive of `metadata.json`, `config.json`, `model.weights.h5`, here also
//! `rhyton.json`, then `assets/…`; or a folder with the same files.
//!
//! Source: `keras.src.saving.saving_lib`, Keras 3.15.1.

mod folder;

use serde_json::Value;

use super::archive::{self, Archive};
use super::{Format, WeightForm, assets, groups};
use crate::atomic::Sink;
use crate::limits::{CONFIG_BYTES_MAX, METADATA_BYTES_MAX};
use crate::{Error, ModelFile, Result, hdf5};

pub(super) use folder::{is_folder, read_folder};

pub(super) const FORMAT: Format = Format {
    extensions: &[".keras"],
    description: "Keras 3 model: configuration, weights, assets in one archive",
    has_configuration: true,
    form: WeightForm::Groups,
    detect: archive::detect,
    read: |bytes| read_members(&mut Archive::open(bytes)?),
    write: write_archive,
};

const METADATA: &str = "metadata.json";
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.weights.h5";
const RHYTON: &str = "rhyton.json";

/// Where members come from: an archive or a folder.
trait Members {
    /// The bytes of a member if it is there, unless they are more than `limit`.
    fn read(&mut self, member: &str, limit: u64) -> Result<Option<Vec<u8>>>;

    /// The paths below `assets/` of all assets.
    fn assets(&mut self) -> Result<Vec<String>>;

    /// A few names of members, for an error.
    fn sample(&mut self) -> Vec<String>;

    /// The most bytes a large member may have.
    fn unpacked_bytes_max(&self) -> u64;
}

impl Members for Archive {
    fn read(&mut self, member: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        self.read(member, limit)
    }

    fn assets(&mut self) -> Result<Vec<String>> {
        Ok(self.names().filter_map(assets::path).map(str::to_owned).collect())
    }

    fn sample(&mut self) -> Vec<String> {
        const SHOWN: usize = 8;
        self.names().take(SHOWN).map(str::to_owned).collect()
    }

    fn unpacked_bytes_max(&self) -> u64 {
        self.unpacked_bytes_max()
    }
}

fn read_members(members: &mut dyn Members) -> Result<ModelFile> {
    let limit = members.unpacked_bytes_max();
    let metadata = read_json(members, METADATA, METADATA_BYTES_MAX)?.unwrap_or(Value::Null);
    let Some(config) = read_json(members, CONFIG, CONFIG_BYTES_MAX)? else {
        return Err(missing(members, CONFIG));
    };
    let rhyton = read_json(members, RHYTON, CONFIG_BYTES_MAX)?;
    let Some(bytes) = members.read(WEIGHTS, limit)? else {
        return Err(missing(members, WEIGHTS));
    };
    let weights = groups::from_tree(hdf5::read(bytes)?)?;
    let mut model = ModelFile { metadata, config, weights, rhyton, ..ModelFile::default() };
    let mut left = limit;
    for path in members.assets()? {
        let Some(bytes) = members.read(&assets::member(&path), left)? else { continue };
        left = left.saturating_sub(bytes.len() as u64);
        model.assets.insert(path, bytes);
    }
    Ok(model)
}

fn read_json(members: &mut dyn Members, member: &'static str, limit: u64) -> Result<Option<Value>> {
    let Some(bytes) = members.read(member, limit)? else { return Ok(None) };
    // serde_json stops at 128 nested values.
    let value = serde_json::from_slice(&bytes).map_err(|cause| Error::Json { member, cause })?;
    Ok(Some(value))
}

fn missing(members: &mut dyn Members, member: &'static str) -> Error {
    let found = members.sample();
    let advice = if found.iter().any(|name| name == "model.weights.npz") {
        "weights in `.npz` aren't read: save the model with Keras' default weights format"
    } else {
        "it is no Keras 3 model: save it with `model.save(\"name.keras\")`"
    };
    Error::MissingMember { member, found, advice }
}

fn write_archive(model: &ModelFile, sink: &mut dyn Sink) -> Result<()> {
    let mut writer = archive::Writer::new(sink);
    if !model.metadata.is_null() {
        writer.member(METADATA, &json(METADATA, &model.metadata)?)?;
    }
    writer.member(CONFIG, &json(CONFIG, &model.config)?)?;
    writer.member(WEIGHTS, &hdf5::write(&groups::to_tree(&model.weights)?)?)?;
    if let Some(rhyton) = &model.rhyton {
        writer.member(RHYTON, &json(RHYTON, rhyton)?)?;
    }
    for (path, bytes) in &model.assets {
        assets::check(path)?;
        writer.member(&assets::member(path), bytes)?;
    }
    writer.finish()
}

fn json(member: &'static str, value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|cause| Error::Json { member, cause })
}

#[cfg(test)]
mod tests;
