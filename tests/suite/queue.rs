//! What happens to the queue while a post is in it: drops, deleted lists, members that come and go, and old age.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mailjam_rpc::Value;
use mailjam_rpc::records::{Page, QueueItem, ServerStats};

use crate::calls::{Door, members, post, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, eventually};
use crate::smtp_sink::{Action, Behaviour, Sink, State, Step};

const TALK: &str = "talk@lists.example.org";

/// A next hop that takes the first message of five recipients and holds the second until it is let go.
struct Scene {
    sink: Sink,
    go: Arc<AtomicBool>,
    daemon: Daemon,
    control: Door,
    id: String,
}

impl Scene {
    /// Stops in the middle of a post to fifty members.
    fn new() -> Scene {
        let (reached, go) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (at, wait) = (Arc::clone(&reached), Arc::clone(&go));
        let script = move |moment: &crate::smtp_sink::Moment<'_>| {
            if moment.step == Step::End && moment.delivered == 1 {
                at.store(true, Ordering::SeqCst);
                eventually("the test to go on", || wait.load(Ordering::SeqCst).then_some(()));
            }
            Action::Usual
        };
        let sink = Sink::start(Behaviour { script: Box::new(script), ..Behaviour::default() });
        let daemon = Daemon::start_with(&sink.server(), "recipients = 5\n");
        daemon.create_list(TALK, &[]);
        let control = Door::control(&daemon);
        let items = (0..50).map(|number| members([("address", text(&format!("m{number:02}@example.org")))]));
        control.call::<Value>("member.import", vec![text(TALK), Value::Array(items.collect())]);
        let id = control.submit("m00@example.org", TALK, &post("x")).post_id.expect("an id");
        eventually("the second message", || reached.load(Ordering::SeqCst).then_some(()));
        Scene { sink, go, daemon, control, id }
    }

    fn go_on(&self) {
        self.go.store(true, Ordering::SeqCst);
    }

    /// What the sink has once the connection is closed, as it is when nothing more is to be sent.
    fn end(&self) -> State {
        self.sink.wait_for(|state| state.open == 0, PATIENCE)
    }
}

#[test]
fn a_dropped_post_is_sent_to_nobody_else() {
    let scene = Scene::new();
    assert!(scene.control.call::<bool>("queue.drop", vec![text(&scene.id)]));
    scene.go_on();
    assert!(scene.end().recipients <= 10, "{}", scene.end().recipients);
    assert_eq!(scene.control.fault("queue.get", vec![text(&scene.id)]), 400);
    // It stays known: an MTA that hands it over again does not bring it back.
    let verdict = scene.control.submit("m00@example.org", TALK, &post("x"));
    assert_eq!((verdict.action.as_str(), verdict.duplicate), ("accept", Some(true)));
    assert!(scene.control.call::<Page<QueueItem>>("queue.list", vec![]).items.is_empty());
}

#[test]
fn a_deleted_list_takes_its_posts_along() {
    let scene = Scene::new();
    assert!(scene.control.call::<bool>("list.delete", vec![text(TALK)]));
    scene.go_on();
    assert!(scene.end().recipients <= 10);
    assert_eq!(scene.control.fault("queue.get", vec![text(&scene.id)]), 400);
    // A new list of that name has nothing of the old one.
    scene.daemon.create_list(TALK, &["new@example.org"]);
    scene.control.submit("new@example.org", TALK, &post("y"));
    let state = scene.sink.wait_for(|state| state.messages == 3, PATIENCE);
    assert_eq!(state.deliveries[2].recipients, ["new@example.org"]);
}

#[test]
fn members_who_come_and_go_meanwhile() {
    let scene = Scene::new();
    // Ahead of the cursor and behind it, one each that leaves, that joins, and that wants no mail any more.
    for gone in ["m01@example.org", "m40@example.org"] {
        scene.control.call::<bool>("member.remove", vec![text(TALK), text(gone)]);
    }
    for new in ["a@example.org", "z@example.org"] {
        scene.control.call::<Value>("member.add", vec![text(TALK), text(new)]);
    }
    let nomail = vec![text(TALK), text("m41@example.org"), members([("mode", text("nomail"))])];
    scene.control.call::<Value>("member.update", nomail);
    scene.go_on();
    wait_for_item(&scene.daemon, &scene.id, |detail| detail.item.state == "done");
    let state = scene.sink.state();
    let reached: Vec<&String> = state.deliveries.iter().flat_map(|delivery| &delivery.recipients).collect();
    let count = |address: &str| reached.iter().filter(|recipient| **recipient == address).count();
    assert_eq!(reached.len(), 49, "{reached:?}");
    for (address, copies) in [("m01", 1), ("m40", 0), ("m41", 0), ("a", 0), ("z", 1), ("m49", 1)] {
        assert_eq!(count(&format!("{address}@example.org")), copies, "{address}");
    }
}

#[test]
fn another_post_overtakes_one_that_hangs() {
    let scene = Scene::new();
    scene.daemon.create_list("other@lists.example.org", &["eve@example.org"]);
    scene.control.submit("eve@example.org", "other@lists.example.org", &post("quick"));
    let state = scene.sink.wait_for(|state| state.messages == 2, PATIENCE);
    assert_eq!(state.deliveries[1].recipients, ["eve@example.org"]);
    scene.go_on();
    wait_for_item(&scene.daemon, &scene.id, |detail| detail.item.state == "done");
}

#[test]
fn a_post_for_nobody_is_done() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &["ann@example.org"]);
    let control = Door::control(&daemon);
    let nomail = vec![text(TALK), text("ann@example.org"), members([("mode", text("nomail"))])];
    control.call::<Value>("member.update", nomail);
    let id = control.submit("ann@example.org", TALK, &post("x")).post_id.expect("an id");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!(detail.item.delivered, 0);
    assert_eq!(sink.state().messages, 0);
}

#[test]
fn finished_posts_leave_and_unfinished_ones_stay() {
    let sink = Sink::start(Behaviour::default());
    let mut daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &["ann@example.org"]);
    let control = Door::control(&daemon);
    let id = control.submit("ann@example.org", TALK, &post("done")).post_id.expect("an id");
    wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    daemon.stop();
    // Nothing is kept longer than needed, and the next hop is away.
    daemon.configure("127.0.0.1:9", "");
    let config = std::fs::read_to_string(daemon.config()).expect("the configuration");
    std::fs::write(daemon.config(), config.replace("[storage]\n", "[storage]\nretain_posts = 0\n")).expect("written");
    daemon.start_again();
    let waiting = control.submit("ann@example.org", TALK, &post("waiting")).post_id.expect("an id");
    // Old posts are looked for at the start, and every hour.
    eventually("the old post to leave", || {
        daemon.stop();
        daemon.start_again();
        control.ask("queue.get", vec![text(&id)]).err()
    });
    let detail = wait_for_item(&daemon, &waiting, |detail| detail.item.last_error.is_some());
    assert_eq!(detail.item.state, "sending");
    // The hand-over is remembered for longer than the post.
    assert_eq!(control.submit("ann@example.org", TALK, &post("done")).duplicate, Some(true));
    let stats: ServerStats = control.call("server.stats", vec![]);
    assert_eq!(stats.queued, 1);
}
