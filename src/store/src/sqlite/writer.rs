//! The one writer: callers that wait at the same time share a transaction, and so a sync of the disk.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{Sql, sqlite};
use crate::Job;
use crate::error::{Error, Result};

/// Jobs that share one transaction at most: bounds how long the first of them waits for the others.
const GROUP: usize = 64;

/// The writer's thread and the way to it.
pub struct Writer {
    /// `None` once closed.
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<Result<()>>>>,
}

impl Writer {
    /// Starts the thread on an open connection; it holds `lock` until the connection is closed.
    pub fn start(lock: File, connection: Connection) -> Result<Writer> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("mailjam-writer".to_owned())
            .spawn(move || run(lock, connection, &receiver))
            .map_err(|error| Error::Sqlite(format!("cannot start the writer's thread: {error}")))?;
        Ok(Writer { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a job.
    pub fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or(Error::Stopped)
    }

    /// Lets the thread finish what is queued, checkpoint and close.
    pub fn close(&self) -> Result<()> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.map_or(Ok(()), |thread| thread.join().unwrap_or(Err(Error::Stopped)))
    }
}

/// Works until the last sender is gone. Arguments are dropped from right to left: the lock goes after the connection,
/// also when something fails.
fn run(_lock: File, connection: Connection, jobs: &Receiver<Box<dyn Job>>) -> Result<()> {
    while let Ok(first) = jobs.recv() {
        let mut group = Vec::new();
        let result = transaction(&connection, first, jobs, &mut group);
        for job in group {
            job.settle(result.clone());
        }
    }
    // Everything in one file, so that a copy of it is a backup.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(sqlite)?;
    connection.close().map_err(|(_, error)| sqlite(error))
}

/// Runs one job and those that queued up meanwhile, and commits; puts all whom the result concerns into `group`.
fn transaction(
    connection: &Connection,
    first: Box<dyn Job>,
    jobs: &Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> Result<()> {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        // Each of those that wait would wait as long again, one after the other, to hear the same.
        group.push(first);
        group.extend(jobs.try_iter());
        return Err(sqlite(error));
    }
    let result = match gather(connection, first, jobs, group) {
        Ok(true) => connection.execute_batch("COMMIT").map_err(sqlite),
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    if !connection.is_autocommit() {
        // The callers are told what failed first; this fails only if there is nothing left to take back.
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

/// Runs the jobs of a group; answers whether there is anything to commit, `Err` when the transaction is lost.
fn gather(
    connection: &Connection,
    mut first: Box<dyn Job>,
    jobs: &Receiver<Box<dyn Job>>,
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
        && let Ok(mut job) = jobs.try_recv()
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
