//! The connections that are open: only so many, and who takes longest over a request makes room for somebody new. So slow
//! clients, however many, keep nobody else from a page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

/// Connections open at the same time; with those to the daemon well below the 1,024 descriptors that a process usually has.
pub const MOST: usize = 512;

/// The connections.
pub struct Connections {
    open: Arc<Mutex<Open>>,
    /// Each connection has one of these.
    alive: mpsc::Sender<()>,
    ended: mpsc::Receiver<()>,
}

#[derive(Default)]
struct Open {
    /// The number of the next one.
    next: u64,
    /// By number: since when it has been at its request, and how it is told to end.
    places: HashMap<u64, (Instant, Arc<Notify>)>,
}

impl Open {
    fn cut_slowest(&mut self) -> bool {
        let slowest = self.places.iter().min_by_key(|(_, (since, _))| *since).map(|(number, _)| *number);
        let cut = slowest.and_then(|number| self.places.remove(&number));
        cut.inspect(|(_, end)| end.notify_one()).is_some()
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new() -> Connections {
        let (alive, ended) = mpsc::channel(1);
        Connections { open: Arc::default(), alive, ended }
    }

    /// A place for a new connection; if there is none left, of whoever has been at the same request for the longest.
    pub fn place(&self) -> Place {
        let (mut open, end) = (lock(&self.open), Arc::new(Notify::new()));
        if open.places.len() >= MOST {
            open.cut_slowest();
        }
        let number = open.next;
        open.next += 1;
        open.places.insert(number, (Instant::now(), end.clone()));
        Place { number, end, open: self.open.clone(), _alive: self.alive.clone() }
    }

    /// Ends the connection that has been at the same request for the longest; `false` if there is none.
    pub fn cut_slowest(&self) -> bool {
        lock(&self.open).cut_slowest()
    }

    /// Waits until all have ended, or for so long.
    pub async fn drain(self, limit: Duration) {
        let Connections { alive, mut ended, .. } = self;
        drop(alive);
        let _ = tokio::time::timeout(limit, ended.recv()).await;
    }
}

/// The place of an open connection; who drops it has closed it.
pub struct Place {
    number: u64,
    end: Arc<Notify>,
    open: Arc<Mutex<Open>>,
    _alive: mpsc::Sender<()>,
}

impl Place {
    /// Notes that the connection has brought another request.
    pub fn moves_on(&self) {
        if let Some((since, _)) = lock(&self.open).places.get_mut(&self.number) {
            *since = Instant::now();
        }
    }

    /// Returns when somebody else needs the place.
    pub async fn is_needed(&self) {
        self.end.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.open).places.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_slowest_makes_room_and_whoever_moves_on_is_not_it() {
        let connections = Connections::new();
        let places: Vec<Place> = (0..MOST).map(|_| connections.place()).collect();
        places[0].moves_on();
        let late = connections.place();
        places[1].is_needed().await;
        assert_eq!(lock(&connections.open).places.len(), MOST);
        assert!(lock(&connections.open).places.contains_key(&0), "it has moved on");
        drop((places, late));
        assert!(!connections.cut_slowest(), "nobody is left");
        connections.drain(Duration::from_secs(30)).await;
    }
}
