use std::io;
use std::path::PathBuf;

/// Why a model file can't be read or written. A message holds its cause's, so none has a `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What went wrong, and in which file.
    #[error("`{}`: {cause}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<Self>,
    },
    /// The operating system refused.
    #[error("can't {action}: {cause}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        cause: io::Error,
    },
    /// The path is neither a file nor a model's folder.
    #[error("expected a regular file or a folder with `config.json`, received {received}")]
    NotAFile {
        /// What it is instead.
        received: &'static str,
    },
    /// No format has this extension.
    #[error(
        "file name: expected one that ends in {}, received `{name}`; rename or convert it",
        expected.join(", ")
    )]
    UnknownExtension {
        /// The file's name.
        name: String,
        /// The extensions there are.
        expected: Vec<&'static str>,
    },
    /// The bytes are in no known format.
    #[error(
        "expected a model file ({}), received {received}; save it again with Keras 3's `model.save(\"name.keras\")`",
        expected.join(", ")
    )]
    UnknownContent {
        /// What the first bytes look like.
        received: &'static str,
        /// The extensions there are.
        expected: Vec<&'static str>,
    },
    /// The zip archive is damaged or uses what Keras never writes.
    #[error("zip archive: {reason}; the file is damaged or no model: copy or save it again")]
    Archive {
        /// The zip reader's finding.
        reason: String,
    },
    /// A member can't be unpacked.
    #[error("member `{member}`: {reason}; the file is damaged: copy or save it again")]
    Member {
        /// The member's name.
        member: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A member that every model has isn't there.
    #[error("expected a member `{member}`, received {}; {advice}", list(found))]
    MissingMember {
        /// The member's name.
        member: &'static str,
        /// The members there are, at most eight.
        found: Vec<String>,
        /// What to do.
        advice: &'static str,
    },
    /// A member's name leaves the model's own folder, or is not portable.
    #[error(
        "member `{name}`: expected a relative path of plain names, received one that leaves the model or isn't portable; the file is hostile or broken, don't use it"
    )]
    MemberName {
        /// The name.
        name: String,
    },
    /// Something is larger than any honest file makes it.
    #[error(
        "{what}: expected at most {limit}, received {received}; the file is damaged or made to exhaust memory"
    )]
    TooLarge {
        /// What is counted.
        what: String,
        /// The limit.
        limit: u64,
        /// What the file asks for, or the limit + 1 where the count stopped.
        received: u64,
    },
    /// A JSON member isn't JSON.
    #[error("member `{member}`: expected JSON, received text that fails at {cause}")]
    Json {
        /// The member's name.
        member: &'static str,
        /// Line, column and cause.
        cause: serde_json::Error,
    },
    /// The HDF5 file of the weights is damaged or uses what can't be read.
    #[error(
        "weights `/{path}`: {reason}; the file is damaged or uses an HDF5 feature that Keras never writes"
    )]
    Hdf5 {
        /// The group or dataset; empty is the root.
        path: String,
        /// The HDF5 reader's finding.
        reason: String,
    },
    /// A variable's elements have a type that arrays don't.
    #[error("weights `/{path}`: expected one of {}, received {received}", rhyton_tensor::DType::names().join(", "))]
    ElementType {
        /// The dataset.
        path: String,
        /// Its type in HDF5's words.
        received: String,
    },
    /// A variable's stored bytes don't fill its shape.
    #[error(
        "weights `/{path}`: expected {expected} bytes for shape {shape:?}, received {received}; the file is damaged"
    )]
    Elements {
        /// The dataset.
        path: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Bytes that the shape needs.
        expected: usize,
        /// Bytes that are stored.
        received: usize,
    },
    /// The HDF5 file has no such groups and variables as Keras makes.
    #[error("weights `/{path}`: expected {expected}, received {received}; {advice}")]
    Layout {
        /// The group or dataset; empty is the root.
        path: String,
        /// What should be there.
        expected: String,
        /// What is there.
        received: String,
        /// What to do.
        advice: &'static str,
    },
    /// A safetensors file is damaged.
    #[error(
        "safetensors {place}: expected {expected}, received {received}; the file is damaged: copy or save it again"
    )]
    Safetensors {
        /// The header, or a tensor.
        place: String,
        /// What the format asks for.
        expected: String,
        /// What is there.
        received: String,
    },
    /// A member of an `.npz` is no array of numbers.
    #[error("{cause}")]
    Npy {
        /// The reader's finding, which names the array.
        cause: rhyton_data::Error,
    },
    /// The numbers of a group's variables have a gap.
    #[error(
        "weights `/{path}`: expected variables 0 to {last}, received none numbered {missing}; the file is damaged"
    )]
    Numbering {
        /// The `vars` group.
        path: String,
        /// The highest number.
        last: usize,
        /// The lowest that isn't there.
        missing: usize,
    },
    /// A name given to the writer can't be written.
    #[error("{what} `{name}`: expected {expected}; rename it")]
    Name {
        /// What is named.
        what: &'static str,
        /// The name given.
        name: String,
        /// What a name may be.
        expected: &'static str,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { action, cause }
    }

    pub(crate) fn hdf5(path: &str, reason: &dyn ToString) -> Self {
        Self::Hdf5 { path: path.to_owned(), reason: reason.to_string() }
    }
}

fn list(found: &[String]) -> String {
    if found.is_empty() { "none at all".to_owned() } else { format!("`{}`", found.join("`, `")) }
}
