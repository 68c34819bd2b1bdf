//! The check that every layer's tests share: configuration, shapes, element types, gradients,
//! files, one training step. For tests of any crate that has layers.

use std::sync::Arc;

use rhyton_graph::{Shape, Spec};
use rhyton_tensor::{Array, DType, philox4x32, uniform_f32};
use serde_json::Value;

use crate::layer::{Apply, Layer, LayerSpec, output_specs};
use crate::{Compile, Error, Fit, LoadOptions, Model, Predict, Registry, Result, Verbose, input};

mod gradient;

/// The shape of a sample where a case does not say another.
const SAMPLE: &[usize] = &[3, 4];

/// Checks one case of a layer, a configuration as Keras' JSON; see [`examine_layer`].
///
/// # Panics
/// With what differs, if anything does.
#[track_caller]
pub fn check_layer(spec: &'static LayerSpec, case: &str) {
    let result = examine_layer(spec, case);
    let message = result.err().map(|error| format!("{} {case}: {error}", spec.class_name));
    assert!(message.is_none(), "{}", message.unwrap_or_default());
}

/// Checks one case of a layer, a configuration as Keras' JSON.
///
/// The key `sample_shapes`, which the layer does not see, gives the shapes of its inputs without
/// the batch: `[[3, 4]]` if it is absent. What is checked:
/// - the configuration that is written reads back as the same configuration;
/// - at N = 1 and 7 outputs have the shapes and element types that tracing says;
/// - gradients by weights and inputs, in float64, agree with central differences, in training and
///   outside;
/// - the model that comes back from a file's bytes predicts the same bits;
/// - a training step leaves finite weights, moves the trainable ones and no other but those that
///   the layer assigns itself; none when the layer is not trainable.
///
/// # Errors
/// What the layer fails with; [`Error::Config`] with what differs.
pub fn examine_layer(spec: &'static LayerSpec, case: &str) -> Result<()> {
    let subject = Subject::new(spec, case)?;
    subject.configuration()?;
    subject.shapes()?;
    gradient::check(&*subject.layer, &subject.inputs)?;
    subject.file()?;
    subject.training_step()
}

/// A layer under test.
struct Subject {
    spec: &'static LayerSpec,
    layer: Arc<dyn Layer>,
    inputs: Vec<Spec>,
}

impl Subject {
    fn new(spec: &'static LayerSpec, case: &str) -> Result<Self> {
        let unreadable = |error| Error::config(spec.class_name, "case", "JSON", error);
        let mut config: Value = serde_json::from_str(case).map_err(unreadable)?;
        let shapes = config.as_object_mut().and_then(|config| config.shift_remove("sample_shapes"));
        let shapes: Vec<Vec<usize>> = match shapes {
            Some(shapes) => serde_json::from_value(shapes).map_err(unreadable)?,
            None => vec![SAMPLE.to_vec()],
        };
        let layer = (spec.from_config)(config)?;
        let inputs = shapes.iter().map(|shape| Spec::new(DType::F32, Shape::batched(shape)));
        Ok(Self { spec, layer, inputs: inputs.collect() })
    }

    fn differs(&self, what: &str, expected: impl Into<String>, received: String) -> Error {
        Error::config(self.spec.class_name, what, expected, received)
    }

    fn configuration(&self) -> Result<()> {
        let written = Value::Object(self.layer.config());
        let again = Value::Object((self.spec.from_config)(written.clone())?.config());
        if written == again {
            return Ok(());
        }
        Err(self.differs("configuration read back", written.to_string(), again.to_string()))
    }

    /// A model of the layer alone.
    fn model(&self, trainable: bool) -> Result<Model> {
        let layer = self.layer.renamed("subject", trainable);
        let inputs: Vec<_> =
            self.inputs.iter().map(|spec| input(&spec.shape.bind(0)[1..])).collect();
        let inputs: Vec<_> = inputs.iter().collect();
        Model::functional(&inputs, &[&layer.apply(&inputs)])
    }

    fn samples(&self, rows: usize) -> Vec<Array> {
        let inputs = self.inputs.iter().enumerate();
        inputs.map(|(place, spec)| array(&spec.shape.bind(rows), place)).collect()
    }

    fn shapes(&self) -> Result<()> {
        let traced = output_specs(&*self.layer, &self.inputs, &[])?.remove(0);
        let model = self.model(true)?;
        for rows in [1, 7] {
            let found = model.predict(&self.samples(rows), Predict::new())?.remove(0);
            if found.shape() != traced.shape.bind(rows) || found.dtype() != traced.dtype {
                let received = format!("{}{:?}", found.dtype(), found.shape());
                return Err(self.differs("output", format!("{traced} at N = {rows}"), received));
            }
        }
        Ok(())
    }

    fn file(&self) -> Result<()> {
        let model = self.model(true)?;
        let unwritable = |error| self.differs("file", "one that can be read", format!("{error}"));
        let bytes = rhyton_formats::write_bytes(&model.to_file()?).map_err(unwritable)?;
        let file = rhyton_formats::read_bytes(&bytes).map_err(unwritable)?;
        let custom_objects = Registry::new();
        custom_objects.layer(self.spec)?;
        let options = LoadOptions { custom_objects: Some(custom_objects), compile: true };
        let again = Model::from_file(&file, &options)?;
        let x = self.samples(5);
        let before = model.predict(&x, Predict::new())?;
        let after = again.predict(&x, Predict::new())?;
        if before == after && again.weight_values()? == model.weight_values()? {
            return Ok(());
        }
        Err(self.differs("predictions after loading", "the same bits", "others".to_owned()))
    }

    fn training_step(&self) -> Result<()> {
        for trainable in [true, false] {
            let mut model = self.model(trainable)?;
            model.compile(Compile::new().optimizer("sgd").loss("mse"))?;
            let (before, x) = (model.weight_values()?, self.samples(6));
            let outputs = model.outputs();
            let y = array(&outputs[0].1.shape.bind(6), 100);
            model.fit(&x, &y, Fit::new().verbose(Verbose::Silent))?;
            let after = model.weight_values()?;
            let assigned =
                gradient::assigned(&*self.layer.renamed("subject", trainable), &self.inputs)?;
            for (place, (variable, weight)) in model.weights().iter().enumerate() {
                let moved = before[place] != after[place];
                if !after[place].to_f64().iter().all(|value| value.is_finite()) {
                    return Err(self.differs("training", "finite weights", weight.path.clone()));
                }
                if moved != (weight.trainable || assigned.contains(&variable)) {
                    let expected = if moved { "unchanged" } else { "changed" };
                    let what = format!("{} after a step, trainable {trainable}", weight.path);
                    return Err(self.differs(&what, expected, format!("{:?}", after[place])));
                }
            }
        }
        Ok(())
    }
}

/// Numbers in [−1, 1) that depend on nothing but their places.
fn array(shape: &[usize], stream: usize) -> Array {
    let mut array = Array::zeros(DType::F32, shape);
    for (place, value) in array.view_mut::<f32>().iter_mut().enumerate() {
        let words = philox4x32([3, 5], [place as u32, stream as u32, 0, 0]);
        *value = 2.0 * uniform_f32(words[0]) - 1.0;
    }
    array
}
