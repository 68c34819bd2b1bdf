use std::net::SocketAddr;
use std::path::PathBuf;

/// The result of opening models and starting a server.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a server can't be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model file that can't be served.
    #[error("{0}")]
    Model(rhyton::Error),
    /// A path with nothing to serve, or with more than can be told apart.
    #[error("{path}: expected {expected}, received {received}")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What can be served.
        expected: String,
        /// What is there.
        received: String,
    },
    /// A model's name that can't stand in an address.
    #[error(
        "model name `{name}`: expected 1 to 128 letters, digits, `_`, `-` or `.`; rename the file, or pass --name"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The address can't be listened on.
    #[error("{address}: can't listen ({source}); pass --http ADDR:PORT with another, or port 0")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The system refused threads, sockets or signal handlers.
    #[error("can't start the server: {0}")]
    Start(#[from] std::io::Error),
}
