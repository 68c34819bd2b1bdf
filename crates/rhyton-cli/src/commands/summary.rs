use std::path::PathBuf;

use anyhow::Result;
use rhyton::models::SummaryOptions;

use super::{Command, Context, Run, load_any};
use crate::model;

pub(super) const COMMAND: Command = Command::of::<Summary>("summary");

/// Prints a model's layers, output shapes and parameters
#[derive(Debug, clap::Args)]
struct Summary {
    /// A .keras or .h5 file, or a .toml file that describes a model
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The width of the table in characters
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..=10_000))]
    line_length: Option<u16>,
    /// Show which layers train
    #[arg(long)]
    show_trainable: bool,
    /// Show the layers of nested models in rows of their own
    #[arg(long)]
    expand_nested: bool,
}

impl Run for Summary {
    fn run(self, cx: &Context) -> Result<()> {
        let (model, unread) = match model::description(&self.model)? {
            Some(description) => (model::described(&self.model, &description, 0)?, None),
            None => load_any(&self.model)?,
        };
        let options = SummaryOptions {
            line_length: self.line_length.map(usize::from),
            show_trainable: self.show_trainable,
            expand_nested: self.expand_nested,
        };
        cx.output.text(&model.summary(&options)?)?;
        if let Some(error) = unread {
            cx.output.note(&format!("how it was trained can't be read: {error:#}"));
        }
        Ok(())
    }
}
