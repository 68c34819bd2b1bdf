//! Activations: definitions in the expression language (or functions over an axis), and the values
//! that layers hold. A built-in is one file in `catalogue/` and two lines in its list; a user's
//! comes from the registry or from its text; both are the same kind of thing from then on.

mod binding;
mod built_in;
mod catalogue;
mod definition;
mod evaluation;
mod keras_form;
mod lookup;
mod parameter;
mod rows;
mod value;

#[cfg(feature = "training")]
pub(crate) use binding::Bound;
#[cfg(feature = "training")]
pub(crate) use binding::split_arguments;
pub use built_in::{AxisFunction, BuiltIn, BuiltInParameter, Formula, Limits, ParameterRange};
pub use catalogue::ACTIVATIONS;
pub(crate) use definition::stabilised;
pub use definition::{Body, Definition, TensorFunction};
#[cfg(feature = "training")]
pub(crate) use definition::{signature, stabilised_as};
pub use evaluation::Evaluator;
pub(crate) use keras_form::{Stored, exact_form, keras_knows, without_exact};
pub(crate) use lookup::{File, find_layer, vocabulary, with_file};
pub use lookup::{custom_object_scope, definitions};
#[cfg(feature = "training")]
pub(crate) use lookup::{given, registered};
#[cfg(feature = "training")]
pub(crate) use parameter::parse_number;
pub use parameter::{Parameter, Trainable, trainable};
pub use value::Activation;
/// What can be told of an activation's expression before it is used: the review, its gain and edge
/// of chaos, and how signals propagate.
pub mod review {
    pub use rhyton_expression::{
        Accuracy, Bound, DerivativeCheck, EdgeOfChaos, End, Error, Expression, Half,
        Initialization, Inputs, Jump, Kink, LayerSignal, Limit, Moments, Monotone, Propagation,
        Range, Review, Signal, Tally, Variable, Verdict, Worst,
    };
}
