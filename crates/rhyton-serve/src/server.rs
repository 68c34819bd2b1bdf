use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::handler::{App, router};
use crate::limits::{CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADER_TIMEOUT, HEADERS_MAX, Limits};
use crate::models::Models;
use crate::stream::Stream;
use crate::{Error, Result};

/// How long connections stay open after the server was told to stop, so that a request that was
/// already under way on an idle one is still answered.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// A server that listens, and answers once it runs.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    runtime: Runtime,
    signals: Signals,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Connections whose requests did not finish in time.
    pub cut: usize,
}

impl Server {
    /// Listens on an address; port 0 takes a free one.
    ///
    /// # Errors
    /// [`Error::Listen`] when the address can't be had; [`Error::Start`] when the system refuses
    /// threads or signal handlers.
    pub fn bind(models: Models, address: SocketAddr, limits: Limits) -> Result<Self> {
        let listen = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = listen().map_err(|source| Error::Listen { address, source })?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.min(4))
            .max_blocking_threads(threads)
            .enable_all()
            .build()?;
        let signals = runtime.block_on(async { Signals::new() })?;
        let app = Arc::new(App::new(models, limits, threads));
        Ok(Self { app, listener, runtime, signals })
    }

    /// The address that is listened on.
    ///
    /// # Errors
    /// [`Error::Start`] when the system does not tell it.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// The models that are served.
    pub fn models(&self) -> &Models {
        self.app.models()
    }

    /// Answers requests until SIGTERM or SIGINT (Ctrl-C); then takes no new connections, lets running
    /// requests finish within [`Limits::drain`], and returns. A second signal ends the waiting.
    ///
    /// # Errors
    /// [`Error::Start`] when the system takes the listener back.
    pub fn run(self) -> Result<Stopped> {
        let Self { app, listener, runtime, mut signals } = self;
        let stopped = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let mut connections = Connections::new(router(Arc::clone(&app)), app.limits.timeout);
            connections.accept(&listener, &mut signals).await;
            drop(listener);
            app.stopping.store(true, Ordering::Relaxed);
            tokio::select! {
                () = connections.drain(app.limits.drain) => {}
                () = signals.next() => {}
            }
            Ok::<_, io::Error>(Stopped { cut: connections.count_open() })
        })?;
        // Predictions that nobody waits for have been told so; they need not hold up the end.
        runtime.shutdown_background();
        Ok(stopped)
    }
}

/// The connections that are open.
struct Connections {
    router: Router,
    /// How long a client may take nothing in of an answer.
    patience: Duration,
    open: JoinSet<()>,
    room: Arc<Semaphore>,
    /// Tells all of them to end after the request that they are at.
    stop: watch::Sender<bool>,
}

impl Connections {
    fn new(router: Router, patience: Duration) -> Self {
        Self {
            router,
            patience,
            open: JoinSet::new(),
            room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            stop: watch::Sender::new(false),
        }
    }

    /// Takes connections until a signal comes.
    async fn accept(&mut self, listener: &tokio::net::TcpListener, signals: &mut Signals) {
        loop {
            tokio::select! {
                () = signals.next() => return,
                Some(_) = self.open.join_next() => {}
                accepted = listener.accept(), if self.room.available_permits() > 0 => match accepted {
                    Ok((stream, _)) => self.serve(stream),
                    // Out of descriptors, most likely: some come back as connections end.
                    Err(_) => sleep(Duration::from_millis(50)).await,
                },
            }
        }
    }

    fn serve(&mut self, stream: TcpStream) {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { return };
        // Answers are small and written at once.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.router.clone());
        let (mut stop, patience) = (self.stop.subscribe(), self.patience);
        self.open.spawn(async move {
            let _room = room;
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_buf_size(HEADER_BYTES_MAX)
                .max_headers(HEADERS_MAX)
                .serve_connection(TokioIo::new(Stream::new(stream, patience)), service);
            let mut connection = pin!(connection);
            // A connection that breaks is its client's affair.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = stop.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        });
    }

    /// Lets requests finish.
    async fn drain(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.finish(end.min(Instant::now() + LAST_REQUESTS)).await;
        self.stop.send_replace(true);
        self.finish(end).await;
    }

    /// How many connections have not ended.
    fn count_open(&mut self) -> usize {
        while self.open.try_join_next().is_some() {}
        self.open.len()
    }

    async fn finish(&mut self, end: Instant) {
        // Reaching the end is answered by counting what is left.
        let _ = timeout_at(end, async { while self.open.join_next().await.is_some() {} }).await;
    }
}

/// The signals that tell a server to stop.
#[derive(Debug)]
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
