//! The table that `summary` prints, laid out as Keras lays it out.

use rhyton_graph::Spec;

use super::{Kind, Model, ModelLayer, Network, StepAction};
use crate::Result;
use crate::saving::order::{Callee, Calls, callees};

/// How a summary is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct SummaryOptions {
    /// The width of the table, at most 10000; default 88 for a chain of layers, 108 for others, and 12
    /// more with `show_trainable`.
    pub line_length: Option<usize>,
    /// Whether a column says which layers train.
    pub show_trainable: bool,
    /// Whether the layers of nested models get rows of their own, below the model's.
    pub expand_nested: bool,
}

/// Widths of a chain's columns at 88, of a graph's at 108, and of the column for training.
const CHAIN: &[usize] = &[38, 29, 17];
const GRAPH: &[usize] = &[31, 27, 17, 28];
const TRAINABLE: usize = 11;

/// The most characters in a line.
const LENGTH_MAX: usize = 10_000;

impl Model {
    /// A table of the layers with shapes and numbers of parameters, and totals below.
    ///
    /// # Errors
    /// What the engine fails with while the optimizer's state is counted.
    pub fn summary(&self, options: &SummaryOptions) -> Result<String> {
        let chain = self.network.kind == Kind::Sequential || is_chain(&self.network);
        let mut widths = if chain { CHAIN.to_vec() } else { GRAPH.to_vec() };
        let mut titles = vec!["Layer (type)", "Output Shape", "Param #"];
        if !chain {
            titles.push("Connected to");
        }
        if options.show_trainable {
            widths.push(TRAINABLE);
            titles.push("Trainable");
        }
        fit_to(&mut widths, options.line_length);
        let mut table = Table { widths, text: String::new() };
        table.header(&titles);
        let mut rows = Vec::new();
        self.add_rows(&self.network, ("", false), options, &mut rows);
        for (place, mut row) in rows.into_iter().enumerate() {
            if place > 0 {
                table.rule();
            }
            if chain {
                row.remove(3);
            }
            if !options.show_trainable {
                row.pop();
            }
            table.row(&row);
        }
        table.footer();
        Ok(format!("Model: \"{}\"\n{}{}", self.name(), table.text, self.totals()))
    }

    /// The rows of a network at a path, frozen or not, each with all five cells.
    fn add_rows(
        &self,
        network: &Network,
        (prefix, frozen): (&str, bool),
        options: &SummaryOptions,
        rows: &mut Vec<Vec<String>>,
    ) {
        let order = match network.kind {
            Kind::Sequential => (0..network.layers.len()).map(Callee::Layer).collect(),
            Kind::Functional => callees(network),
        };
        let calls = Calls::of(network);
        for which in order {
            rows.push(self.cells(network, (prefix, frozen), &calls, which));
            let Callee::Layer(layer) = which else { continue };
            let layer = &network.layers[layer];
            if let (true, Some(nested)) = (options.expand_nested, ModelLayer::of(&**layer)) {
                let inside = format!("{prefix}{}/", layer.label());
                let frozen = frozen || !layer.common().trainable;
                self.add_rows(nested.network(), (&inside, frozen), options, rows);
            }
        }
    }

    fn cells(
        &self,
        network: &Network,
        (prefix, frozen): (&str, bool),
        calls: &Calls,
        which: Callee,
    ) -> Vec<String> {
        let steps = &network.steps;
        let calling = calls.steps(which);
        let step = &steps[calling[0]];
        let (class, parameters, trains) = match which {
            Callee::Layer(layer) => {
                let layer = &network.layers[layer];
                let count = self.parameters_of(&format!("{prefix}{}", layer.label()));
                let trains = if layer.common().trainable && !frozen { "Y" } else { "N" };
                (layer.spec().class_name, count, if count == 0 { "-" } else { trains })
            }
            Callee::Step(_) => match &step.action {
                StepAction::Operation { operation, .. } => (operation.class_name, 0, "-"),
                _ => ("InputLayer", 0, "-"),
            },
        };
        let depth = prefix.matches('/').count();
        let mark = if depth == 0 { String::new() } else { format!("{}└ ", "   ".repeat(depth)) };
        let sources: Vec<String> = calling
            .iter()
            .filter(|_| depth == 0)
            .flat_map(|&call| steps[call].action.reads())
            .map(|slot| {
                let (name, call) = (&steps[slot.step].name, calls.numbers[slot.step]);
                format!("{name}[{call}][{}]", slot.index)
            })
            .collect();
        vec![
            format!("{mark}{} ({class})", step.name),
            shape(&step.outputs),
            thousands(parameters),
            if sources.is_empty() { "-".to_owned() } else { sources.join(", ") },
            trains.to_owned(),
        ]
    }

