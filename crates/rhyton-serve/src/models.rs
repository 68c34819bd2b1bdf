use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rhyton::ops::Spec;
use rhyton::{Array, LoadOptions, Model};

use crate::{Error, Result};

/// The models that a server answers for, by name; the highest version of each.
#[derive(Debug)]
pub struct Models(BTreeMap<String, Served>);

/// A model with the name and version that it is served under.
#[derive(Debug)]
pub struct Served {
    /// The name in addresses.
    pub name: String,
    /// The version in addresses.
    pub version: u64,
    /// The model.
    pub model: Model,
    /// Its inputs, in order.
    pub inputs: Vec<Port>,
    /// Its outputs, in order; the names differ.
    pub outputs: Vec<Port>,
}

/// An input or output.
#[derive(Debug, Clone)]
pub struct Port {
    /// The name in requests and answers.
    pub name: String,
    /// Shape, batch axis first, and element type.
    pub spec: Spec,
}

/// Where a model's file is, and what it is served as.
struct Found {
    name: String,
    version: u64,
    file: PathBuf,
}

impl Models {
    /// Opens a model file, a folder of numbered versions of one model, or a folder of models: files,
    /// or folders of numbered versions. `name` is for one model; default the file's stem or the
    /// folder's name. Every model runs once, so that the first request finds it compiled.
    ///
    /// # Errors
    /// [`Error::Folder`] when nothing can be served; [`Error::Model`] for a file that can't be read;
    /// [`Error::Name`] for a name that can't stand in an address.
    pub fn open(path: &Path, name: Option<&str>) -> Result<Self> {
        let mut models = BTreeMap::new();
        for found in find(path, name)? {
            let served = Served::load(found)?;
            models.insert(served.name.clone(), served);
        }
        Ok(Self(models))
    }

    /// The model under a name.
    pub fn get(&self, name: &str) -> Option<&Served> {
        self.0.get(name)
    }

    /// All models, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Served> {
        self.0.values()
    }
}

impl Served {
    fn load(found: Found) -> Result<Self> {
        let Found { name, version, file } = found;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if !(1..=128).contains(&name.len()) || !name.bytes().all(allowed) {
            return Err(Error::Name { name });
        }
        let options = LoadOptions { compile: false, ..LoadOptions::default() };
        let model = Model::load_with(&file, &options).map_err(Error::Model)?;
        let (inputs, outputs) = (ports(model.inputs()), ports(model.outputs()));
        let served = Self { name, version, model, inputs, outputs };
        served.warm_up().map_err(|error| Error::Model(error.within(file.display().to_string())))?;
        Ok(served)
    }

    /// Compiles the model for the types that requests are read as.
    fn warm_up(&self) -> rhyton::Result<()> {
        let zeros: Vec<Array> = self
            .inputs
            .iter()
            .map(|input| Array::try_zeros(input.spec.dtype, &input.spec.shape.bind(1)))
            .collect::<Result<_, _>>()?;
        self.model.predict_on_batch(&zeros.iter().collect::<Vec<_>>())?;
        Ok(())
    }
}

