use std::process::Command;

use super::client::Server;

/// The shell lines of `docs/serving.md` that call `curl`, with what the page says they print.
fn examples() -> Vec<(String, String)> {
    let page = include_str!("../../../../../docs/serving.md");
    let blocks = page.split("```").skip(1).step_by(2);
    let block = blocks.filter_map(|block| block.strip_prefix("console\n"));
    let examples = block.flat_map(|block| block.split("$ ").skip(1));
    examples
        .filter_map(|example| example.split_once('\n'))
        .filter(|(line, _)| line.starts_with("curl "))
        .map(|(line, printed)| (line.to_owned(), printed.to_owned()))
        .collect()
}

#[test]
fn the_pages_examples_print_what_it_says() {
    let curl = Command::new("curl").arg("--version").output();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let examples = examples();
    assert!(examples.len() >= 4, "{examples:?}");
    if curl.is_err() {
        return;
    }
    for (line, expected) in examples {
        let line = line.replace("127.0.0.1:8501", &server.address.to_string());
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.trim_end(), expected.trim_end(), "{line}");
    }
}
