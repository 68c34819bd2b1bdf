use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rhyton::{LoadOptions, Model};
use rhyton_formats::Format;

use super::{Command, Context, Run};
use crate::destination::Destination;
use crate::model::of_file;

pub(super) const COMMAND: Command = Command::of::<Convert>("convert");

/// Writes a model, or its weights alone, in another format
#[derive(Debug, clap::Args)]
#[command(after_help = FORMATS)]
struct Convert {
    /// A model (.keras, .h5), or with --model weights alone
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The new file; how its name ends decides the format
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// The model that weights alone belong to
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
}

const FORMATS: &str = "\
Formats (recognised by content when read):
  .keras        model of Keras 3: configuration, weights, optimizer, definitions
  .h5           model of Keras 2, which Keras 3 reads too
  .weights.h5   weights by Keras' groups, and the optimizer's state
  .safetensors  weights by path (dense/kernel)
  .npz          weights by path, for NumPy";

impl Run for Convert {
    fn run(self, cx: &Context) -> Result<()> {
        let format = Format::of(&self.output)?;
        let output = Destination::file(&self.output, &[])?;
        let model = read(&self.input, self.model.as_deref())?;
        if format.has_configuration() {
            model.save(output.path())?;
        } else {
            model.save_weights(output.path())?;
        }
        cx.output.note(&format!("{} -> {}", self.input.display(), self.output.display()));
        Ok(())
    }
}

/// The model of a file; one of weights alone needs the model that they belong to.
fn read(input: &Path, model: Option<&Path>) -> Result<Model> {
    if let Some(model) = model {
        let mut model = Model::load(model)?;
        model.load_weights(input)?;
        return Ok(model);
    }
    let file = rhyton_formats::read(input)?;
    if file.config.is_null() {
        let shown = input.display();
        bail!(
            "{shown}: holds weights alone, no configuration; name the model that they belong to \
             with --model MODEL"
        );
    }
    of_file(input, &file, &LoadOptions::default())
}
