use super::*;

const ABSENT: Search<'static> = Search {
    engine: "Engine",
    explicit: None,
    environment: &[],
    python: None,
    system: &["librhyton-no-such-engine.so.1"],
    enable: "install it with `pip install engine`",
};

fn in_folder(error: &Error, folder: &Path) -> String {
    error.to_string().replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn absence_lists_what_was_searched_and_how_to_enable() {
    let python = PythonPackage {
        interpreter: "rhyton-no-such-interpreter",
        module: "engine",
        files: &["libengine.so"],
    };
    let search = Search { python: Some(python), ..ABSENT };
    let Err(error) = search.load() else { panic!("nothing to load") };
    let text = error.to_string();
    for part in [
        "Engine: no usable library was found",
        "rhyton-no-such-interpreter: can't be started",
        "librhyton-no-such-engine.so.1 (system): ",
        "pip install engine",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert_eq!(error.advice(), ABSENT.enable);
}

#[test]
fn a_named_path_is_the_only_candidate() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("libengine.so");
    let search = Search { explicit: Some(missing.clone()), ..ABSENT };
    assert_eq!(search.candidates().0, [Candidate::new(&missing, "configured")]);
    insta::assert_snapshot!(in_folder(&search.load().unwrap_err(), folder.path()), @r"
    Engine: no usable library was found; searched:
      FOLDER/libengine.so (configured): there is no such file
    ; install it with `pip install engine`
    ");
    let environment = [("RHYTON_ENGINE_LIBRARY", Some(missing.clone()))];
    let search = Search { environment: &environment, ..ABSENT };
    assert_eq!(search.candidates().0, [Candidate::new(missing, "RHYTON_ENGINE_LIBRARY")]);
}

#[test]
fn a_file_that_is_no_library_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(ABSENT.system[0]);
    std::fs::write(&file, "not a library").unwrap();
    for path in [file, folder.path().to_owned()] {
        let error = Search { explicit: Some(path), ..ABSENT }.load().unwrap_err();
        let text = in_folder(&error, folder.path());
        assert!(text.contains("FOLDER/librhyton-no-such-engine.so.1 (configured): "), "{text}");
        assert!(!text.contains("no such file"), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn another_library_lacks_the_engines_functions() {
    let engine = Search { system: &["libc.so.6"], ..ABSENT }.load().unwrap();
    engine.require(&["malloc"]).unwrap();
    let error = engine.require(&["Engine_A", "malloc", "Engine_B", "C", "D"]).unwrap_err();
    insta::assert_snapshot!(error, @"Engine: `libc.so.6` lacks `Engine_A`, `Engine_B`, `C` and 1 more functions; it is another library or another version; install it with `pip install engine`");
}

/// A stand-in for an interpreter that answers with a folder, or fails.
#[cfg(unix)]
fn interpreter(folder: &Path, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("python3");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn a_python_package_comes_before_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let python = interpreter(folder.path(), "echo \"/packages/$3\"");
    let package =
        PythonPackage { interpreter: &python, module: "engine", files: &["a.so", "b.so"] };
    let (candidates, empty) = Search { python: Some(package), ..ABSENT }.candidates();
    let paths: Vec<&Path> = candidates.iter().map(|candidate| &*candidate.path).collect();
    let expected = ["/packages/engine/a.so", "/packages/engine/b.so", ABSENT.system[0]];
    assert_eq!(paths, expected.map(Path::new));
    assert_eq!(empty, []);
}

#[cfg(unix)]
#[test]
fn a_python_without_the_package_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for script in ["true", "exit 3"] {
        let python = interpreter(folder.path(), script);
        let package = PythonPackage { interpreter: &python, module: "engine", files: &["a.so"] };
        let (candidates, empty) = Search { python: Some(package), ..ABSENT }.candidates();
        assert_eq!(candidates.len(), 1);
        assert_eq!(empty[0].reason, "has no package `engine`");
    }
}
