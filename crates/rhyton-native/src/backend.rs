use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rhyton_graph::{
    Backend, Device, Error, Executable, Graph, Result, RunOptions, Session, StepProfile,
    Unsupported, VariableId, VariableSpec,
};
use rhyton_tensor::Array;

use crate::arena::{self, Line, Memory, Region, Scratch};
use crate::bound::Bound;
use crate::kernels::Run;
use crate::plan::{Place, Plan};
use crate::simd::Level;
use crate::threads;

/// The CPU engine.
///
/// Programs are planned once and run at every batch size. All threads of the machine take part
/// unless a run asks for fewer; results do not depend on how many.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeBackend;

impl NativeBackend {
    /// How a graph would run at a batch size: one line for each step with its kernel, shapes,
    /// places, bytes and layer. Steps that run a primitive's reference evaluation say `REFERENCE`.
    pub fn explain(&self, graph: &Graph, batch: usize) -> String {
        let plan = Plan::new(graph, Some(Level::detect()));
        match Bound::new(&plan, batch, Level::detect()) {
            Ok(bound) => plan.explain(&bound),
            Err(error) => format!("{error}\n"),
        }
    }

    /// Devices that are the CPU with one set of instructions each, plainest first; `cpu` has the
    /// best. All give the same bits, so these serve to show just that.
    pub fn instruction_sets(&self) -> Vec<&'static str> {
        Level::available().into_iter().map(Level::device).collect()
    }
}

impl Backend for NativeBackend {
    fn name(&self) -> &'static str {
        "native"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        let description = format!("{:?}, {} threads", Level::detect(), threads::available());
        Ok(vec![Device { name: "cpu".to_owned(), description }])
    }

    fn session(
        &self,
        device: Option<&str>,
        variables: Arc<[VariableSpec]>,
    ) -> Result<Arc<dyn Session>> {
        let found = match device {
            None | Some("cpu") => Some(Level::detect()),
            Some(name) => Level::available().into_iter().find(|level| level.device() == name),
        };
        let level = found.ok_or_else(|| Error::Backend {
            backend: "native".to_owned(),
            what: format!("there is no device `{}`", device.unwrap_or_default()),
            advice: "use `native` or `native:cpu`".to_owned(),
        })?;
        let zeros = |variable: &VariableSpec| {
            Ok(Array::try_zeros(variable.spec.dtype, &variable.spec.shape.bind(0))?)
        };
        let values = variables.iter().map(zeros).collect::<Result<_>>()?;
        Ok(Arc::new(NativeSession { variables, values: Arc::new(RwLock::new(values)), level }))
    }
}

struct NativeSession {
    variables: Arc<[VariableSpec]>,
    values: Arc<RwLock<Vec<Array>>>,
    level: Level,
}

impl Session for NativeSession {
    fn unsupported(&self, _graph: &Graph) -> Vec<Unsupported> {
        Vec::new()
    }

    fn compile(&self, graph: &Graph) -> Result<Arc<dyn Executable>> {
        let plan = Plan::new(graph, Some(self.level));
        Ok(Arc::new(Program::new(plan, self.level, Arc::clone(&self.values))))
    }

    fn read(&self, variable: VariableId) -> Result<Array> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        Ok(values[variable.index()].clone())
    }

    fn write(&self, variable: VariableId, value: &Array) -> Result<()> {
        self.variables[variable.index()].check(value)?;
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values[variable.index()] = value.clone();
        Ok(())
    }
}

/// Batch sizes whose numbers a program remembers.
const BOUNDS_MAX: usize = 8;

/// A plan that runs.
pub(crate) struct Program {
    plan: Plan,
    level: Level,
    variables: Arc<RwLock<Vec<Array>>>,
    /// Numbers of the batch sizes run last, the latest last.
    bounds: Mutex<Vec<Arc<Bound>>>,
    workspaces: Mutex<Vec<Workspace>>,
}

/// The memory of one run at a time.
#[derive(Default)]
struct Workspace {
    arena: Vec<Line>,
    scratch: Vec<Line>,
    regions: Vec<Region>,
    /// How long each step took, in a run that is asked for it.
    times: Option<Vec<Duration>>,
}

impl Program {
    /// A program for an instruction set of this machine, on such variables.
    pub(crate) fn new(plan: Plan, level: Level, variables: Arc<RwLock<Vec<Array>>>) -> Self {
        let (bounds, workspaces) = (Mutex::default(), Mutex::default());
        Self { plan, level, variables, bounds, workspaces }
    }

    fn bound(&self, batch: usize) -> Result<Arc<Bound>> {
        let mut bounds = lock(&self.bounds);
        if let Some(place) = bounds.iter().position(|bound| bound.batch == batch) {
            bounds[place..].rotate_left(1);
        } else {
            let bound = Arc::new(Bound::new(&self.plan, batch, self.level)?);
            if bounds.len() >= BOUNDS_MAX {
                bounds.remove(0);
            }
            bounds.push(bound);
        }
        Ok(Arc::clone(&bounds[bounds.len() - 1]))
    }

