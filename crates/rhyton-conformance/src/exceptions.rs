/// A case that a backend does not run.
#[derive(Debug)]
pub struct Exception {
    /// The backend.
    pub backend: &'static str,
    /// The primitive without which the case can't run.
    pub primitive: &'static str,
    /// Why, and what would end it.
    pub reason: &'static str,
}

/// All that backends are excused from. A backend must refuse exactly these, by
/// `Session::unsupported`: a row that is out of date fails the suite too.
pub static EXCEPTIONS: &[Exception] = &[
    Exception {
        backend: "tensorflow",
        primitive: "scan",
        reason: "its loops need function bodies in the graph; they come with the recurrent layers",
    },
    Exception {
        backend: "tensorflow",
        primitive: "projection",
        reason: "it takes a value out of a scan",
    },
];

/// Whether a backend is excused from a primitive.
pub fn excused(backend: &str, primitive: &str) -> bool {
    EXCEPTIONS.iter().any(|row| row.backend == backend && row.primitive == primitive)
}