    fn parameters_of(&self, layer: &str) -> usize {
        let parts = std::iter::once(layer).chain(self.weights.parts(layer));
        let weights = parts.flat_map(|part| self.weights.under(part));
        weights.map(|(_, weight)| weight.spec.shape.volume(0)).sum()
    }

    fn totals(&self) -> String {
        let mut trained = Size::default();
        let mut others = Size::default();
        for (_, weight) in self.weights.iter() {
            if weight.trainable { &mut trained } else { &mut others }.add(&weight.spec);
        }
        let optimizer = self.optimizer_size();
        let total = trained.plus(others).plus(optimizer.unwrap_or_default());
        let mut text = format!(
            " Total params: {total}\n Trainable params: {trained}\n Non-trainable params: {others}\n"
        );
        if let Some(optimizer) = optimizer {
            text.extend([format!(" Optimizer params: {optimizer}\n")]);
        }
        text
    }

    #[cfg(feature = "training")]
    fn optimizer_size(&self) -> Option<Size> {
        let compiled = self.compiled.as_ref()?;
        let mut size = Size::default();
        for variable in &compiled.state.variables {
            size.add(&variable.spec);
            if variable.spec.dtype == rhyton_tensor::DType::I32 {
                // Counters are int64 in Keras and in files.
                size.bytes += variable.spec.shape.volume(0) * 4;
            }
        }
        Some(size)
    }

    #[cfg(not(feature = "training"))]
    fn optimizer_size(&self) -> Option<Size> {
        None
    }
}

/// Whether a functional model is one line of calls, each of one tensor and no layer twice; Keras
/// shows such a model without connections.
fn is_chain(network: &Network) -> bool {
    let mut depths = vec![0; network.steps.len()];
    for (place, step) in network.steps.iter().enumerate().rev() {
        for slot in step.action.reads() {
            depths[slot.step] = depths[slot.step].max(depths[place] + 1);
        }
    }
    depths.sort_unstable();
    depths.windows(2).all(|pair| pair[0] != pair[1])
        && callees(network).len() == network.steps.len()
        && network.steps.iter().all(|step| step.action.reads().len() <= 1)
}

/// Stretches or shrinks columns so that the table has a length.
fn fit_to(widths: &mut [usize], length: Option<usize>) {
    let Some(length) = length else { return };
    let bars = widths.len() + 1;
    let present: usize = widths.iter().sum();
    let wanted = length.min(LENGTH_MAX).saturating_sub(bars).max(6 * widths.len());
    for width in widths.iter_mut() {
        *width = (*width * wanted / present).max(6);
    }
}