/// Ports under names that differ: a second `dense` is `dense_1`.
fn ports(named: Vec<(String, Spec)>) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for (wanted, spec) in named {
        let is_free = |name: &String| ports.iter().all(|port| port.name != *name);
        let numbered = (1..).map(|number| format!("{wanted}_{number}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(is_free);
        ports.push(Port { name: name.unwrap_or(wanted), spec });
    }
    ports
}

fn find(path: &Path, name: Option<&str>) -> Result<Vec<Found>> {
    let named = || name.map_or_else(|| stem(path), str::to_owned);
    if !path.is_dir() {
        return Ok(vec![Found { name: named(), version: 1, file: path.to_owned() }]);
    }
    if let Some((version, folder)) = highest_version(path)? {
        return Ok(vec![Found { name: named(), version, file: only_model(&folder)? }]);
    }
    let mut found: Vec<Found> = Vec::new();
    for entry in entries(path)? {
        let name = stem(&entry);
        if is_model(&entry) {
            found.push(Found { name, version: 1, file: entry });
        } else if entry.is_dir()
            && let Some((version, folder)) = highest_version(&entry)?
        {
            found.push(Found { name, version, file: only_model(&folder)? });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = found.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let received = format!("`{}` twice", pair[0].name);
        return Err(refused(path, "models whose names differ", received));
    }
    match (found.len(), name) {
        (0, _) => {
            let expected = "a .keras or .h5 file, or a folder of such files or of numbered \
                            versions (1, 2, …)";
            Err(refused(path, expected, "none".to_owned()))
        }
        (1, Some(name)) => {
            name.clone_into(&mut found[0].name);
            Ok(found)
        }
        (count, Some(_)) => Err(refused(path, "one model for --name", format!("{count} models"))),
        (_, None) => Ok(found),
    }
}

fn refused(path: &Path, expected: &str, received: String) -> Error {
    Error::Folder { path: path.to_owned(), expected: expected.to_owned(), received }
}

/// The name of a file without its extension, or a folder's name.
fn stem(path: &Path) -> String {
    let absolute = path.canonicalize();
    let path = if path.is_dir() { absolute.as_deref().unwrap_or(path) } else { path };
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    read().map_err(|error| refused(folder, "a readable folder", error.to_string()))
}

fn is_model(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    path.is_file() && extension.is_some_and(|extension| ["keras", "h5"].contains(&extension))
}

/// The subfolder with the highest number for a name.
fn highest_version(folder: &Path) -> Result<Option<(u64, PathBuf)>> {
    let number = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        let digits = name.bytes().all(|byte| byte.is_ascii_digit());
        // TensorFlow Serving's versions are int64, and often points in time.
        name.parse::<i64>().ok().filter(|_| digits).map(i64::unsigned_abs)
    };
    let numbered = entries(folder)?.into_iter().filter(|path| path.is_dir());
    let numbered = numbered.filter_map(|path| Some((number(&path)?, path)));
    Ok(numbered.max_by_key(|(number, _)| *number))
}

fn only_model(folder: &Path) -> Result<PathBuf> {
    let mut models: Vec<PathBuf> = entries(folder)?.into_iter().filter(|p| is_model(p)).collect();
    match models.len() {
        1 => Ok(models.remove(0)),
        count => Err(refused(folder, "one .keras or .h5 file", count.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty files.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn found(files: &[&str], path: &str, name: Option<&str>) -> Result<String, String> {
        let folder = folder(files);
        let root = folder.path().display().to_string();
        let found = find(&folder.path().join(path), name)
            .map_err(|error| error.to_string().replace(&root, "ROOT"))?;
        let lines = found.into_iter().map(|found| {
            let file = found.file.display().to_string();
            format!("{} {} {}", found.name, found.version, file.replace(&root, "ROOT"))
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn files_and_folders_say_what_is_served() {
        let of = |files: &[&str], path: &str, name| found(files, path, name).unwrap();
        assert_eq!(of(&["a.keras"], "a.keras", None), "a 1 ROOT/a.keras");
        assert_eq!(of(&["a.keras"], "a.keras", Some("b")), "b 1 ROOT/a.keras");
        let versions = ["m/1/a.keras", "m/10/b.h5", "m/9/c.keras", "m/notes.txt"];
        assert_eq!(of(&versions, "m", None), "m 10 ROOT/m/10/b.h5");
        assert_eq!(of(&versions, "m", Some("x")), "x 10 ROOT/m/10/b.h5");
        let several = ["a.keras", "b.h5", "m/2/x.keras", "empty/notes.txt"];
        assert_eq!(of(&several, "", None), "a 1 ROOT/a.keras\nb 1 ROOT/b.h5\nm 2 ROOT/m/2/x.keras");
    }

    #[test]
    fn what_can_not_be_told_apart_is_refused() {
        let of = |files: &[&str], path: &str, name| found(files, path, name).unwrap_err();
        assert_eq!(
            of(&["m/notes.txt"], "m", None),
            "ROOT/m: expected a .keras or .h5 file, or a folder of such files or of numbered \
             versions (1, 2, …), received none"
        );
        assert_eq!(
            of(&["m/1/a.keras", "m/1/b.keras"], "m", None),
            "ROOT/m/1: expected one .keras or .h5 file, received 2"
        );
        assert_eq!(
            of(&["a.keras", "a.h5"], "", None),
            "ROOT/: expected models whose names differ, received `a` twice"
        );
        assert_eq!(
            of(&["a.keras", "b.keras"], "", Some("x")),
            "ROOT/: expected one model for --name, received 2 models"
        );
    }
}
