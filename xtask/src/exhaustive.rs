//! `cargo xtask exhaustive`: the largest error of every function of the native engine over all 2³²
//! inputs, on every set of instructions, and `docs/accuracy.md`, which says what was found.
//!
//! The measuring is an example of `rhyton-native`. It is built apart, with fused multiply-adds in
//! plain Rust too where the processor has them: the portable loops' bits stay, their calls go.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::oracles;
use crate::steps::{self, Steps};
use crate::tree;

const PAGE: &str = "docs/accuracy.md";
const MILLION_INPUTS: &str = "same_bits::every_function_has_these_bits_at_a_million_inputs";
/// 2²² inputs of each function.
const QUICK: &str = "22";

/// Measure the largest error of every function over all inputs, and write docs/accuracy.md.
#[derive(Args)]
pub(crate) struct Exhaustive {
    /// 2²² inputs of each function, in seconds; writes no page.
    #[arg(long)]
    quick: bool,
    /// So many inputs of each function, by the logarithm to base 2 (16 to 32); writes no page.
    #[arg(long, value_name = "LOG2", conflicts_with = "quick")]
    inputs: Option<u32>,
    /// This function alone; writes no page.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

impl Exhaustive {
    /// Builds, measures and writes the page.
    ///
    /// # Errors
    ///
    /// A function that exceeds its bound, or a step that fails.
    pub(crate) fn run(self) -> Result<()> {
        let mut steps = Steps::new("exhaustive");
        let program = build(&mut steps)?;
        let whole = !self.quick && self.inputs.is_none() && self.only.is_none();
        let mut measure = Command::new(program);
        if self.quick {
            measure.args(["--inputs", QUICK]);
        }
        if let Some(inputs) = self.inputs {
            measure.args(["--inputs", &inputs.to_string()]);
        }
        if let Some(name) = &self.only {
            measure.args(["--only", name]);
        }
        if !whole {
            return steps.close("measure", &mut measure);
        }
        steps.run("measure", || {
            // Progress goes to the terminal, the tables to the page.
            let tables = steps::output(measure.stderr(std::process::Stdio::inherit()))?;
            let page = page(&tables, &steps::output(Command::new("rustc").arg("--version"))?);
            std::fs::write(tree::root().join(PAGE), page)
                .with_context(|| format!("{PAGE} can't be written"))
        })?;
        million_inputs(&mut steps)?;
        steps.finish();
        Ok(())
    }
}

/// Builds the example; where it stands.
fn build(steps: &mut Steps) -> Result<PathBuf> {
    let folder = oracles::target_folder()?.join("exhaustive");
    let mut cargo = steps::cargo(&["build", "--release", "--package", "rhyton-native"]);
    cargo.args(["--example", "exhaustive", "--target-dir"]).arg(&folder).current_dir(tree::root());
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        cargo.env("RUSTFLAGS", "-C target-feature=+avx2,+fma");
    }
    steps.program("build", &mut cargo)?;
    let name = format!("exhaustive{}", std::env::consts::EXE_SUFFIX);
    Ok(folder.join("release").join("examples").join(name))
}

/// The committed bits at 2²⁰ inputs: on every set of instructions, and without AVX.
fn million_inputs(steps: &mut Steps) -> Result<()> {
    let test = |cargo: &mut Command| {
        cargo.args(["test", "--package", "rhyton-native", "--test", "it", "--"]);
        cargo.args(["--exact", MILLION_INPUTS]).current_dir(tree::root());
    };
    let mut cargo = steps::cargo(&[]);
    test(&mut cargo);
    steps.program("the same bits at 2^20 inputs", &mut cargo)?;
    let Some(mut cargo) = oracles::emulated() else {
        steps.note(format!("2^20 inputs without AVX: no {} here", oracles::EMULATOR));
        return Ok(());
    };
    test(&mut cargo);
    steps.program("the same bits at 2^20 inputs, without AVX", &mut cargo)
}

/// The whole page.
fn page(tables: &str, rustc: &str) -> String {
    format!(
        "\
# Accuracy of the native engine

The largest error of every function of float32, in units in the last place (ULP) of the true value,
and the bits of the input where it is. Every function of one value was run on all 2^32 inputs
(`swish` with a `beta` on 2^28), every function of two on 2^26 pairs (half of them over all exponents, half with exponents from −8 to 7),
on every set of instructions of the machine, which all gave the same bits; the portable loops gave
the same at 2^20 inputs of each function on a processor without AVX (in an emulator). Made by
`cargo xtask exhaustive`, which fails beyond the bounds, on {} with {}.

- **value, slope**: as a model computes them. Bound: 4 ULP. **exact**: in float64 and rounded once
  (`Activation::exact`, and built-in activations that say so: *as exact*). Bound: 1 ULP.
- A slope is what the gradient rule computes; its error is relative to max(|slope|, 2^-24).
  A dash: no gradient flows.
- NaN, infinities and the signs of zero results are as they should be, at every input.
- The truth is the standard library's or libm's float64 function. Blocks of 1,024 neighbouring inputs take a
  polynomial through six of its values that meets four others within 2^-16 ULP, else a call for each
  input. The maxima here are from calls; no other error is larger by more than 2^-12 ULP.

{tables}",
        std::env::consts::ARCH,
        rustc.trim()
    )
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn the_page_says_with_what_it_was_made() {
        let page = page("| a |\n", "rustc 1.95.0\n");
        assert!(page.starts_with("# Accuracy"));
        assert!(page.ends_with("| a |\n") && page.contains("with rustc 1.95.0."), "{page}");
    }
}
