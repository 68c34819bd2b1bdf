//! HDF5 files of their own: `.weights.h5`, which is the weights member of a `.keras` file, and the
//! legacy `.h5` of Keras 2 (`tf_keras`) that Keras 3 still writes. Both begin alike, so the content
//! says which one a file is.

mod legacy;

use super::{Format, WeightForm, groups};
use crate::atomic::Sink;
use crate::hdf5::SIGNATURE;
use crate::{Error, ModelFile, Result, hdf5};

pub(super) const WEIGHTS_FORMAT: Format = Format {
    extensions: &[".weights.h5"],
    description: "Keras 3 weights by group",
    has_configuration: false,
    form: WeightForm::Groups,
    detect,
    read,
    write: |model, sink| put(&hdf5::write(&groups::to_tree(&model.weights)?)?, sink),
};

pub(super) const FORMAT: Format = Format {
    extensions: &[".h5", ".hdf5"],
    description: "Keras 2 model (legacy): configuration and weights by layer",
    has_configuration: true,
    form: WeightForm::Layers,
    detect,
    read,
    write: |model, sink| put(&hdf5::write(&legacy::to_tree(model)?)?, sink),
};

fn detect(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

fn read(bytes: Vec<u8>) -> Result<ModelFile> {
    let root = hdf5::read(bytes)?;
    if legacy::is_legacy(&root) {
        return legacy::from_tree(root);
    }
    let received = root.groups.keys().chain(root.arrays.keys()).take(8).cloned();
    let received: Vec<String> = received.collect();
    let weights = groups::from_tree(root)?;
    if weights.groups.is_empty() {
        return Err(Error::Layout {
            path: String::new(),
            expected: "Keras' groups (`vars`, or `model_weights` and the attribute `layer_names`)"
                .to_owned(),
            received: format!("[{}]", received.join(", ")),
            advice: "it is no file of Keras: save the model with `model.save(\"name.keras\")`",
        });
    }
    Ok(ModelFile { weights, ..ModelFile::default() })
}

fn put(bytes: &[u8], sink: &mut dyn Sink) -> Result<()> {
    sink.write_all(bytes).and_then(|()| sink.flush()).map_err(Error::io("write it"))
}
