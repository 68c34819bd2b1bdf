use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use rhyton::{Apply, Array, Dense, Model, Multiply, RepeatVector, Sequential};
use serde_json::Value;

use crate::process::command;

/// A silent server fails a test instead of stopping it for good.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it printed of its models, one address each.
    pub(crate) models: Vec<String>,
    pub(crate) address: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body of a good answer.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// Status and message of a refusal, which must have the protocol's form.
    pub(crate) fn error(&self) -> (u16, String) {
        assert!(self.head.contains("application/json"), "{}", self.head);
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        (self.status, body["error"].as_str().unwrap().to_owned())
    }
}

impl Server {
    /// Starts the server for a path in a folder that holds `count` models.
    pub(crate) fn start(folder: &Path, path: &str, count: usize, more: &[&str]) -> Self {
        let arguments = [&["serve", path, "--http", "127.0.0.1:0"], more].concat();
        let mut child = command(folder, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let mut models = Vec::new();
        for _ in 0..count {
            line.clear();
            stdout.read_line(&mut line).unwrap();
            if line.is_empty() {
                let mut error = String::new();
                child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                assert!(!line.is_empty(), "the server did not start: {error}");
            }
            models.push(line.trim().to_owned());
        }
        let address = models[0].strip_prefix("http://").unwrap().split('/').next().unwrap();
        Self { child, stdout, address: address.parse().unwrap(), models }
    }

    /// A server for `half_plus_two`: y = x / 2 + 2.
    pub(crate) fn half_plus_two(folder: &Path, more: &[&str]) -> Self {
        save_half_plus_two(&folder.join("half_plus_two.keras"));
        Self::start(folder, "half_plus_two.keras", 1, more)
    }

    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Connection(BufReader::new(stream))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.connect().ask(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"), b"")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.connect().post(path, body)
    }

    /// Asks `half_plus_two` for one value: whether the server still answers, and right.
    pub(crate) fn assert_alive(&self) {
        let answer = self.post(PREDICT, r#"{"instances": [[1.0]]}"#);
        assert_eq!(answer.json()["predictions"], serde_json::json!([[2.5]]));
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the end: exit code, standard output after the addresses, standard error.
    pub(crate) fn wait(mut self) -> (Option<i32>, String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stdout, stderr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already can't be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const PREDICT: &str = "/v1/models/half_plus_two:predict";

/// A connection, to send one or several requests.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    pub(crate) fn ask(&mut self, head: &str, body: &[u8]) -> Answer {
        self.send(head.as_bytes());
        self.send(body);
        self.answer()
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> Answer {
        self.post_with(path, "", body.as_bytes())
    }

    /// A request with further header lines.
    pub(crate) fn post_with(&mut self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.ask(&head, body)
    }

    /// The next answer; answers always tell their length.
    pub(crate) fn answer(&mut self) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).unwrap() > 0, "closed after {head:?}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).unwrap();
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }

    /// Whether the server has closed its end, without a further answer.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }

    /// Sends the head of a request and waits until the server asks for the body: it has been accepted.
    pub(crate) fn expect_to_be_asked(&mut self, path: &str, length: usize) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\
             Expect: 100-continue\r\n\r\n"
        );
        self.send(head.as_bytes());
        let line = self.line();
        assert!(line.starts_with("HTTP/1.1 100"), "{line}");
        assert_eq!(self.line(), "\r\n");
    }

    /// Sends what the server may refuse to take in.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// All that comes before the connection ends.
    pub(crate) fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset after an answer is an end too.
        let _ = self.0.get_mut().shutdown(std::net::Shutdown::Write);
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The next line.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }
}

fn save_half_plus_two(path: &Path) {
    let model = Sequential::new().input(&[1]).add(Dense::new(1)).build().unwrap();
    let half = Array::from_slice(&[1, 1], &[0.5_f32]).unwrap();
    let two = Array::from_slice(&[1], &[2.0_f32]).unwrap();
    model.set_weight_values(&[half, two]).unwrap();
    model.save(path).unwrap();
}

/// Saves a model of the inputs `a` and `b`, two numbers each, whose outputs are their sum and their
/// product.
pub(crate) fn save_two_inputs(path: &Path) {
    let spec = rhyton::ops::Spec::new(rhyton::DType::F32, rhyton::ops::Shape::batched(&[2]));
    let a = rhyton::Tensor::input(Some("a".to_owned()), spec.clone());
    let b = rhyton::Tensor::input(Some("b".to_owned()), spec);
    let sum = rhyton::Add::new().name("sum").apply(&[&a, &b]);
    let product = Multiply::new().name("product").apply(&[&a, &b]);
    Model::functional(&[&a, &b], &[&sum, &product]).unwrap().save(path).unwrap();
}

/// Saves a model with much to compute for each sample, for requests that take a while.
pub(crate) fn save_slow(path: &Path) {
    let wide = || Dense::new(1024).activation("tanh");
    let mut layers = Sequential::new().input(&[1]).add(wide());
    for _ in 0..3 {
        layers = layers.add(wide());
    }
    layers.add(Dense::new(1)).build().unwrap().save(path).unwrap();
}

/// Saves a model that answers each number with a thousand of it.
pub(crate) fn save_long(path: &Path) {
    let model = Sequential::new().input(&[1]).add(RepeatVector::new(1000));
    model.build().unwrap().save(path).unwrap();
}
