use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use rhyton_serve::{Limits, Models, Server};

use super::{Command, Context, Run};

pub(super) const COMMAND: Command = Command::of::<Serve>("serve");

/// Answers requests for predictions over HTTP, in the protocol of TensorFlow Serving
///
/// Prints the address of every model and runs until SIGTERM or Ctrl-C; requests that run then are
/// finished first. Use only behind a proxy where others can reach it: there is no TLS and no
/// authentication.
#[derive(Debug, clap::Args)]
struct Serve {
    /// A .keras or .h5 file, a folder of numbered versions of one model, or a folder of models
    #[arg(value_name = "MODEL|DIR")]
    model: PathBuf,
    /// The name of the one model [default: the file's name without extension, or the folder's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8501")]
    http: SocketAddr,
    /// Bytes of a request, also after it is inflated; more is answered 413
    #[arg(long, value_name = "N", default_value_t = 64 << 20, value_parser = clap::value_parser!(u32).range(1..))]
    body_bytes_max: u32,
    /// Predictions in progress, waiting ones included; more are answered 503
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    requests_max: u32,
    /// How long a prediction may take before it is answered 504
    #[arg(long, value_name = "MS", default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1..))]
    timeout_ms: u32,
    /// How long running requests have to finish once the server is told to stop
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    drain_ms: u32,
}

impl Run for Serve {
    fn run(self, cx: &Context) -> Result<()> {
        let limits = Limits {
            body_bytes_max: self.body_bytes_max as usize,
            requests_max: self.requests_max as usize,
            timeout: Duration::from_millis(u64::from(self.timeout_ms)),
            drain: Duration::from_millis(u64::from(self.drain_ms)),
        };
        let models = Models::open(&self.model, self.name.as_deref())?;
        let server = Server::bind(models, self.http, limits)?;
        let address = server.address()?;
        for served in server.models().iter() {
            let (name, version) = (&served.name, served.version);
            cx.output.text(&format!("http://{address}/v1/models/{name}/versions/{version}\n"))?;
        }
        let stopped = server.run()?;
        if stopped.cut > 0 {
            let cut = stopped.cut;
            cx.output.note(&format!("{cut} connections had not ended and were cut off"));
        }
        Ok(())
    }
}
