//! What real Keras makes of every case of every layer (`goldens/layers.json`, `layers.npz`): outputs,
//! gradients by inputs and weights, and a training step, on the native engine and the interpreter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rhyton_graph::{
    Backend, InterpreterBackend, RunOptions, Shape, Spec, Tensor, VariableId, gradients, sum,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::Array;
use rhyton_testing::lock_step_error;
use serde_json::Value;

use super::LAYERS;
use crate::engine::Engine;
use crate::layer::{Apply, Call, Layer, Scope, Weights};
use crate::{Compile, Fit, Model, Result, SGD, Verbose, input};

/// How far outputs may be from Keras', relative to values above 1.
const OUTPUTS: f64 = 1e-5;
/// The same for gradients and for weights after a step.
const STEPS: f64 = 1e-4;
const LEARNING_RATE: f64 = 0.1;

/// One case with Keras' arrays by their names.
struct Golden {
    class_name: String,
    case: Value,
    random: bool,
    arrays: BTreeMap<String, Array>,
}

impl Golden {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens");
        let index = std::fs::read_to_string(folder.join("layers.json")).expect("the index");
        let index: Value = serde_json::from_str(&index).expect("a JSON file");
        let mut cases: Vec<Self> = index["cases"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|case| Self {
                class_name: case["class_name"].as_str().expect("a name").to_owned(),
                case: case["case"].clone(),
                random: case["random"].as_bool().expect("a flag"),
                arrays: BTreeMap::new(),
            })
            .collect();
        for (name, array) in rhyton_data::npz::read(&folder.join("layers.npz")).expect("arrays") {
            let (number, key) = name.split_once('/').expect("number and key");
            let number: usize = number.parse().expect("a number");
            cases[number].arrays.insert(key.to_owned(), array);
        }
        cases
    }

    fn layer(&self) -> Result<Arc<dyn Layer>> {
        let mut config = self.case.clone();
        if let Some(config) = config.as_object_mut() {
            config.shift_remove("sample_shapes");
        }
        let spec = LAYERS.find(&self.class_name).expect("the list has the layer");
        Ok((spec.from_config)(config)?.renamed("subject", true))
    }

    /// The arrays `prefix0`, `prefix1`, …
    fn numbered(&self, prefix: &str) -> Vec<Array> {
        let names = (0..).map(|place| format!("{prefix}{place}"));
        names.map_while(|name| self.arrays.get(&name).cloned()).collect()
    }

    fn check(&self, backend: Arc<dyn Backend>) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        let layer = self.layer()?;
        let program = Program::new(self, &*layer)?;
        for (what, found, expected, tolerance) in program.compare(self, &layer, &*backend)? {
            compare(&mut problems, &what, (&found, &expected), tolerance);
        }
        if !self.random {
            self.training_step(&layer, backend, &mut problems)?;
        }
        Ok(problems)
    }

    fn training_step(
        &self,
        layer: &Arc<dyn Layer>,
        backend: Arc<dyn Backend>,
        problems: &mut Vec<String>,
    ) -> Result<()> {
        let x = self.numbered("x");
        let inputs: Vec<Tensor> = x.iter().map(|x| input(&x.shape()[1..])).collect();
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        let mut model = Model::functional(&inputs, &[&layer.apply(&inputs)])?;
        let choice = crate::backends::Engine { backend, device: None };
        model.engine = Engine::new(choice, model.weights.variables(), model.weight_values()?);
        let order = file_order(&model.weights);
        for (&place, value) in order.iter().zip(self.numbered("w")) {
            model.engine.write(place, &value)?;
        }
        model.compile(Compile::new().optimizer(SGD::new(LEARNING_RATE)).loss("mse"))?;
        let fit = Fit::new().shuffle(false).verbose(Verbose::Silent);
        let history = model.fit(&x, &self.arrays["target"], fit)?;
        let loss = Array::scalar(history.history["loss"][0]);
        compare(problems, "loss", (&loss, &self.arrays["loss"]), STEPS);
        for (&place, expected) in order.iter().zip(self.numbered("after")) {
            let what = format!("{} after a step", model.weights.path(place));
            compare(problems, &what, (&model.engine.read(place)?, &expected), STEPS);
        }
        Ok(())
    }
}

/// The weights in the order of Keras' files.
fn file_order(weights: &Weights) -> Vec<VariableId> {
    let (first, then): (Vec<_>, Vec<_>) = weights.iter().partition(|(_, w)| w.trainable);
    first.into_iter().chain(then).map(|(place, _)| place).collect()
}

