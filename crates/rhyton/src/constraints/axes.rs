use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The axes over which a norm is taken; negative ones count from the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axes(Option<Vec<isize>>);

impl Axes {
    /// All axes: one norm for the whole weight.
    pub fn all() -> Self {
        Self(None)
    }

    /// The axes, or `None` for all.
    pub fn as_slice(&self) -> Option<&[isize]> {
        self.0.as_deref()
    }
}

impl Default for Axes {
    /// The first axis.
    fn default() -> Self {
        0.into()
    }
}

impl From<isize> for Axes {
    fn from(axis: isize) -> Self {
        Self(Some(vec![axis]))
    }
}

impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Self {
        Self(Some(axes.to_vec()))
    }
}

impl From<Vec<isize>> for Axes {
    fn from(axes: Vec<isize>) -> Self {
        Self(Some(axes))
    }
}

/// Keras' forms: a number, a list of numbers, or null for all.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    One(isize),
    List(Vec<isize>),
    All(()),
}

impl Serialize for Axes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_slice() {
            None => Form::All(()),
            Some([axis]) => Form::One(*axis),
            Some(axes) => Form::List(axes.to_vec()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Axes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::One(axis) => axis.into(),
            Form::List(axes) => axes.into(),
            Form::All(()) => Self::all(),
        })
    }
}
