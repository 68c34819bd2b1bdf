use rhyton_graph::Error;

use crate::ffi::Failure;

/// The name that configuration uses.
pub(crate) const NAME: &str = "tensorflow";

/// An error of this backend.
pub(crate) fn backend(what: impl Into<String>, advice: impl Into<String>) -> Error {
    Error::Backend { backend: NAME.to_owned(), what: what.into(), advice: advice.into() }
}

/// A library that can't be found or used.
pub(crate) fn unavailable(error: &rhyton_dlopen::Error) -> Error {
    backend(error.problem(), error.advice())
}

/// A call that failed, with the advice that its code allows.
pub(crate) fn failed(doing: &str, failure: &Failure) -> Error {
    let (code, advice) = match failure.code {
        1 => return Error::Cancelled,
        3 => {
            ("invalid argument", "report this program, its shapes should have been refused earlier")
        }
        8 => ("out of memory", "use a smaller batch or model, or free memory"),
        9 => ("failed precondition", "make a new session; this one lost a variable"),
        12 => ("not implemented", "use another TensorFlow version or the `native` backend"),
        _ => ("failed", "try the `native` backend; if that works, report this program"),
    };
    backend(format!("{doing}: {code} ({})", failure.message), advice)
}
