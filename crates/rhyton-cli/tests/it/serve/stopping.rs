use std::sync::Barrier;

use super::client::{PREDICT, Server, save_slow};

#[test]
fn both_signals_end_the_server_with_success() {
    for name in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::half_plus_two(folder.path(), &[]);
        server.assert_alive();
        server.signal(name);
        assert_eq!(server.wait(), (Some(0), String::new(), String::new()));
    }
}

#[test]
fn busy_clients_lose_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let started = Barrier::new(5);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut connection = server.connect();
                let mut ask = || {
                    let answer = connection.post(PREDICT, r#"{"instances": [[1.0]]}"#);
                    assert_eq!(answer.json()["predictions"], serde_json::json!([[2.5]]));
                    answer.head.to_lowercase().contains("connection: close")
                };
                ask();
                started.wait();
                // The answer that says so is the connection's last.
                while !ask() {}
                assert!(connection.is_closed());
            });
        }
        started.wait();
        server.signal("TERM");
    });
    assert_eq!(server.wait(), (Some(0), String::new(), String::new()));
}

#[test]
fn a_request_under_way_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let mut idle = server.connect();
    assert_eq!(idle.post(PREDICT, r#"{"instances": [[1.0]]}"#).status, 200);
    let mut busy = server.connect();
    busy.expect_to_be_asked(PREDICT, 22);
    server.signal("TERM");
    // The idle connection is closed once the server is stopping, the busy one is not.
    assert!(idle.is_closed());
    busy.send(br#"{"instances": [[4.0]]}"#);
    let answer = busy.answer();
    assert_eq!(answer.json(), serde_json::json!({"predictions": [[4.0]]}));
    assert!(answer.head.to_lowercase().contains("connection: close"), "{}", answer.head);
    assert_eq!(server.wait(), (Some(0), String::new(), String::new()));
}

#[test]
fn what_takes_too_long_is_504_or_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    save_slow(&folder.path().join("slow.keras"));
    let path = "/v1/models/slow:predict";
    let body = format!("{{\"instances\": [{}[0.5]]}}", "[0.5],".repeat(400_000));
    let server = Server::start(folder.path(), "slow.keras", 1, &["--timeout-ms", "500"]);
    assert_eq!(
        server.post(path, &body).error(),
        (504, "Timed out before the prediction ended".to_owned())
    );
    drop(server);
    let server = Server::start(folder.path(), "slow.keras", 1, &["--drain-ms", "1"]);
    let mut connection = server.connect();
    connection.expect_to_be_asked(path, body.len());
    connection.send(body.as_bytes());
    server.signal("TERM");
    let (code, _, stderr) = server.wait();
    assert_eq!(
        (code, stderr.as_str()),
        (Some(0), "1 connections had not ended and were cut off\n")
    );
}

#[test]
fn a_second_signal_cuts_off_what_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &["--drain-ms", "60000"]);
    let mut idle = server.connect();
    assert_eq!(idle.post(PREDICT, r#"{"instances": [[1.0]]}"#).status, 200);
    let mut busy = server.connect();
    busy.expect_to_be_asked(PREDICT, 22);
    server.signal("TERM");
    assert!(idle.is_closed());
    server.signal("INT");
    let cut = "1 connections had not ended and were cut off\n";
    assert_eq!(server.wait(), (Some(0), String::new(), cut.to_owned()));
}
