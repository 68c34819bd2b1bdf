use std::sync::Arc;

use rhyton_graph::{Graph, Spec, Tensor, Tracer, simplify};
use rhyton_tensor::DType;

use crate::{Error, Result};

/// A schedule made of your own function of the step.
///
/// ```
/// # use rhyton::{Adam, Tensor, optimizers::schedules::FunctionSchedule};
/// # fn main() -> rhyton::Result<()> {
/// let warm_up = |step: &Tensor| 0.01 * rhyton::ops::minimum((step + 1.0) / 100.0, 1.0);
/// let optimizer = Adam::new(FunctionSchedule::new(warm_up)?);
/// # Ok(())
/// # }
/// ```
///
/// The function is traced once, into a program. Files hold the program in `rhyton.json`, and
/// Keras' part of the file says the rate at the time of saving: Rhyton goes on with the schedule,
/// Keras with that rate.
#[derive(Debug, Clone)]
pub struct FunctionSchedule {
    program: Arc<Graph>,
    text: Arc<str>,
}

impl FunctionSchedule {
    /// The schedule of a function from the number of steps before, a float32 scalar, to the
    /// learning rate, another.
    ///
    /// # Errors
    /// What the function's operations refuse; [`Error::Config`] for a result of another shape or
    /// element type.
    pub fn new(function: impl FnOnce(&Tensor) -> Tensor) -> Result<Self> {
        let tracer = Tracer::new(Arc::new([]));
        let step = tracer.input("step", scalar());
        tracer.output("learning_rate", &function(&step))?;
        Self::from_program(simplify(&tracer.finish()))
    }

    /// From the program's text.
    pub(crate) fn from_text(text: &str) -> Result<Self> {
        Self::from_program(text.parse()?)
    }

    /// The program's text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The learning rate, from the number of steps before.
    pub(crate) fn call(&self, step: &Tensor) -> Result<Tensor> {
        Ok(self.program.call(std::slice::from_ref(step))?.remove(0).checked()?)
    }

    fn from_program(program: Graph) -> Result<Self> {
        let spec = |id| &program.node(id).spec;
        let inputs: Vec<&Spec> = program.inputs.iter().map(|&id| spec(id)).collect();
        let outputs: Vec<&Spec> = program.outputs.iter().map(|(_, id)| spec(*id)).collect();
        let one = scalar();
        if inputs != [&one] || outputs != [&one] || !program.variables.is_empty() {
            let expected = "a float32 scalar made of a float32 scalar";
            let list = |specs: &[&Spec]| {
                specs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            };
            let received = format!("{} made of {}", list(&outputs), list(&inputs));
            return Err(Error::config("schedule", "function", expected, received));
        }
        let text = program.to_string().into();
        Ok(Self { program: Arc::new(program), text })
    }
}

impl PartialEq for FunctionSchedule {
    /// The same program.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn scalar() -> Spec {
    Spec::new(DType::F32, &[][..] as &[usize])
}
