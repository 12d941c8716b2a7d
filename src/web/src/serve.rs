//! The service: connections within their limits, from the first word to systemd to the last request.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sd_notify::NotifyState;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use crate::ask::App;
use crate::config::Config;
use crate::cookie::Cookies;
use crate::daemon::Daemon;
use crate::gate::Peer;
use crate::listen::{self, Listener};
use crate::routes;
use crate::site::{LOOPBACK, Site};

/// Connections open at the same time.
const CONNECTIONS: usize = 256;

/// For the head of a request.
const HEAD: Duration = Duration::from_secs(15);

/// Without a word from the other side, or without its taking one.
const SILENCE: Duration = Duration::from_secs(60);

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
    let open = Arc::new(Semaphore::new(CONNECTIONS));
    let accepting = accept(listener, router, open.clone(), stop);
    tell(&[NotifyState::Ready]);
    tokio::select! {
        ended = accepting => ended?,
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tell(&[NotifyState::Stopping]);
    // Nobody left who listens is as good as told.
    let _ = stopping.send(true);
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(LAST, open.acquire_many(all)).await;
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
    open: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    match listener {
        Listener::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            tracing::info!("listening on {}", listener.local_addr()?);
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let permit = permit(&open).await?;
                match listener.accept().await {
                    Ok((stream, peer)) => spawn(stream, peer.ip(), &router, permit, &stop),
                    Err(error) => pause(&error).await,
                }
            }
        }
        Listener::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::UnixListener::from_std(listener)?;
            loop {
                let permit = permit(&open).await?;
                match listener.accept().await {
                    Ok((stream, _)) => spawn(stream, LOOPBACK, &router, permit, &stop),
                    Err(error) => pause(&error).await,
                }
            }
        }
    }
}

async fn permit(open: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
    open.clone().acquire_owned().await.map_err(io::Error::other)
}

/// Out of file descriptors, most likely: the connections that are open will end.
async fn pause(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn spawn(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    peer: IpAddr,
    router: &Router,
    permit: OwnedSemaphorePermit,
    stop: &watch::Receiver<bool>,
) {
    let (pages, stop) = (TowerToHyperService::new(router.clone()), stop.clone());
    tokio::spawn(async move {
        connection(stream, peer, pages, stop).await;
        drop(permit);
    });
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
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(|mut request| {
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
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended");
    }
}
