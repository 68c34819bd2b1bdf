use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Python package that carries the engine's library.
#[derive(Debug, Clone, Copy)]
pub struct PythonPackage<'a> {
    /// The interpreter to ask, e.g. `python3`: a path, or a name found on the search path.
    pub interpreter: &'a str,
    /// The package's import name, e.g. `tensorflow`.
    pub module: &'a str,
    /// Where the library lies inside the package, by preference.
    pub files: &'a [&'a str],
}

/// Finds the package without importing it; the current folder is no place to look.
const SCRIPT: &str = "import sys
sys.path = [place for place in sys.path if place]
import importlib.util
spec = importlib.util.find_spec(sys.argv[1])
for place in (spec.submodule_search_locations or []) if spec else []:
    print(place)
";

const TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

impl PythonPackage<'_> {
    /// The library's possible files, or why Python could not say.
    pub(crate) fn libraries(&self) -> Result<Vec<PathBuf>, String> {
        let answer = self.ask()?;
        let folders: Vec<&str> = answer.lines().filter(|line| !line.is_empty()).collect();
        if folders.is_empty() {
            return Err(format!("has no package `{}`", self.module));
        }
        let files = folders
            .iter()
            .flat_map(|folder| self.files.iter().map(move |file| PathBuf::from(folder).join(file)));
        Ok(files.collect())
    }

    fn ask(&self) -> Result<String, String> {
        let mut child = Command::new(self.interpreter)
            .args(["-c", SCRIPT, self.module])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("can't be started: {error}"))?;
        let finished = wait(&mut child);
        if !matches!(finished, Ok(true)) {
            // Both fail only when the child has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("gave no answer within {} s", TIMEOUT.as_secs()));
        }
        let mut answer = String::new();
        if let Some(stdout) = child.stdout.take() {
            stdout
                .take(ANSWER_BYTES_MAX)
                .read_to_string(&mut answer)
                .map_err(|error| format!("gave an unreadable answer: {error}"))?;
        }
        Ok(answer)
    }
}

/// Whether the child ended in time.
fn wait(child: &mut Child) -> std::io::Result<bool> {
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > TIMEOUT {
            return Ok(false);
        }
        std::thread::sleep(POLL);
    }
    Ok(true)
}
