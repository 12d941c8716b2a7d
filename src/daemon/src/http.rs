//! HTTP/1.1 on the listening sockets: limits and time-outs, one XML-RPC call a request.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use mailjam_rpc::codec;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};

use crate::caller::{Caller, Refused};
use crate::daemon::Daemon;
use crate::listen::{Door, Listener};
use crate::patient::Patient;

/// Where XML-RPC is served.
pub const PATH: &str = "/RPC2";

/// Connections open at the same time, a door.
const CONNECTIONS: usize = 128;

/// Octets of a request at most, unless the hand-over of a large message needs more.
const LARGEST_REQUEST: u64 = 16 << 20;

/// Request bodies in memory at the same time, a door, in KiB: what fills one door keeps nobody from another.
const BODIES: u32 = 64 << 10;

/// For the head of a request, for each piece of its body, and for each piece of the answer to be taken.
const PATIENCE: Duration = Duration::from_secs(20);

/// Slower than this, in octets a second, nobody may send a body: it takes room that others wait for.
const SLOWEST: u64 = 32 << 10;

/// What the connections to a door share.
pub struct Server {
    daemon: Arc<Daemon>,
    bodies: Arc<Semaphore>,
}

impl Server {
    /// A server for this daemon.
    #[must_use]
    pub fn new(daemon: Arc<Daemon>) -> Arc<Server> {
        Arc::new(Server { daemon, bodies: Arc::new(Semaphore::new(BODIES as usize)) })
    }

    /// Accepts until `stop` says so, then waits for the requests under way.
    pub async fn serve(self: Arc<Self>, door: Door, listener: Listener, stop: watch::Receiver<bool>) {
        let served = match listener {
            Listener::Unix(listener) => self.serve_unix(door, listener, stop).await,
            Listener::Tcp(listener) => self.serve_tcp(listener, stop).await,
        };
        if let Err(error) = served {
            tracing::error!(%error, "cannot listen for {}", door.name());
        }
    }

    async fn serve_unix(
        self: Arc<Self>,
        door: Door,
        listener: std::os::unix::net::UnixListener,
        mut stop: watch::Receiver<bool>,
    ) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::UnixListener::from_std(listener)?;
        let open = Arc::new(Semaphore::new(CONNECTIONS));
        while let Some((stream, permit)) = accept(&open, &mut stop, || listener.accept()).await {
            let uid = stream.peer_cred().ok().map(|peer| peer.uid());
            tracing::debug!(uid, "connection to {}", door.name());
            let caller = Caller::local(door, uid);
            let (server, stop) = (self.clone(), stop.clone());
            tokio::spawn(async move {
                server.connection(stream, Some(caller), stop).await;
                drop(permit);
            });
        }
        drain(&open).await;
        Ok(())
    }

    async fn serve_tcp(
        self: Arc<Self>,
        listener: std::net::TcpListener,
        mut stop: watch::Receiver<bool>,
    ) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let open = Arc::new(Semaphore::new(CONNECTIONS));
        while let Some((stream, permit)) = accept(&open, &mut stop, || listener.accept()).await {
            // An answer is one small write; waiting for more to send would cost 40 ms.
            let _ = stream.set_nodelay(true);
            let (server, stop) = (self.clone(), stop.clone());
            tokio::spawn(async move {
                server.connection(stream, None, stop).await;
                drop(permit);
            });
        }
        drain(&open).await;
        Ok(())
    }

    /// Answers the requests of one connection. `caller` is `None` where each request must bring a token.
    async fn connection(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        caller: Option<Caller>,
        mut stop: watch::Receiver<bool>,
    ) {
        let service = service_fn(|request| {
            let (server, caller) = (self.clone(), caller.clone());
            async move { Ok::<_, Infallible>(server.answer(request, caller).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(Patient::new(stream, PATIENCE)), service);
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

    async fn answer(&self, request: Request<Incoming>, caller: Option<Caller>) -> Response<Full<Bytes>> {
        if request.uri().path() != PATH {
            return plain(StatusCode::NOT_FOUND, "XML-RPC is at /RPC2\n");
        }
        if request.method() != Method::POST {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "XML-RPC wants POST\n");
        }
        let caller = match caller {
            Some(caller) => match caller.with_session(&self.daemon, request.headers().get(AUTHORIZATION)).await {
                Ok(caller) => caller,
                Err(refused) => return xml(codec::encode_reply(Err(refused.fault()))),
            },
            None => match Caller::with_token(&self.daemon, request.headers().get(AUTHORIZATION)).await {
                Ok(caller) => caller,
                Err(refused) => return unauthorized(&refused),
            },
        };
        let limit = self.daemon.handover_limit().max(LARGEST_REQUEST);
        let length = match (request.headers().get(CONTENT_LENGTH), request.body().size_hint().exact()) {
            (Some(_), Some(length)) => length,
            _ => return plain(StatusCode::LENGTH_REQUIRED, "send Content-Length\n"),
        };
        if length > limit {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than this socket takes\n");
        }
        let kib = u32::try_from(length.div_ceil(1024)).unwrap_or(BODIES).min(BODIES);
        let Ok(_room) = self.bodies.acquire_many(kib).await else {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
        };
        let slowest = PATIENCE + Duration::from_secs(length / SLOWEST);
        let body = tokio::time::timeout(slowest, read(request.into_body(), length)).await;
        match body.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)) {
            Ok(body) => {
                let answer = crate::dispatch::answer(&self.daemon, &caller, body).await;
                xml(answer)
            }
            Err(status) => plain(status, "the request did not arrive whole\n"),
        }
    }
}

