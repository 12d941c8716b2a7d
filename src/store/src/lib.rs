//! Storage: what is kept, behind one interface; the only room that knows SQL.
//!
//! [`Store`] runs closures: [`Store::read`] on a snapshot beside the writer, [`Store::write`] in the one writer's
//! transaction, which many callers share (group commit) and which is on disk when the call returns. Both hand the
//! closure a [`Session`], whose methods are typed by topic: methods that take `&self` read, methods that take
//! `&mut self` write, so a reading closure cannot write. Another storage backend implements [`Backend`] and [`Session`].
#![forbid(unsafe_code)]

mod error;
mod model;
mod session;
mod sqlite;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

pub use error::{Error, Result};
pub use model::*;
pub use session::{
    Accounts, Audit, Bans, Counters, Lists, Members, Moderation, Privacy, Queue, Requests, Roles, Session, Templates,
    Tokens,
};
pub use sqlite::SCHEMA_VERSION;

/// How long to wait for another program's lock: somebody looks at the data with a shell.
const PATIENCE: Duration = Duration::from_secs(5);

/// Work for the writer.
pub trait Job: Send {
    /// Works in a session; answers whether the changes are to be kept.
    fn work(&mut self, session: &mut dyn Session) -> bool;

    /// Called once the transaction is on disk, or with the reason why it is not; then `work` may not have been called.
    fn settle(self: Box<Self>, committed: Result<()>);
}

/// What runs sessions.
pub trait Backend: Send + Sync {
    /// Runs `work` on a consistent snapshot, in the calling thread. Reads are not nested: an inner one would wait for
    /// [`Backend::close`], which waits for the outer one.
    fn read(&self, work: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()>;

    /// Queues `job` for the next transaction. A job that panics loses its changes and is settled like the others.
    fn submit(&self, job: Box<dyn Job>) -> Result<()>;

    /// The same in the calling thread: when this returns, the job is settled, or will be by another thread.
    fn run(&self, job: Box<dyn Job>) -> Result<()>;

    /// Finishes what is queued, brings the files in order and closes them.
    fn close(&self) -> Result<()>;
}

/// The storage; clones share it.
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
}

impl Store {
    /// Opens an SQLite database, creates or migrates it, and locks it against a second daemon. Blocks.
    pub fn open_sqlite(path: &Path) -> Result<Store> {
        Store::open_sqlite_patiently(path, PATIENCE)
    }

    /// [`Store::open_sqlite`], with how long to wait for another program's lock before [`Error::Busy`].
    pub fn open_sqlite_patiently(path: &Path, patience: Duration) -> Result<Store> {
        Ok(Store { backend: Arc::new(sqlite::Sqlite::open(path, patience)?) })
    }

    /// Reads on a consistent snapshot.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&dyn Session) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read_blocking(work))
            .await
            .unwrap_or_else(|_| Err(Error::Stopped.into()))
    }

    /// [`Store::read`] in the calling thread.
    pub fn read_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: FnOnce(&dyn Session) -> Result<T, E>,
    {
        let mut work = Some(work);
        let mut result = None;
        self.backend.read(&mut |session| {
            result = work.take().map(|work| work(session));
            Ok(())
        })?;
        result.unwrap_or_else(|| Err(Error::Stopped.into()))
    }

    /// Writes: what the closure changed is on disk when this returns `Ok`, and gone when it returns `Err`.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut dyn Session) -> Result<T, E> + Send + 'static,
    {
        self.run(work, true).await
    }

    /// [`Store::write`] in the calling thread, which must not belong to an async runtime: no other thread is waited for
    /// unless one is writing already.
    pub fn write_here<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut dyn Session) -> Result<T, E> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        self.backend.run(Box::new(Call { work: Some(work), keep: true, result: None, answer }))?;
        receiver.blocking_recv().unwrap_or_else(|_| Err(Error::Stopped.into()))
    }

    /// Does as [`Store::write`] does and then takes it all back: for dry runs.
    pub async fn rehearse<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut dyn Session) -> Result<T, E> + Send + 'static,
    {
        self.run(work, false).await
    }

    async fn run<T, E, F>(&self, work: F, keep: bool) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut dyn Session) -> Result<T, E> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        self.backend.submit(Box::new(Call { work: Some(work), keep, result: None, answer }))?;
        receiver.await.unwrap_or_else(|_| Err(Error::Stopped.into()))
    }

    /// Finishes what is queued, checkpoints, closes and unlocks. Blocks; later calls fail with [`Error::Stopped`].
    pub fn close(&self) -> Result<()> {
        self.backend.close()
    }
}

/// A closure as a [`Job`], with the way back to its caller.
struct Call<T, E, F> {
    work: Option<F>,
    keep: bool,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Call<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: FnOnce(&mut dyn Session) -> Result<T, E> + Send,
{
    fn work(&mut self, session: &mut dyn Session) -> bool {
        self.result = self.work.take().map(|work| work(session));
        self.keep && matches!(self.result, Some(Ok(_)))
    }

    fn settle(self: Box<Self>, committed: Result<()>) {
        let result = match (self.result, committed) {
            // The closure's own error says more than the transaction's.
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::Stopped.into()),
        };
        // A caller that went away has no use for the answer.
        let _ = self.answer.send(result);
    }
}
