use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a finished command left.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Standard output of a command that must have succeeded.
    pub(crate) fn output(self) -> String {
        assert!(self.success, "{}", self.stderr);
        self.stdout
    }

    /// The message of a command that must have failed, without a panic and without results.
    pub(crate) fn error(self) -> String {
        assert!(!self.success, "expected a failure, received: {}", self.stdout);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.stdout, "");
        self.stderr
    }
}

/// The command with a folder to run in and nothing of the user's own configuration.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rhyton"));
    command.current_dir(folder).args(arguments).env("RHYTON_HOME", folder.join("home"));
    for name in ["RHYTON_BACKEND", "RHYTON_THREADS", "RHYTON_DATA", "RHYTON_TENSORFLOW_LIBRARY"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs the command in a folder.
pub(crate) fn rhyton(folder: &Path, arguments: &[&str]) -> Finished {
    finished(command(folder, arguments).output().unwrap())
}

fn finished(output: Output) -> Finished {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished {
        success: output.status.success(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Standard output as JSON.
pub(crate) fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&rhyton(folder, arguments).output()).unwrap()
}
