use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::client::{PREDICT, Server, save_two_inputs};
use crate::process::rhyton;

#[test]
fn rows_columns_status_and_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let address = server.address;
    assert_eq!(server.models, [format!("http://{address}/v1/models/half_plus_two/versions/1")]);
    let rows = server.post(PREDICT, r#"{"instances": [[2.0], [3], [4e0], [NaN], [Infinity]]}"#);
    insta::assert_snapshot!(rows.body);
    let columns =
        server.post(PREDICT, r#"{"signature_name": "serving_default", "inputs": [[2.0], [3.5]]}"#);
    insta::assert_snapshot!(columns.body);
    let version =
        server.post("/v1/models/half_plus_two/versions/1:predict", r#"{"instances": [[2]]}"#);
    assert_eq!(version.json(), json!({"predictions": [[3.0]]}));
    insta::assert_snapshot!(server.get("/v1/models/half_plus_two").body);
    assert_eq!(server.get("/v1/models/half_plus_two/versions/1").status, 200);
    insta::assert_snapshot!(server.get("/v1/models/half_plus_two/metadata").body);
    for (path, body) in [("live", "{\"live\":true}"), ("ready", "{\"ready\":true}")] {
        let answer = server.get(&format!("/v2/health/{path}"));
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
}

#[test]
fn several_inputs_and_outputs_have_names() {
    let folder = tempfile::tempdir().unwrap();
    save_two_inputs(&folder.path().join("two.keras"));
    let server = Server::start(folder.path(), "two.keras", 1, &["--name", "pair"]);
    let path = "/v1/models/pair:predict";
    let rows = server
        .post(path, r#"{"instances": [{"b": [3, 4], "a": [1, 2]}, {"a": [5, 6], "b": [7, 8]}]}"#);
    insta::assert_snapshot!(rows.body);
    let columns = server.post(path, r#"{"inputs": {"a": [[1, 2]], "b": [[3, 4]]}}"#);
    assert_eq!(columns.json(), json!({"outputs": {"sum": [[4.0, 6.0]], "product": [[3.0, 8.0]]}}));
    let metadata = server.get("/v1/models/pair/metadata").json();
    let signature = &metadata["metadata"]["signature_def"]["signature_def"]["serving_default"];
    assert_eq!(signature["inputs"]["b"]["tensor_shape"]["dim"][1]["size"], "2");
    assert_eq!(server.post("/v1/models/two:predict", "{}").status, 404);
}

#[test]
fn the_highest_version_and_every_model_of_a_folder_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("models");
    for version in ["2", "10"] {
        fs::create_dir_all(root.join("pair").join(version)).unwrap();
        save_two_inputs(&root.join("pair").join(version).join("model.keras"));
    }
    save_two_inputs(&root.join("other.keras"));
    let server = Server::start(folder.path(), "models", 2, &[]);
    let paths: Vec<&str> = server
        .models
        .iter()
        .filter_map(|url| url.split_once("/v1/"))
        .map(|(_, path)| path)
        .collect();
    assert_eq!(paths, ["models/other/versions/1", "models/pair/versions/10"]);
    assert_eq!(server.get("/v1/models/pair/versions/10").status, 200);
    assert_eq!(
        server.get("/v1/models/pair/versions/2").error(),
        (404, "Could not find version 2 of model pair".to_owned())
    );
    drop(server);
    let server = Server::start(folder.path(), "models/pair", 1, &[]);
    assert!(server.models[0].ends_with("/v1/models/pair/versions/10"), "{:?}", server.models);
}

#[test]
fn refusals_have_the_servers_words_and_codes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let mut lines = Vec::new();
    for path in [
        "/v1/models/half",
        "/v1/models/half_plus_two/versions/9",
        "/v1/models",
        "/v1/models/half/metadata",
        "/v1/models/half_plus_two/labels/stable",
        "/elsewhere",
        "/v1/models/..%2f..%2fetc%2fpasswd",
        "/v1/models/half_plus_two%00",
        "/v1/models/half_plus_two/versions/99999999999999999999",
    ] {
        let (status, message) = server.get(path).error();
        lines.push(format!("GET {path}: {status} {message}"));
    }
    for (path, body) in [
        ("/v1/models/half:predict", "{}"),
        ("/v1/models/half_plus_two/versions/9:predict", "{}"),
        ("/v1/models/half_plus_two:regress", "{}"),
        ("/v1/models/half_plus_two", "{}"),
        (PREDICT, ""),
        (PREDICT, "{}"),
        (PREDICT, "{\"instances\": [[1.0]"),
        (PREDICT, r#"{"instances": [[1.0, 2.0]]}"#),
        (PREDICT, r#"{"instances": [1.0]}"#),
        (PREDICT, r#"{"instances": [["1.0"]]}"#),
        (PREDICT, r#"{"instances": [[{"b64": "AAAA"}]]}"#),
        (PREDICT, r#"{"instances": [[16777217]]}"#),
        (PREDICT, r#"{"instances": [[1e400]]}"#),
        (PREDICT, r#"{"inputs": []}"#),
        (PREDICT, r#"{"instances": [[1.0]], "signature_name": "other"}"#),
    ] {
        let (status, message) = server.post(path, body).error();
        lines.push(format!("POST {path} {body}: {status} {message}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn gzip_is_taken_and_connections_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let mut connection = server.connect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(br#"{"instances": [[4.0]]}"#).unwrap();
    let body = encoder.finish().unwrap();
    for _ in 0..3 {
        let answer = connection.post_with(PREDICT, "Content-Encoding: gzip\r\n", &body);
        assert_eq!(answer.json(), json!({"predictions": [[4.0]]}));
    }
    let answer = connection.post_with(PREDICT, "Content-Encoding: gzip\r\n", b"no gzip");
    assert_eq!(answer.error().0, 400);
    let answer = connection.post_with(PREDICT, "Content-Encoding: br\r\n", b"{}");
    assert_eq!(answer.error(), (415, "Content-Encoding: expected gzip or none".to_owned()));
}

#[test]
fn what_can_not_be_served_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broken.keras"), "no model").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let error =
        |arguments: &[&str]| rhyton(folder.path(), &[&["serve"], arguments].concat()).error();
    let messages = [
        error(&["broken.keras"]),
        error(&["missing.keras"]),
        error(&["empty"]),
        error(&["broken.keras", "--http", "nowhere"]),
        error(&["broken.keras", "--name", "a/b"]),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}
