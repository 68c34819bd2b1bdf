//! A model's variables and programs on a backend. The session is made at first use; until then
//! the values wait on the host, so that describing, loading and saving a model starts no engine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhyton_graph::{
    Executable, Session, Tracer, VariableId, VariableSpec, simplify, without_derivatives,
};
use rhyton_tensor::Array;

use crate::Result;
use crate::backends::Engine as Choice;

/// Variables, session and compiled programs of one model.
pub(crate) struct Engine {
    choice: Choice,
    state: Mutex<State>,
}

struct State {
    variables: Arc<[VariableSpec]>,
    place: Place,
    /// The programs by their keys, the one used last at the end.
    programs: Vec<(String, Arc<dyn Executable>)>,
}

/// How many programs a model keeps: each purpose, with each set of element types and sizes, has
/// one. The one whose use is longest ago makes room.
const PROGRAMS_MAX: usize = 32;

enum Place {
    Host(Vec<Array>),
    Device(Arc<dyn Session>),
}

impl State {
    /// The program under a key, which becomes the one used last.
    fn used(&mut self, key: &str) -> Option<Arc<dyn Executable>> {
        let place = self.programs.iter().position(|(known, _)| known == key)?;
        self.programs[place..].rotate_left(1);
        self.programs.last().map(|(_, program)| Arc::clone(program))
    }
}

impl Engine {
    pub(crate) fn new(choice: Choice, variables: Vec<VariableSpec>, values: Vec<Array>) -> Self {
        let state =
            State { variables: variables.into(), place: Place::Host(values), programs: Vec::new() };
        Self { choice, state: Mutex::new(state) }
    }

    /// The backend's name.
    pub(crate) fn backend_name(&self) -> &str {
        self.choice.backend.name()
    }

    pub(crate) fn variables(&self) -> Arc<[VariableSpec]> {
        Arc::clone(&self.state().variables)
    }

    /// The value of a variable.
    pub(crate) fn read(&self, variable: VariableId) -> Result<Array> {
        match &self.state().place {
            Place::Host(values) => Ok(values[variable.index()].clone()),
            Place::Device(session) => Ok(session.read(variable)?),
        }
    }

    /// Sets a variable.
    pub(crate) fn write(&self, variable: VariableId, value: &Array) -> Result<()> {
        let mut state = self.state();
        state.variables[variable.index()].check(value)?;
        match &mut state.place {
            Place::Host(values) => values[variable.index()] = value.clone(),
            Place::Device(session) => session.write(variable, value)?,
        }
        Ok(())
    }

    /// Keeps the first `keep` variables with their values and puts new ones behind them; compiled
    /// programs are dropped.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn extend(
        &self,
        keep: usize,
        added: Vec<VariableSpec>,
        values: Vec<Array>,
    ) -> Result<()> {
        let mut kept = (0..keep as u32)
            .map(|place| self.read(VariableId(place)))
            .collect::<Result<Vec<_>>>()?;
        let mut state = self.state();
        let mut variables = state.variables[..keep].to_vec();
        variables.extend(added);
        kept.extend(values);
        state.variables = variables.into();
        state.place = Place::Host(kept);
        state.programs.clear();
        Ok(())
    }

    /// How many programs are compiled.
    #[cfg(test)]
    pub(crate) fn program_count(&self) -> usize {
        self.state().programs.len()
    }

    /// The program under a key, traced and compiled at its first use.
    pub(crate) fn program(
        &self,
        key: &str,
        trace: impl FnOnce(&Tracer) -> Result<()>,
    ) -> Result<Arc<dyn Executable>> {
        if let Some(program) = self.state().used(key) {
            return Ok(program);
        }
        // Tracing may ask for variables, so the lock is not held meanwhile.
        let tracer = Tracer::new(self.variables());
        trace(&tracer)?;
        let graph = simplify(&without_derivatives(&tracer.finish()));
        // Others predict while this compiles; who came first with the same program has it.
        let session = self.session(&mut self.state())?;
        let program = session.compile(&graph)?;
        let mut state = self.state();
        if let Some(program) = state.used(key) {
            return Ok(program);
        }
        if state.programs.len() == PROGRAMS_MAX {
            state.programs.remove(0);
        }
        state.programs.push((key.to_owned(), Arc::clone(&program)));
        Ok(program)
    }

    fn session(&self, state: &mut State) -> Result<Arc<dyn Session>> {
        match &state.place {
            Place::Device(session) => Ok(Arc::clone(session)),
            Place::Host(values) => {
                let device = self.choice.device.as_deref();
                let session = self.choice.backend.session(device, Arc::clone(&state.variables))?;
                for (place, value) in values.iter().enumerate() {
                    session.write(VariableId(place as u32), value)?;
                }
                state.place = Place::Device(Arc::clone(&session));
                Ok(session)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_unused_for_longest_makes_room() {
        let settings = crate::configuration::settings().unwrap();
        let choice = crate::backends::from_settings(&settings).unwrap();
        let engine = Engine::new(choice, Vec::new(), Vec::new());
        let traced = |key: &str| {
            let mut traced = false;
            let trace = |tracer: &Tracer| {
                traced = true;
                Ok(tracer.output("y", &tracer.constant(Array::scalar(1.0_f32)))?)
            };
            engine.program(key, trace).unwrap();
            traced
        };
        for place in 0..PROGRAMS_MAX {
            assert!(traced(&place.to_string()));
        }
        assert!(!traced("0"), "all are kept");
        assert!(traced("one more"));
        assert!(!traced("0"), "it was used of late");
        assert!(traced("1"), "it was not");
    }
}