    /// Runs every step on the places of this run.
    fn steps(
        &self,
        bound: &Bound,
        (regions, scratch): (&[Region], &Scratch<'_>),
        (threads, times): (usize, Option<&mut Vec<Duration>>),
        options: &RunOptions,
    ) -> Result<()> {
        let run = Run {
            plan: &self.plan,
            bound,
            memory: Memory::new(regions),
            scratch,
            level: self.level,
            threads,
        };
        let mut clock = times.map(|times| (times, Instant::now()));
        for (place, (step, numbers)) in self.plan.steps.iter().zip(&bound.steps).enumerate() {
            // A run that has begun to change variables is finished.
            if place <= self.plan.first_change {
                options.check()?;
            }
            run.step(step, numbers)?;
            if let Some((times, last)) = &mut clock {
                let now = Instant::now();
                times.push(now - *last);
                *last = now;
            }
        }
        Ok(())
    }

    fn execute(
        &self,
        bound: &Bound,
        places: &mut Places<'_, '_>,
        workspace: &mut Workspace,
        options: &RunOptions,
    ) -> Result<()> {
        let threads = match options.threads {
            0 => threads::available(),
            count => count.min(threads::THREADS_MAX),
        };
        let Workspace { arena, scratch, regions, times } = workspace;
        arena::grow(arena, bound.arena_bytes)?;
        arena::grow(scratch, bound.scratch_bytes.saturating_mul(threads))?;
        regions.clear();
        let arena: &mut [u8] = bytemuck::cast_slice_mut(arena);
        let whole = Region::exclusive(arena);
        for (slot, &(offset, bytes)) in self.plan.slots.iter().zip(&bound.slots) {
            regions.push(match &slot.place {
                Place::Input(input) => Region::shared(places.inputs[*input].bytes()),
                Place::Constant(array) => Region::shared(array.bytes()),
                Place::Variable(id) => match &mut places.variables {
                    Variables::Shared(values) => Region::shared(values[id.index()].bytes()),
                    Variables::Exclusive(values) => {
                        Region::exclusive(values[id.index()].bytes_mut())
                    }
                },
                Place::Output(output) => Region::exclusive(places.outputs[*output].bytes_mut()),
                Place::Temporary => whole.part(offset, bytes),
            });
        }
        let scratch = Scratch::new(scratch, bound.scratch_bytes);
        self.steps(bound, (regions, &scratch), (threads, times.as_mut()), options)
    }
}

/// The arrays of one run.
struct Places<'a, 'i> {
    inputs: &'a [&'i Array],
    outputs: &'a mut [Array],
    variables: Variables<'a>,
}

enum Variables<'a> {
    Shared(&'a [Array]),
    Exclusive(&'a mut [Array]),
}

impl Executable for Program {
    fn run(&self, inputs: &[&Array], outputs: &mut Vec<Array>, options: &RunOptions) -> Result<()> {
        let mut workspace = lock(&self.workspaces).pop().unwrap_or_default();
        let result = self.run_in(inputs, outputs, options, &mut workspace);
        lock(&self.workspaces).push(workspace);
        result.map(drop)
    }

    fn profile(
        &self,
        inputs: &[&Array],
        outputs: &mut Vec<Array>,
        options: &RunOptions,
    ) -> Result<Option<Vec<StepProfile>>> {
        let mut workspace = lock(&self.workspaces).pop().unwrap_or_default();
        workspace.times = Some(Vec::with_capacity(self.plan.steps.len()));
        let result = self.run_in(inputs, outputs, options, &mut workspace);
        let times = workspace.times.take().unwrap_or_default();
        lock(&self.workspaces).push(workspace);
        Ok(Some(self.plan.profile(&*result?, &times)))
    }
}

impl Program {
    /// Runs once in a workspace, and gives the numbers of the batch's size.
    fn run_in(
        &self,
        inputs: &[&Array],
        outputs: &mut Vec<Array>,
        options: &RunOptions,
        workspace: &mut Workspace,
    ) -> Result<Arc<Bound>> {
        options.check()?;
        let batch = self.plan.graph.bind_batch(inputs)?;
        let bound = self.bound(batch)?;
        let specs = self.plan.graph.outputs.iter().map(|(_, id)| &self.plan.graph.node(*id).spec);
        outputs.truncate(bound.outputs.len());
        for (place, (spec, sizes)) in specs.zip(&bound.outputs).enumerate() {
            match outputs.get_mut(place) {
                Some(array) => array.try_resize_to(spec.dtype, sizes)?,
                None => outputs.push(Array::try_zeros(spec.dtype, sizes)?),
            }
        }
        if self.plan.graph.assigns_variables() {
            let mut values = self.variables.write().unwrap_or_else(PoisonError::into_inner);
            let variables = Variables::Exclusive(&mut values);
            let places = &mut Places { inputs, outputs, variables };
            self.execute(&bound, places, workspace, options)?;
        } else {
            let values = self.variables.read().unwrap_or_else(PoisonError::into_inner);
            let variables = Variables::Shared(&values);
            let places = &mut Places { inputs, outputs, variables };
            self.execute(&bound, places, workspace, options)?;
        }
        Ok(bound)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
