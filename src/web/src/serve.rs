//! The service: connections within their limits, from the first word to systemd to the last request.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sd_notify::NotifyState;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;

use crate::ask::App;
use crate::config::Config;
use crate::connections::{Connections, Place};
use crate::cookie::Cookies;
use crate::daemon::Daemon;
use crate::gate::Peer;
use crate::listen::{self, Listener};
use crate::routes;
use crate::site::{LOOPBACK, Site};

/// For the head of a request.
const HEAD: Duration = Duration::from_secs(15);

/// Without a word from the other side, or without its taking one.
const SILENCE: Duration = Duration::from_secs(60);

/// After a connection could not be accepted: until the one that was cut off for it is closed; and if there was none.
const MOMENT: Duration = Duration::from_millis(5);
const PAUSE: Duration = Duration::from_millis(100);

/// The log is told of that so often.
const SAID_FOR: Duration = Duration::from_secs(10);

/// For the requests under way when it is time to stop.
const LAST: Duration = Duration::from_secs(20);

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no socket.
    #[error("{0}")]
    Listen(#[from] listen::Error),
    /// The address is none.
    #[error("public_url: {0}")]
    Site(String),
    /// The system refuses.
    #[error("cannot run: {0}")]
    System(#[from] io::Error),
}

/// Runs until SIGTERM or SIGINT.
pub fn run(config: &Config) -> Result<(), Error> {
    let site = Site::read(&config.public_url).map_err(Error::Site)?;
    let listener = listen::open(&config.listen)?;
    let app = Arc::new(App {
        cookies: Cookies::new(&site),
        site,
        daemon: Daemon::new(&config.daemon),
        address_header: config.address_header.clone(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(listener, routes::router(&app)))?;
    // A call that is stuck in the daemon is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(())
}

async fn serve(listener: Listener, router: Router) -> io::Result<()> {
    let (stopping, stop) = watch::channel(false);
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let connections = Connections::new();
    tell(&[NotifyState::Ready]);
    tokio::select! {
        ended = accept(listener, router, &connections, stop) => ended?,
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tell(&[NotifyState::Stopping]);
    // Nobody left who listens is as good as told.
    let _ = stopping.send(true);
    connections.drain(LAST).await;
    Ok(())
}

/// Tells systemd something (sd_notify(3)); without systemd nothing happens.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}

async fn accept(
    listener: Listener,
    router: Router,
    connections: &Connections,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut said = None;
    match listener {
        Listener::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            tracing::info!("listening on {}", listener.local_addr()?);
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                match listener.accept().await {
                    Ok((stream, peer)) => spawn(stream, peer.ip(), &router, connections.place(), &stop),
                    Err(error) => make_room(&error, connections, &mut said).await,
                }
            }
        }
        Listener::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::UnixListener::from_std(listener)?;
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => spawn(stream, LOOPBACK, &router, connections.place(), &stop),
                    Err(error) => make_room(&error, connections, &mut said).await,
                }
            }
        }
    }
}

/// Out of file descriptors, most likely: the slowest connection has to do without its own. `said` is when the log was told.
async fn make_room(error: &io::Error, connections: &Connections, said: &mut Option<Instant>) {
    if said.is_none_or(|said| said.elapsed() >= SAID_FOR) {
        tracing::warn!(%error, "cannot accept a connection");
        *said = Some(Instant::now());
    }
    let pause = if connections.cut_slowest() { MOMENT } else { PAUSE };
    tokio::time::sleep(pause).await;
}

fn spawn(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    peer: IpAddr,
    router: &Router,
    place: Place,
    stop: &watch::Receiver<bool>,
) {
    tokio::spawn(connection(stream, peer, TowerToHyperService::new(router.clone()), place, stop.clone()));
}

/// Returns when it is time to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody left who could say so means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Answers the requests of one connection.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    peer: IpAddr,
    pages: TowerToHyperService<Router>,
    place: Place,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(|mut request| {
        place.moves_on();
        hyper::Request::extensions_mut(&mut request).insert(Peer(peer));
        pages.call(request)
    });
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(SILENCE));
    stream.set_write_timeout(Some(SILENCE));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(32 << 10)
        .max_headers(64)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = place.is_needed() => return,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended");
    }
}