/// The next connection, once there is room for it; `None` when it is time to stop.
async fn accept<S, A>(
    open: &Arc<Semaphore>,
    stop: &mut watch::Receiver<bool>,
    mut next: impl FnMut() -> A,
) -> Option<(S, tokio::sync::OwnedSemaphorePermit)>
where
    A: Future<Output = std::io::Result<(S, S::Address)>>,
    S: Peer,
{
    loop {
        let (permit, accepted) = tokio::select! {
            both = async { (open.clone().acquire_owned().await, next().await) } => both,
            () = stopped(stop) => return None,
        };
        let permit = permit.ok()?;
        match accepted {
            Ok((stream, _)) => return Some((stream, permit)),
            Err(error) => {
                // Out of file descriptors, most likely: the connections that are open will end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// What a listener yields beside the stream.
trait Peer {
    type Address;
}

impl Peer for tokio::net::UnixStream {
    type Address = tokio::net::unix::SocketAddr;
}

impl Peer for tokio::net::TcpStream {
    type Address = std::net::SocketAddr;
}

/// Returns when it is time to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody left who could say so means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits until every connection has ended.
async fn drain(open: &Semaphore) {
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(PATIENCE, open.acquire_many(all)).await;
}

/// The body, of which each piece must come in time.
async fn read(mut body: Incoming, length: u64) -> Result<Bytes, StatusCode> {
    let mut whole = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Err(_) => return Err(StatusCode::REQUEST_TIMEOUT),
            Ok(None) => return Ok(whole.freeze()),
            Ok(Some(Err(_))) => return Err(StatusCode::BAD_REQUEST),
            Ok(Some(Ok(frame))) => frame,
        };
        if let Ok(data) = frame.into_data() {
            if whole.is_empty() && data.len() as u64 == length {
                return Ok(data);
            }
            whole.extend_from_slice(&data);
        }
    }
}

fn response(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

fn xml(answer: String) -> Response<Full<Bytes>> {
    response(StatusCode::OK, "text/xml; charset=utf-8", answer)
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text)
}

fn unauthorized(refused: &Refused) -> Response<Full<Bytes>> {
    if *refused == Refused::Unavailable {
        return plain(StatusCode::SERVICE_UNAVAILABLE, refused.text());
    }
    let mut response = plain(StatusCode::UNAUTHORIZED, refused.text());
    let challenge = hyper::header::HeaderValue::from_static("Bearer realm=\"mailjam\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}
