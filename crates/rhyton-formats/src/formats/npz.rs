//! Weights as NumPy's `.npz`: one `.npy` member for each variable, under its path in the model.

use std::collections::BTreeMap;

use rhyton_data::npy;

use super::archive::{self, Archive};
use super::{Format, WeightForm, assets};
use crate::atomic::Sink;
use crate::{Error, ModelFile, Result};

pub(super) const FORMAT: Format = Format {
    extensions: &[".npz"],
    description: "weights by path, without configuration, as NumPy keeps them",
    has_configuration: false,
    form: WeightForm::Named,
    detect,
    read,
    write,
};

const EXTENSION: &str = ".npy";

/// An archive that begins with an array; a model's begins with its configuration.
fn detect(bytes: &[u8]) -> bool {
    archive::first_name(bytes).is_some_and(|name| name.ends_with(EXTENSION.as_bytes()))
}

fn read(bytes: Vec<u8>) -> Result<ModelFile> {
    let mut archive = Archive::open(bytes)?;
    let members: Vec<String> = archive.names().map(str::to_owned).collect();
    let mut named = BTreeMap::new();
    for member in members {
        let Some(name) = member.strip_suffix(EXTENSION) else {
            let reason = "expected an array, a member that ends in .npy".to_owned();
            return Err(Error::Member { member, reason });
        };
        let limit = archive.unpacked_bytes_max();
        let Some(bytes) = archive.read(&member, limit)? else { continue };
        let array = npy::decode(&bytes, name).map_err(|cause| Error::Npy { cause })?;
        named.insert(name.to_owned(), array);
    }
    Ok(ModelFile { named: Some(named), ..ModelFile::default() })
}

fn write(model: &ModelFile, sink: &mut dyn Sink) -> Result<()> {
    let mut writer = archive::Writer::new(sink);
    for (name, array) in model.named.iter().flatten() {
        assets::check(name)?;
        writer.member(&format!("{name}{EXTENSION}"), &npy::encode(array))?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::Array;

    use super::*;
    use crate::read_bytes;

    fn model() -> ModelFile {
        let array = Array::from_slice(&[2, 2], &[1_f32, 2.0, 3.0, 4.0]).unwrap();
        let long = format!("{}/kernel", "layer".repeat(30));
        let named = [("dense/kernel".to_owned(), array), (long, Array::scalar(3_i64))];
        ModelFile { named: Some(named.into()), ..ModelFile::default() }
    }

    #[test]
    fn weights_come_back() {
        let bytes = FORMAT.write_bytes(&model()).unwrap();
        assert_eq!(read_bytes(&bytes).unwrap(), model());
    }

    #[test]
    fn what_is_no_array_is_named() {
        let mut out = std::io::Cursor::new(Vec::new());
        let mut writer = archive::Writer::new(&mut out);
        writer.member("a.npy", b"no array at all").unwrap();
        writer.finish().unwrap();
        insta::assert_snapshot!(read_bytes(out.get_ref()).unwrap_err(), @r"npz: array `a`: expected the bytes \x93NUMPY, received no arr; the file is no .npy array; check its name");
        let mut out = std::io::Cursor::new(Vec::new());
        let mut writer = archive::Writer::new(&mut out);
        writer.member("a.npy", &npy::encode(&Array::scalar(1_f32))).unwrap();
        writer.member("readme.txt", b"").unwrap();
        writer.finish().unwrap();
        assert!(read_bytes(out.get_ref()).unwrap_err().to_string().contains("readme.txt"));
    }

    #[test]
    fn names_that_leave_a_folder_are_refused() {
        let mut model = model();
        model.named.as_mut().unwrap().insert("../x".to_owned(), Array::scalar(1_f32));
        assert!(FORMAT.write_bytes(&model).is_err());
    }
}
