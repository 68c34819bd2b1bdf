use std::fmt;
use std::sync::{PoisonError, RwLock};

use rhyton_tensor::DType;
use serde_json::Value;

use crate::objects::nearest;
use crate::{Error, Result};

/// In which element types a layer computes and keeps its weights, by Keras' names.
///
/// | name | computes in | weights |
/// |---|---|---|
/// | `float16`, `bfloat16`, `float32`, `float64` | the type of the name | the same |
/// | `mixed_float16`, `mixed_bfloat16` | half precision | float32 |
///
/// Made from a name or an element type: `Dense::new(10).dtype("mixed_bfloat16")`. A name that nothing
/// has surfaces when the layer is used.
///
/// Source: Keras 3.15 `keras.DTypePolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DTypePolicy(Choice);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    Known(&'static Row),
    Unknown(String),
}

/// One policy: its name, what is computed in, what weights are kept in.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    compute: DType,
    variable: DType,
}

static POLICIES: [Row; 6] = [
    Row { name: "float32", compute: DType::F32, variable: DType::F32 },
    Row { name: "float16", compute: DType::F16, variable: DType::F16 },
    Row { name: "bfloat16", compute: DType::BF16, variable: DType::BF16 },
    Row { name: "float64", compute: DType::F64, variable: DType::F64 },
    Row { name: MIXED_FLOAT16, compute: DType::F16, variable: DType::F32 },
    Row { name: "mixed_bfloat16", compute: DType::BF16, variable: DType::F32 },
];

const MIXED_FLOAT16: &str = "mixed_float16";

/// What [`set_dtype_policy`] set; `None` follows the setting `floatx`.
static GLOBAL: RwLock<Option<DTypePolicy>> = RwLock::new(None);

/// The policy of layers that say none: what [`set_dtype_policy`] set, else the setting `floatx`.
pub fn dtype_policy() -> DTypePolicy {
    let set = GLOBAL.read().unwrap_or_else(PoisonError::into_inner).clone();
    set.unwrap_or_else(|| {
        // Settings that can't be read fail where a model is made.
        let settings = crate::configuration::settings();
        settings.map_or_else(|_| DTypePolicy::float32(), |settings| settings.floatx.as_str().into())
    })
}

/// Sets the policy of layers that are made from now on and say none, as Keras'
/// `keras.config.set_dtype_policy`.
///
/// # Errors
/// [`Error::Config`] for a name that no policy has.
pub fn set_dtype_policy(policy: impl Into<DTypePolicy>) -> Result<()> {
    let policy = policy.into();
    policy.check("dtype_policy")?;
    *GLOBAL.write().unwrap_or_else(PoisonError::into_inner) = Some(policy);
    Ok(())
}

impl DTypePolicy {
    fn float32() -> Self {
        Self(Choice::Known(&POLICIES[0]))
    }

    /// The policy in a file: a name, or Keras' object of one.
    pub(crate) fn read(layer: &str, value: Option<&Value>) -> Result<Self> {
        let name = match value {
            None | Some(Value::Null) => return Ok(Self::float32()),
            Some(Value::String(name)) => name.as_str(),
            Some(object) => {
                let name = object.get("config").and_then(|config| config.get("name"));
                name.and_then(Value::as_str).or_else(|| object["class_name"].as_str()).unwrap_or("")
            }
        };
        let policy = Self::from(name);
        policy.check(layer)?;
        Ok(policy)
    }

    /// The name in files.
    pub fn name(&self) -> &str {
        match &self.0 {
            Choice::Known(row) => row.name,
            Choice::Unknown(name) => name,
        }
    }

    /// What is computed in.
    pub fn compute_dtype(&self) -> DType {
        self.row().compute
    }

    /// What weights are kept in.
    pub fn variable_dtype(&self) -> DType {
        self.row().variable
    }

    /// Whether gradients may vanish without a scaled loss: float16 beside float32 weights.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn scales_loss(&self) -> bool {
        self.name() == MIXED_FLOAT16
    }

    fn row(&self) -> &'static Row {
        match &self.0 {
            Choice::Known(row) => row,
            Choice::Unknown(_) => &POLICIES[0],
        }
    }

    /// Refuses a name that no policy has.
    pub(crate) fn check(&self, owner: &str) -> Result<()> {
        let Choice::Unknown(name) = &self.0 else { return Ok(()) };
        let names = POLICIES.iter().map(|row| row.name);
        let near = nearest(name, names.clone()).join(", ");
        let list = names.collect::<Vec<_>>().join(", ");
        let near = if near.is_empty() { near } else { format!(" (did you mean {near}?)") };
        Err(Error::config(owner, "dtype", format!("one of {list}{near}"), format!("`{name}`")))
    }
}

impl fmt::Display for DTypePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<&str> for DTypePolicy {
    fn from(name: &str) -> Self {
        let found = POLICIES.iter().find(|row| row.name == name);
        Self(found.map_or_else(|| Choice::Unknown(name.to_owned()), Choice::Known))
    }
}

impl From<String> for DTypePolicy {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<DType> for DTypePolicy {
    fn from(dtype: DType) -> Self {
        Self::from(dtype.name())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_objects_are_read() {
        let read = |value: &Value| DTypePolicy::read("dense", Some(value));
        let mixed = read(&json!("mixed_bfloat16")).unwrap();
        assert_eq!((mixed.compute_dtype(), mixed.variable_dtype()), (DType::BF16, DType::F32));
        let object = json!({"class_name": "DTypePolicy", "config": {"name": "float64"}});
        assert_eq!(read(&object).unwrap(), DTypePolicy::from(DType::F64));
        assert_eq!(DTypePolicy::read("dense", None).unwrap().name(), "float32");
        insta::assert_snapshot!(read(&json!("mixed_float61")).unwrap_err(), @"dense: dtype expected one of float32, float16, bfloat16, float64, mixed_float16, mixed_bfloat16 (did you mean mixed_float16, mixed_bfloat16?), received `mixed_float61`");
        let quantized = json!({"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}});
        assert!(read(&quantized).unwrap_err().to_string().contains("`QuantizedDTypePolicy`"));
    }
}