fn compare(problems: &mut Vec<String>, what: &str, arrays: (&Array, &Array), tolerance: f64) {
    let (found, expected) = arrays;
    if found.shape() != expected.shape() {
        problems.push(format!("{what}: {:?}, Keras {:?}", found.shape(), expected.shape()));
        return;
    }
    let error = lock_step_error(&found.to_f64(), &expected.to_f64());
    if error.is_nan() || error > tolerance {
        problems.push(format!("{what}: off by {error:.1e}"));
    }
}

/// A layer's outputs and gradients as programs.
struct Program {
    weights: Weights,
    specs: Vec<Spec>,
}

impl Program {
    fn new(golden: &Golden, layer: &dyn Layer) -> Result<Self> {
        let batched = |x: &Array| Spec::new(x.dtype(), Shape::batched(&x.shape()[1..]));
        let specs: Vec<Spec> = golden.numbered("x").iter().map(batched).collect();
        let mut weights = Weights::default();
        let mut scope = Scope::root(&mut weights, "subject", layer.common());
        layer.build(&mut scope, &specs)?;
        Ok(Self { weights, specs })
    }

    /// What was found beside what Keras found: outputs, then gradients.
    fn compare(
        &self,
        golden: &Golden,
        layer: &Arc<dyn Layer>,
        backend: &dyn Backend,
    ) -> Result<Vec<(String, Array, Array, f64)>> {
        let y = self.run(golden, &**layer, backend, false)?;
        let mut all =
            vec![("output".to_owned(), y[0].clone(), golden.arrays["y"].clone(), OUTPUTS)];
        let mut found = y;
        if !golden.random {
            found = self.run(golden, &**layer, backend, true)?;
            let expected = golden.arrays["training_y"].clone();
            all.push(("output in training".to_owned(), found[0].clone(), expected, OUTPUTS));
        }
        for (place, expected) in golden.numbered("g").into_iter().enumerate() {
            let what = format!("gradient {place}");
            all.push((what, found[place + 1].clone(), expected, STEPS));
        }
        Ok(all)
    }

    /// Output and gradients by inputs and trainable weights.
    fn run(
        &self,
        golden: &Golden,
        layer: &dyn Layer,
        backend: &dyn Backend,
        training: bool,
    ) -> Result<Vec<Array>> {
        let tracer = self.weights.tracer();
        let named = self.specs.iter().enumerate();
        let x: Vec<Tensor> =
            named.map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone())).collect();
        let mut cx = Call::new(&tracer, &self.weights, training);
        let y = cx.run("subject", layer, &x)?.remove(0);
        let cotangent = tracer.input("cotangent", y.spec().clone());
        let total = sum(&(&y * &cotangent), None, false);
        let trained = self.weights.iter().filter(|(_, weight)| weight.trainable);
        let by: Vec<Tensor> =
            x.into_iter().chain(trained.map(|(place, _)| tracer.variable(place))).collect();
        tracer.output("y", &y)?;
        for (place, slope) in gradients(&total, &by.iter().collect::<Vec<_>>())?.iter().enumerate()
        {
            tracer.output(&format!("g{place}"), slope)?;
        }
        let session = backend.session(None, self.weights.variables().into())?;
        for (&place, value) in file_order(&self.weights).iter().zip(golden.numbered("w")) {
            session.write(place, &value)?;
        }
        let program = session.compile(&rhyton_graph::simplify(&tracer.finish()))?;
        let mut arrays = golden.numbered("x");
        arrays.push(golden.arrays["cotangent"].clone());
        let mut outputs = Vec::new();
        let inputs: Vec<&Array> = arrays.iter().collect();
        program.run(&inputs, &mut outputs, &RunOptions::default())?;
        Ok(outputs)
    }
}

#[test]
fn layers_do_what_keras_does() {
    let goldens = Golden::all();
    let mut problems = Vec::new();
    let backends: [Arc<dyn Backend>; 2] = [Arc::new(NativeBackend), Arc::new(InterpreterBackend)];
    for golden in &goldens {
        for backend in &backends {
            let found = golden.check(Arc::clone(backend));
            let found = found.unwrap_or_else(|error| vec![error.to_string()]);
            let title = format!("{} {} on {}", golden.class_name, golden.case, backend.name());
            problems.extend(found.into_iter().map(|problem| format!("{title}: {problem}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_case_has_its_golden() {
    let key = |class: &str, case: &Value| format!("{class} {case}");
    let goldens = Golden::all();
    let there: BTreeSet<String> = goldens.iter().map(|g| key(&g.class_name, &g.case)).collect();
    for spec in LAYERS.specs {
        for case in spec.cases {
            let case: Value = serde_json::from_str(case).expect("a case is JSON");
            let key = key(spec.class_name, &case);
            assert!(there.contains(&key), "{key} has no golden; run `cargo xtask golden`");
        }
    }
}
