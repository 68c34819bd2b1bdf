use std::time::Duration;

/// What bounds the server's use of memory and time.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's body, also after it is inflated; default 64 MiB. More is answered 413.
    pub body_bytes_max: usize,
    /// Predictions that are read, waited for or computed at once; default 512. More are answered
    /// 503.
    pub requests_max: usize,
    /// How long a request may take from its header to its answer; default 30 s. Then it is answered
    /// 504, or 408 while its body is still coming in. As long may a client take nothing in of an
    /// answer.
    pub timeout: Duration,
    /// How long requests that run when the server is told to stop have to finish; default 30 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 << 20,
            requests_max: 512,
            timeout: Duration::from_secs(30),
            drain: Duration::from_secs(30),
        }
    }
}

/// Lists and objects inside each other in a request.
pub(crate) const JSON_DEPTH_MAX: usize = 100;

/// Bytes of all inputs and outputs of one prediction, as arrays.
pub(crate) const ARRAYS_BYTES_MAX: usize = 64 << 20;

/// Bodies and answers of this many times the limit of one body may be held at once.
pub(crate) const BODIES_HELD_MAX: usize = 4;

/// Connections that are open at once; others wait in the system's queue.
pub(crate) const CONNECTIONS_MAX: usize = 1024;

/// How long a connection may be silent before and between headers.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a request's line and headers.
pub(crate) const HEADER_BYTES_MAX: usize = 64 << 10;

/// Headers of a request.
pub(crate) const HEADERS_MAX: usize = 100;

/// Samples that are run at once.
pub(crate) const BATCH_SIZE: usize = 128;
