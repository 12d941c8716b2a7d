//! The one writer: callers that wait at the same time share a transaction, and so a sync of the disk.

use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{Sql, sqlite};
use crate::Job;
use crate::error::{Error, Result};

/// Jobs that share one transaction at most: bounds how long the first of them waits for the others.
const GROUP: usize = 64;

/// The queue of jobs and the threads that work on it: one of its own for callers that cannot block, and whoever calls
/// [`Writer::run`].
pub struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    /// Somebody waits who does not work himself, or the end has come.
    news: Condvar,
    /// Whoever holds it works on the next group; `None` once closed.
    desk: Mutex<Option<Desk>>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    /// Jobs that ever came, and of these the ones that are settled, or are being worked on by whoever holds the desk.
    come: u64,
    taken: u64,
    closed: bool,
}

/// The open database. Fields are dropped in order: the lock goes after the connection.
struct Desk {
    connection: Connection,
    /// Held for as long as the database is open, so that no second daemon sends the same posts.
    _lock: File,
}

/// The mutex's contents are whole between any two statements, also after a panic.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    /// Starts the thread on an open connection; `lock` is held until the connection is closed.
    pub fn start(lock: File, connection: Connection) -> Result<Writer> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            news: Condvar::new(),
            desk: Mutex::new(Some(Desk { connection, _lock: lock })),
        });
        let works = shared.clone();
        let thread = std::thread::Builder::new()
            .name("mailjam-writer".to_owned())
            .spawn(move || {
                while works.wait() {
                    works.group(u64::MAX);
                }
            })
            .map_err(|error| Error::Sqlite(format!("cannot start the writer's thread: {error}")))?;
        Ok(Writer { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a job for the writer's thread.
    pub fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.shared.push(job)?;
        self.shared.news.notify_one();
        Ok(())
    }

    /// Queues a job and works until it is settled, unless somebody else is at the desk already and takes it along.
    pub fn run(&self, job: Box<dyn Job>) -> Result<()> {
        let ticket = self.shared.push(job)?;
        while held(&self.shared.queue).taken < ticket {
            self.shared.group(ticket);
        }
        Ok(())
    }

    /// Finishes what is queued, checkpoints and closes.
    pub fn close(&self) -> Result<()> {
        held(&self.shared.queue).closed = true;
        self.shared.news.notify_one();
        if let Some(thread) = held(&self.thread).take() {
            thread.join().map_err(|_| Error::Stopped)?;
        }
        while !held(&self.shared.queue).jobs.is_empty() {
            self.shared.group(u64::MAX);
        }
        let Some(desk) = held(&self.shared.desk).take() else { return Ok(()) };
        // Everything in one file, so that a copy of it is a backup.
        desk.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(sqlite)?;
        desk.connection.close().map_err(|(_, error)| sqlite(error))
    }
}

/// A storage that nobody uses any more gives its files back.
impl Drop for Writer {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "closing the database");
        }
    }
}

impl Shared {
    /// Queues a job; answers how many have come with it.
    fn push(&self, job: Box<dyn Job>) -> Result<u64> {
        let mut queue = held(&self.queue);
        if queue.closed {
            return Err(Error::Stopped);
        }
        queue.jobs.push_back(job);
        queue.come += 1;
        Ok(queue.come)
    }

    fn pop(&self) -> Option<Box<dyn Job>> {
        let mut queue = held(&self.queue);
        let job = queue.jobs.pop_front()?;
        queue.taken += 1;
        Some(job)
    }

    /// Waits for a job; `false` when no more will come.
    fn wait(&self) -> bool {
        let queue = held(&self.queue);
        let idle = |queue: &mut Queue| queue.jobs.is_empty() && !queue.closed;
        let queue = self.news.wait_while(queue, idle).unwrap_or_else(PoisonError::into_inner);
        !queue.jobs.is_empty()
    }

