use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::client::{Connection, PREDICT, Server, save_long};

/// A server that takes bodies of 64 KiB, waits three seconds for slow ones, and eight at a time.
fn server(folder: &tempfile::TempDir) -> Server {
    let limits = [
        "--body-bytes-max",
        "65536",
        "--timeout-ms",
        "3000",
        "--requests-max",
        "8",
        "--drain-ms",
        "0",
    ];
    Server::half_plus_two(folder.path(), &limits)
}

#[test]
fn bodies_over_the_limit_are_413_told_chunked_or_inflated() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let head =
        format!("POST {PREDICT} HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000000000\r\n\r\n");
    let (status, message) = server.connect().ask(&head, b"").error();
    assert_eq!((status, message.as_str()), (413, "The request's body is larger than 65536 bytes"));

    let mut connection = chunked(&server);
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000)).into_bytes();
    for _ in 0..3 {
        connection.send(&chunk);
    }
    assert_eq!(connection.answer().error().0, 413);

    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 32 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 65_536);
    let answer = server.connect().post_with(PREDICT, "Content-Encoding: gzip\r\n", &bomb);
    assert_eq!(
        answer.error(),
        (413, "The request's inflated body is larger than 65536 bytes".to_owned())
    );
    server.assert_alive();
}

fn chunked(server: &Server) -> Connection {
    let mut connection = server.connect();
    let head =
        format!("POST {PREDICT} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    connection.send(head.as_bytes());
    connection
}

#[test]
fn many_small_chunks_are_a_body() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let mut connection = chunked(&server);
    let body = format!("{{\"instances\": [[1.0]]{}}}", " ".repeat(20_000));
    let chunks: Vec<u8> =
        body.bytes().flat_map(|byte| [b"1\r\n".as_slice(), &[byte], b"\r\n"].concat()).collect();
    connection.send(&chunks);
    connection.send(b"0\r\n\r\n");
    assert_eq!(connection.answer().status, 200);
}

#[test]
fn deep_wide_and_odd_documents_are_400() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::half_plus_two(folder.path(), &[]);
    let deep = format!("{{\"instances\": {}", "[".repeat(100_000));
    let deep_objects = "{\"a\":".repeat(100_000);
    let ragged = "{\"instances\": [[1], [1, 2]]}";
    let keys: Vec<String> = (0..10_000).map(|key| format!("\"k{key}\": [1]")).collect();
    let keys = format!("{{\"instances\": [{{{}}}]}}", keys.join(","));
    let many = format!("{{\"instances\": [{}[]]}}", "[],".repeat(100_000));
    let text = format!("{{\"instances\": [[\"{}\"]]}}", "a".repeat(1 << 20));
    let number = format!("{{\"instances\": [[{}]]}}", "9".repeat(1 << 20));
    for body in [
        &deep,
        &deep_objects,
        ragged,
        &keys,
        &many,
        &text,
        &number,
        "\u{feff}{}",
        "{\"instances\": [[-]]}",
    ] {
        let (status, message) = server.post(PREDICT, body).error();
        assert_eq!(status, 400, "{message}");
        assert!(message.len() < 400, "{message}");
    }
    let answer = server.connect().post_with(PREDICT, "", b"{\"instances\": [\"\xff\xfe\"]}");
    assert_eq!(answer.error().0, 400);
    server.assert_alive();
}

#[test]
fn what_is_no_http_is_refused_or_closed() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let long_header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "X: a\r\n".repeat(1000));
    let long_path = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    let both = format!("POST {PREDICT} HTTP/1.1\r\nContent-Length: x\r\n\r\n");
    for request in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        &long_header,
        &many_headers,
        &long_path,
        &both,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut connection = server.connect();
        // The server may have closed before all was sent.
        connection.try_send(request.as_bytes());
        let head = connection.read_to_end();
        assert!(!head.contains(" 200 "), "{head}");
    }
    server.assert_alive();
}

#[test]
fn stalled_uploads_are_408_and_do_not_shut_others_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let stalled: Vec<Connection> = (0..8)
        .map(|_| {
            let mut connection = server.connect();
            connection.expect_to_be_asked(PREDICT, 10);
            connection
        })
        .collect();
    let (status, message) = server.post(PREDICT, "{}").error();
    assert_eq!((status, message.as_str()), (503, "Too many requests; try again later"));
    assert_eq!(server.get("/v1/models/half_plus_two").status, 200, "only predictions are counted");
    for mut connection in stalled {
        assert_eq!(connection.answer().error().0, 408);
    }
    server.assert_alive();
}

#[test]
fn clients_that_go_away_leave_room() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    for _ in 0..100 {
        let mut connection = server.connect();
        connection.send(
            format!("POST {PREDICT} HTTP/1.1\r\nContent-Length: 22\r\n\r\n{{\"inst").as_bytes(),
        );
    }
    let mut connection = server.connect();
    // Their ends are seen one by one; a place that is free at last stays free.
    while connection.post(PREDICT, r#"{"instances": [[1.0]]}"#).status == 503 {}
    server.assert_alive();
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    save_long(&folder.path().join("long.keras"));
    let limits = ["--requests-max", "1", "--timeout-ms", "4000"];
    let server = Server::start(folder.path(), "long.keras", 1, &limits);
    // The answer is more than the system's buffers take.
    let path = "/v1/models/long:predict";
    let body = format!("{{\"inputs\": [{}[1]]}}", "[1],".repeat(300));
    let mut silent = server.connect();
    silent.expect_to_be_asked(path, body.len());
    silent.send(body.as_bytes());
    let mut connection = server.connect();
    let mut ask = || connection.post(path, r#"{"instances": [[1.0]]}"#).status;
    assert_eq!(ask(), 503, "an answer holds its place until it is sent or given up");
    while ask() == 503 {}
    let answer = silent.read_to_end();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && text.len() < length.parse().unwrap(), "{head}");
}
