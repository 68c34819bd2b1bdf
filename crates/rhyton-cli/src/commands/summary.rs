use std::path::PathBuf;

use anyhow::Result;
use rhyton::Model;
use rhyton::models::SummaryOptions;

use super::{Command, Context, Run};

pub(super) const COMMAND: Command = Command::of::<Summary>("summary");

/// Prints a model's layers, output shapes and parameters
#[derive(Debug, clap::Args)]
struct Summary {
    /// A .keras file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The width of the table in characters
    #[arg(long, value_name = "N")]
    line_length: Option<usize>,
    /// Show which layers train
    #[arg(long)]
    show_trainable: bool,
}

impl Run for Summary {
    fn run(self, cx: &Context) -> Result<()> {
        let model = Model::load(&self.model)?;
        let options =
            SummaryOptions { line_length: self.line_length, show_trainable: self.show_trainable };
        cx.output.text(&model.summary(&options)?)
    }
}