    /// Waits for the desk and works on the jobs that are queued then; not if the one with `ticket` was taken meanwhile,
    /// whose caller has an answer to give rather than others' work to do.
    fn group(&self, ticket: u64) {
        let desk = held(&self.desk);
        if held(&self.queue).taken >= ticket {
            return;
        }
        let (Some(desk), Some(first)) = (desk.as_ref(), self.pop()) else { return };
        let mut group = Vec::new();
        let result = transaction(&desk.connection, first, &|| self.pop(), &mut group);
        for job in group {
            job.settle(result.clone());
        }
    }
}

/// Runs one job and those that queued up meanwhile, and commits; puts all whom the result concerns into `group`.
fn transaction(
    connection: &Connection,
    first: Box<dyn Job>,
    next: &dyn Fn() -> Option<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> Result<()> {
    if let Err(error) = begin(connection) {
        // Each of those that wait would wait as long again, one after the other, to hear the same.
        group.push(first);
        group.extend(std::iter::from_fn(next));
        return Err(sqlite(error));
    }
    let result = match gather(connection, first, next, group) {
        Ok(true) => execute(connection, "COMMIT").map_err(sqlite),
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    if !connection.is_autocommit() {
        // The callers are told what failed first; should this fail, too, the next transaction begins with it.
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

/// Begins a transaction, and first ends one that could not be taken back: it would stand in the way of all others.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    execute(connection, "BEGIN IMMEDIATE")
}

/// Executes a statement that is kept prepared.
fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Runs the jobs of a group; answers whether there is anything to commit, `Err` when the transaction is lost.
fn gather(
    connection: &Connection,
    mut first: Box<dyn Job>,
    next: &dyn Fn() -> Option<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> Result<bool> {
    // The first job is taken back with the transaction. It is most often the only one, and in a savepoint SQLite would
    // copy every page before it changes.
    let keep = work(connection, &mut *first);
    group.push(first);
    if !keep? {
        return Ok(false);
    }
    while group.len() < GROUP
        && let Some(mut job) = next()
    {
        let result = work_guarded(connection, &mut *job);
        group.push(job);
        result?;
    }
    Ok(true)
}

/// Runs a job; answers whether its changes are to be kept.
fn work(connection: &Connection, job: &mut dyn Job) -> Result<bool> {
    let mut session = Sql::new(connection);
    // The panic hook writes down what happened; the job's caller is told that it was stopped.
    let keep = catch_unwind(AssertUnwindSafe(|| job.work(&mut session))).unwrap_or(false);
    if connection.is_autocommit() { Err(session.lost()) } else { Ok(keep) }
}

/// Runs a job in a savepoint, so that it can be taken back without those before it.
fn work_guarded(connection: &Connection, job: &mut dyn Job) -> Result<()> {
    connection.execute_batch("SAVEPOINT job").map_err(sqlite)?;
    let keep = work(connection, job)?;
    let end = if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    connection.execute_batch(end).map_err(sqlite)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::Session;
    use crate::sqlite::open;

    struct CreateDomain(&'static str);

    impl Job for CreateDomain {
        fn work(&mut self, session: &mut dyn Session) -> bool {
            session.create_domain(self.0, "", 0).expect("a write")
        }

        fn settle(self: Box<Self>, _: Result<()>) {}
    }

    #[test]
    fn a_transaction_that_could_not_be_taken_back_does_not_stop_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = open::writer(&folder.path().join("test.db"), Duration::ZERO).expect("a database");
        execute(&connection, "BEGIN IMMEDIATE").expect("a transaction");
        assert!(CreateDomain("lost.example").work(&mut Sql::new(&connection)));

        let job = Box::new(CreateDomain("kept.example"));
        transaction(&connection, job, &|| None, &mut Vec::new()).expect("a commit");
        assert!(connection.is_autocommit());
        let mut domains = connection.prepare("SELECT name FROM domain").expect("a query");
        let names: Vec<String> =
            domains.query_map([], |row| row.get(0)).expect("domains").collect::<rusqlite::Result<_>>().expect("names");
        assert_eq!(names, ["kept.example"]);
    }
}