fn shape(outputs: &[Spec]) -> String {
    let one = |spec: &Spec| {
        let dims: Vec<String> = spec
            .shape
            .iter()
            .map(|dim| dim.fixed_size().map_or("None".to_owned(), |size| size.to_string()))
            .collect();
        let comma = if dims.len() == 1 { "," } else { "" };
        format!("({}{comma})", dims.join(", "))
    };
    match outputs {
        [single] => one(single),
        several => format!("[{}]", several.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of parameters and of their bytes.
#[derive(Clone, Copy, Default)]
struct Size {
    count: usize,
    bytes: usize,
}

impl Size {
    fn add(&mut self, spec: &Spec) {
        let count = spec.shape.volume(0);
        self.count += count;
        self.bytes += count * spec.dtype.size_bytes();
    }

    fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, bytes: self.bytes + other.bytes }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut amount = self.bytes as f64;
        let mut unit = "B";
        for larger in ["KB", "MB", "GB", "TB"] {
            if amount >= 1024.0 {
                amount /= 1024.0;
                unit = larger;
            }
        }
        write!(f, "{} ({amount:.2} {unit})", thousands(self.count))
    }
}

struct Table {
    widths: Vec<usize>,
    text: String,
}

impl Table {
    fn line(&mut self, [left, between, right]: [&str; 3], fill: &str) {
        let parts: Vec<String> = self.widths.iter().map(|&width| fill.repeat(width)).collect();
        self.text.extend([format!("{left}{}{right}\n", parts.join(between))]);
    }

    fn header(&mut self, titles: &[&str]) {
        self.line(["┏", "┳", "┓"], "━");
        let titles: Vec<String> = titles.iter().map(|&title| title.to_owned()).collect();
        self.cells(&titles, "┃");
        self.line(["┡", "╇", "┩"], "━");
    }

    fn row(&mut self, cells: &[String]) {
        self.cells(cells, "│");
    }

    fn rule(&mut self) {
        self.line(["├", "┼", "┤"], "─");
    }

    fn footer(&mut self) {
        self.line(["└", "┴", "┘"], "─");
    }

    /// Cells side by side, wrapped at words; the third column stands to the right.
    fn cells(&mut self, cells: &[String], bar: &str) {
        let wrapped: Vec<Vec<String>> =
            cells.iter().zip(&self.widths).map(|(cell, &width)| wrap(cell, width - 2)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            self.text.push_str(bar);
            for (column, (lines, &width)) in wrapped.iter().zip(&self.widths).enumerate() {
                let text = lines.get(line).map_or("", String::as_str);
                let inner = width - 2;
                let padded =
                    if column == 2 { format!("{text:>inner$}") } else { format!("{text:<inner$}") };
                self.text.extend([format!(" {padded} {bar}")]);
            }
            self.text.push('\n');
        }
    }
}

/// Words in lines of a width; a word that is longer ends in an ellipsis.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let word = if word.chars().count() > width {
            word.chars().take(width - 1).chain(['…']).collect()
        } else {
            word.to_owned()
        };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Apply, BatchNormalization, Dense, Flatten, Sequential, input};

    #[test]
    fn the_blog_network_is_laid_out_as_in_keras() {
        let model = Sequential::new()
            .input(&[28, 28])
            .add(Flatten::new())
            .add(Dense::new(256).activation("swish"))
            .add(Dense::new(100).activation("swish"))
            .add(BatchNormalization::new())
            .add(Dense::new(10).activation("softmax"))
            .build()
            .unwrap();
        insta::assert_snapshot!(model.summary(&SummaryOptions::default()).unwrap(), @r#"
        Model: "sequential"
        ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
        ┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
        ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
        │ flatten (Flatten)                    │ (None, 784)                 │               0 │
        ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
        │ dense (Dense)                        │ (None, 256)                 │         200,960 │
        ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
        │ dense_1 (Dense)                      │ (None, 100)                 │          25,700 │
        ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
        │ batch_normalization                  │ (None, 100)                 │             400 │
        │ (BatchNormalization)                 │                             │                 │
        ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
        │ dense_2 (Dense)                      │ (None, 10)                  │           1,010 │
        └──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
         Total params: 228,070 (890.90 KB)
         Trainable params: 227,870 (890.12 KB)
         Non-trainable params: 200 (800.00 B)
        "#);
    }

    #[test]
    fn a_functional_chain_needs_no_connections() {
        let titles = |model: &Model| {
            let text = model.summary(&SummaryOptions::default()).unwrap();
            text.lines().nth(2).unwrap().to_owned()
        };
        let x = input(&[8]);
        let y = Dense::new(8).apply(&[&x]);
        let chain = Model::functional(&[&x], &[&y]).unwrap();
        assert!(!titles(&chain).contains("Connected to"));
        let more = Model::functional(&[&x], &[&(&x + &y)]).unwrap();
        assert!(titles(&more).contains("Connected to"));
        let layer = Dense::new(8);
        let twice = layer.apply(&[&layer.apply(&[&x])]);
        assert!(titles(&Model::functional(&[&x], &[&twice]).unwrap()).contains("Connected to"));
        let z = Dense::new(8).apply(&[&x]);
        assert!(titles(&Model::functional(&[&x], &[&y, &z]).unwrap()).contains("Connected to"));
    }
}
