use crate::{Error, Result};

/// What belongs to outputs: the same to all, one to each in the model's order, or by name.
#[derive(Debug, Clone)]
pub(crate) enum PerOutput<T> {
    Same(T),
    List(Vec<T>),
    Named { named: Vec<(String, T)>, others: T },
}

impl<T: Clone + Default> PerOutput<T> {
    /// Sets what belongs to one output; the others keep what was the same to all.
    pub(crate) fn set(&mut self, output: &str, value: T) {
        if let Self::Named { named, .. } = self {
            named.retain(|(name, _)| name != output);
            named.push((output.to_owned(), value));
            return;
        }
        let others = match self {
            Self::Same(value) => value.clone(),
            _ => T::default(),
        };
        *self = Self::Named { named: vec![(output.to_owned(), value)], others };
    }

    /// What belongs to each output.
    ///
    /// # Errors
    /// When the names or the number are not those of the outputs.
    pub(crate) fn of_each(&self, argument: &'static str, outputs: &[String]) -> Result<Vec<T>> {
        let refuse = |expected: String, received: String| {
            Err(Error::config("compile", argument, expected, received))
        };
        match self {
            Self::Same(value) => Ok(vec![value.clone(); outputs.len()]),
            Self::List(list) if list.len() == outputs.len() => Ok(list.clone()),
            Self::List(list) => {
                refuse(format!("one for each of {} outputs", outputs.len()), list.len().to_string())
            }
            Self::Named { named, others } => {
                if let Some((name, _)) = named.iter().find(|(name, _)| !outputs.contains(name)) {
                    return refuse(
                        format!("outputs of {}", outputs.join(", ")),
                        format!("`{name}`"),
                    );
                }
                let of = |output: &String| {
                    let found = named.iter().find(|(name, _)| name == output);
                    found.map_or_else(|| others.clone(), |(_, value)| value.clone())
                };
                Ok(outputs.iter().map(of).collect())
            }
        }
    }
}
