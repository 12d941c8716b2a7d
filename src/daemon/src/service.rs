//! The daemon as a service: readiness, reload, watchdog, and an orderly stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mailjam_store::Store;
use sd_notify::NotifyState;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::daemon::Daemon;
use crate::http::Server;
use crate::listen::{self, Door, Listener};
use crate::mta_door::Crew;
use crate::notify::notify;
use crate::signing::{self, Signing};
use crate::{chores, log, runner};

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No storage.
    #[error(transparent)]
    Storage(#[from] mailjam_store::Error),
    /// No sockets.
    #[error(transparent)]
    Listen(#[from] listen::Error),
    /// No keys.
    #[error(transparent)]
    Keys(#[from] signing::Error),
    /// A defect.
    #[error("a part of mailjamd ended by itself; please report it with the lines above")]
    Ended,
    /// The system refuses something that it never refuses.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The reason.
        source: std::io::Error,
    },
}

/// Runs until SIGTERM or SIGINT.
pub fn run(config: Config, config_path: PathBuf, log: log::Handle) -> Result<(), Error> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(8)
        .thread_stack_size(1 << 20)
        .enable_all()
        .build()
        .map_err(|source| Error::System { what: "start the runtime", source })?;
    // The storage comes first: its lock says whether another daemon runs, before that one's sockets are touched.
    let store = Store::open_sqlite(&config.storage.path)?;
    let signing = Signing::load(&config)?;
    let daemon = Daemon::new(store.clone(), (config, signing), config_path, log)?;
    let served = runtime.block_on(serve(&daemon));
    runtime.shutdown_timeout(Duration::from_secs(5));
    store.close()?;
    if served.is_ok() {
        tracing::info!("stopped");
    }
    served
}

async fn serve(daemon: &Arc<Daemon>) -> Result<(), Error> {
    // First of all: until then a SIGHUP ends the process.
    let signals = Signals::listen()?;
    let config = daemon.config();
    let listeners = listen::all(&config)?;
    let own_sockets = own_sockets(&listeners);
    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut crews = Vec::new();
    let doors: Vec<String> =
        listeners.iter().map(|(door, listener, _)| format!("{} ({listener})", door.name())).collect();
    for (door, listener, _) in listeners {
        match (door, listener) {
            (Door::Mta, Listener::Unix(listener)) => {
                let crew = Crew::hire(daemon.clone(), Handle::current(), listener);
                crews.push(
                    crew.map_err(|source| Error::System { what: "start the threads of the mta socket", source })?,
                );
            }
            (door, listener) => drop(tasks.spawn(Server::new(daemon.clone()).serve(door, listener, stopping.clone()))),
        }
    }
    let (pings, pinged) = mpsc::channel(1);
    tasks.spawn(runner::run(daemon.clone(), stopping.clone(), pinged));
    tasks.spawn(chores::run(daemon.clone(), stopping.clone()));
    let watchdog = tokio::spawn(watchdog(daemon.clone(), pings));

    tracing::info!("mailjamd {} ready at {}", env!("CARGO_PKG_VERSION"), doors.join(", "));
    notify(&[NotifyState::Ready]);
    daemon.health.repeat();
    let failed = tokio::select! {
        () = signals.obey(daemon) => false,
        // A door that nobody serves, or posts that nobody sends: whoever started the daemon can do something about it.
        Some(_) = tasks.join_next() => true,
    };

    notify(&[NotifyState::Stopping, NotifyState::Status("Finishing what is under way")]);
    tracing::info!("stopping");
    // Nobody is left who does not listen: a failure to send means that all tasks have ended.
    let _ = stop.send(true);
    let dismissed = tokio::task::spawn_blocking(|| crews.into_iter().for_each(Crew::dismiss));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a task ended badly");
        }
    }
    let _ = dismissed.await;
    watchdog.abort();
    for path in own_sockets {
        // Whoever comes later replaces it anyway.
        let _ = std::fs::remove_file(path);
    }
    if failed { Err(Error::Ended) } else { Ok(()) }
}

/// Paths of sockets that this process made, not systemd.
fn own_sockets(listeners: &[(Door, Listener, listen::Origin)]) -> Vec<PathBuf> {
    listeners
        .iter()
        .filter_map(|(_, listener, origin)| listener.path().filter(|_| *origin == listen::Origin::Own))
        .collect()
}

/// The signals that mean something to the daemon.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Signals, Error> {
        let on = |kind| signal(kind).map_err(|source| Error::System { what: "wait for signals", source });
        Ok(Signals {
            hangup: on(SignalKind::hangup())?,
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    /// Reloads at SIGHUP, returns at SIGTERM and SIGINT.
    async fn obey(mut self, daemon: &Arc<Daemon>) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => reload(daemon).await,
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
            }
        }
    }
}

async fn reload(daemon: &Arc<Daemon>) {
    let mut state = vec![NotifyState::Reloading];
    // Needed by Type=notify-reload, unknown to none.
    state.extend(NotifyState::monotonic_usec_now().ok());
    notify(&state);
    let reloading = daemon.clone();
    match tokio::task::spawn_blocking(move || reloading.reload()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!("{error}; the configuration stays as it was"),
        Err(error) => tracing::error!(%error, "the configuration stays as it was"),
    }
    notify(&[NotifyState::Ready]);
    daemon.health.repeat();
}

/// Feeds systemd's watchdog for as long as the writer and the runner answer.
async fn watchdog(daemon: Arc<Daemon>, runner: mpsc::Sender<runner::Ping>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut interval = tokio::time::interval(limit / 3);
    loop {
        interval.tick().await;
        // A storage that refuses answers too; only one that hangs does not.
        let written = daemon.store.write(|_| Ok::<_, mailjam_store::Error>(()));
        let (answer, answered) = oneshot::channel();
        if runner.send(answer).await.is_err() {
            return;
        }
        let (_, running) = tokio::join!(written, answered);
        if running.is_ok() {
            notify(&[NotifyState::Watchdog]);
        }
    }
}
