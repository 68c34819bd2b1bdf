use std::io;
use std::path::{Path, PathBuf};

use rhyton_tensor::{DType, volume};

/// What can be wrong with a data set or its files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: can't {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted, e.g. `read`.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A file's content is not what its format asks for.
    #[error("{file}: {place}: expected {expected}, received {received}; {advice}")]
    Content {
        /// The file.
        file: String,
        /// The array, or the line and column, or the part of the file.
        place: String,
        /// What the format asks for.
        expected: String,
        /// What is there.
        received: String,
        /// What to do.
        advice: &'static str,
    },
    /// The name is neither a file nor a folder nor a known data set.
    #[error("data: `{name}` is no file, no folder and none of the known names ({}){}; pass a path or one of these names", known.join(", "), nearest(name, known))]
    Unknown {
        /// The name given.
        name: String,
        /// The known names.
        known: Vec<&'static str>,
    },
    /// A known data set is not on this machine.
    #[error("data: `{name}` was not found in {}; {advice}", list(looked))]
    NotInstalled {
        /// The data set.
        name: &'static str,
        /// The folders that were searched.
        looked: Vec<PathBuf>,
        /// Where to get it.
        advice: &'static str,
    },
    /// A folder holds none of the files that a data set needs.
    #[error("{}: expected a file {} (also with `.gz`), found none; {advice}", folder.display(), names.join(" or "))]
    MissingFile {
        /// The folder.
        folder: PathBuf,
        /// The names looked for.
        names: Vec<String>,
        /// What to do.
        advice: &'static str,
    },
    /// Two arrays of one data set have different numbers of rows.
    #[error(
        "data: array `{name}` has {rows} rows but `{first}` has {expected}; every array needs one row per sample"
    )]
    Rows {
        /// The array that differs.
        name: String,
        /// Its rows.
        rows: usize,
        /// The array it is compared with.
        first: String,
        /// That array's rows.
        expected: usize,
    },
    /// An array has no rows to take samples from.
    #[error(
        "data: array `{name}` has shape {shape:?}; expected at least one sample of at least one value along the first axis"
    )]
    NoSamples {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The inputs of the data and of the model don't correspond.
    #[error(
        "data: expected inputs {expected:?}, received {received:?}; name the arrays like the model's inputs, or x0, x1, … in their order (`x` for one input)"
    )]
    Inputs {
        /// The model's inputs.
        expected: Vec<String>,
        /// The data's inputs.
        received: Vec<String>,
    },
    /// One input's samples can't take the model's shape.
    #[error(
        "data: input `{name}`: expected samples of shape ({}), received ({}); the numbers of values differ and nothing was reshaped",
        dimensions(expected),
        sizes(received)
    )]
    Shape {
        /// The model's input.
        name: String,
        /// The shape of one sample in the model; `None` is any size.
        expected: Vec<Option<usize>>,
        /// The shape of one sample in the data.
        received: Vec<usize>,
    },
    /// A part of the samples for validation would leave one side empty.
    #[error(
        "validation_split: expected a fraction that leaves samples on both sides, received {fraction} of {rows} samples; use a value between 0 and 1, or more samples"
    )]
    Split {
        /// The fraction asked for.
        fraction: f64,
        /// The samples there are.
        rows: usize,
    },
    /// Batches need at least one sample.
    #[error("batch_size: expected 1 or more, received 0")]
    BatchSize,
    /// Random changes of images that can't be made.
    #[error("augmentation: {argument}: expected {expected}, received {received}")]
    Augmentation {
        /// The step or setting.
        argument: String,
        /// What would have fitted.
        expected: String,
        /// What was given.
        received: String,
    },
    /// The thread that prepares batches.
    #[error("data: the thread that prepares batches can't go on: {reason}")]
    Thread {
        /// The system's reason.
        reason: String,
    },
    /// Arrays that a format can't hold under these names.
    #[error("npz: two arrays are named `{name}`; give each its own name")]
    DuplicateName {
        /// The name used twice.
        name: String,
    },
    /// A host array refused.
    #[error(transparent)]
    Array(#[from] rhyton_tensor::Error),
}

/// Where in which file a reader is: what its errors name.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) file: &'a Path,
    pub(crate) place: &'a str,
}

impl<'a> Origin<'a> {
    pub(crate) fn new(file: &'a Path, place: &'a str) -> Self {
        Self { file, place }
    }

    /// The content differs from what the format asks for.
    pub(crate) fn content(
        &self,
        expected: impl Into<String>,
        received: impl Into<String>,
        advice: &'static str,
    ) -> Error {
        Error::Content {
            file: self.file.display().to_string(),
            place: self.place.to_owned(),
            expected: expected.into(),
            received: received.into(),
            advice,
        }
    }

    /// The bytes that a claimed shape needs, if any memory could hold them.
    pub(crate) fn size_bytes(&self, dtype: DType, shape: &[usize]) -> Result<usize, Error> {
        volume(shape).map(|count| count * dtype.size_bytes()).map_err(|_overflow| {
            let advice = "the file is damaged; fetch or write it again";
            self.content("a shape that fits in memory", format!("{shape:?}"), advice)
        })
    }

    /// Reading failed: the system's fault, or a stream that is cut off or corrupt.
    pub(crate) fn reading(&self, source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => self.content(
                "more bytes",
                "the end of the data",
                "the file is cut off; fetch or write it again",
            ),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => self
                .content(
                    "intact data",
                    source.to_string(),
                    "the file is damaged; fetch or write it again",
                ),
            io::ErrorKind::Unsupported => self.content(
                "data that is stored or deflated",
                source.to_string(),
                "pack it again, e.g. with numpy.savez_compressed",
            ),
            _ => Error::Io { path: self.file.to_owned(), action: "read", source },
        }
    }
}

impl Error {
    /// Wraps a system error with the path and the action that failed.
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), action, source }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn dimensions(shape: &[Option<usize>]) -> String {
    let show = |size: &Option<usize>| size.map_or("None".to_owned(), |size| size.to_string());
    shape.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn sizes(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// ` (did you mean …?)` for a name that differs in case, separators or one letter.
fn nearest(name: &str, known: &[&'static str]) -> String {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' ', '-'], "");
    let name = plain(name);
    let close = known.iter().find(|candidate| edits(&name, &plain(candidate)) <= 1);
    close.map_or(String::new(), |candidate| format!(" (did you mean `{candidate}`?)"))
}

/// The Levenshtein distance; names longer than any known one are far from all.
fn edits(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered() {
        let known = ["digits", "mnist", "fashion-mnist"];
        assert_eq!(nearest("Fashion_MNIST", &known), " (did you mean `fashion-mnist`?)");
        assert_eq!(nearest("digit", &known), " (did you mean `digits`?)");
        assert_eq!(nearest("cifar10", &known), "");
    }
}
