//! How far a session goes: as far as the roles of the person at the time of the call, on the lists that these are on.

use mailjam_rpc::catalogue::{Access, METHODS, Method};
use mailjam_rpc::records::{Account, List, SessionDetail};
use mailjam_rpc::{Code, Value};

use super::{ANN, OTHER, TALK, create, logged_in, open, site};
use crate::calls::{Door, members, post, text, texts};
use crate::daemon::Daemon;
use crate::doors::{Items, params};

const NOT_ALLOWED: i32 = Code::NotAllowed as i32;

/// Somebody with a password and maybe a role, whose session is opened again where a call has ended it.
struct Somebody<'d> {
    daemon: &'d Daemon,
    name: &'static str,
    door: Door,
}

impl Somebody<'_> {
    fn new<'d>(daemon: &'d Daemon, name: &'static str, list: &str, role: &str) -> Somebody<'d> {
        if !role.is_empty() {
            daemon.cli_prints(&["role", "grant", list, name, role]);
        }
        create(daemon, name);
        Somebody { daemon, name, door: logged_in(daemon, name) }
    }

    fn is_refused(&mut self, method: &Method, params: Vec<Value>) -> bool {
        let answer = self.door.ask(method.name, params);
        if method.name.starts_with("session.close") {
            self.door = logged_in(self.daemon, self.name);
        }
        let known = answer.as_ref().is_err_and(|fault| [100, 101, -32601].contains(&fault.number));
        // These say so of what they are asked about.
        let asked = method.name.starts_with("system.method") || method.name == "session.open";
        assert!(!known || asked, "{} by {}: {answer:?}", method.name, self.name);
        answer.is_err_and(|fault| fault.number == NOT_ALLOWED)
    }
}

#[test]
fn a_session_reaches_what_its_roles_permit_and_nothing_on_another_list() {
    let (_sink, daemon) = site();
    let mut owner = Somebody::new(&daemon, "owner@example.org", TALK, "owner");
    let mut moderator = Somebody::new(&daemon, "mod@example.org", TALK, "moderator");
    let mut member = Somebody::new(&daemon, ANN, TALK, "");
    let mut admin = Somebody::new(&daemon, "root@example.org", "site", "admin");
    let mut items = Items::of(&daemon);
    for method in METHODS.iter().filter(|method| method.name != "system.multicall") {
        let name = method.name;
        let everybodys = matches!(method.access, Access::Anyone | Access::Public | Access::Person);
        let decides = matches!(method.access, Access::ListRead | Access::Moderate);
        let runs = decides || method.access == Access::ListOwner;
        // Where everybody may call, the list says whose membership it is; those are in `people`.
        for list in [TALK, OTHER] {
            let mine = list == TALK;
            assert_eq!(member.is_refused(method, items.params(method, list)), !everybodys, "{name} by a member");
            let may = everybodys || (decides && mine);
            assert_eq!(moderator.is_refused(method, items.params(method, list)), !may, "{name} by a moderator, {list}");
            let may = everybodys || (runs && mine);
            assert_eq!(owner.is_refused(method, items.params(method, list)), !may, "{name} by an owner, {list}");
        }
        // On a list that does not exist, so that nothing is done.
        let nowhere = items.named(method, "nothing@lists.example.org");
        assert!(!admin.is_refused(method, nowhere), "{name} by an admin");
    }
    items.wait_on(OTHER);
    let everywhere = Door::control(&daemon).call::<List>("list.get", vec![text(OTHER)]);
    assert!(!everywhere.closed, "nobody closed the other list");
    for door in [&owner.door, &moderator.door, &member.door] {
        for name in [OTHER, "other.lists.example.org", "Other@LISTS.example.org", "", "nothing@lists.example.org"] {
            assert_eq!(door.fault("list.get", vec![text(name)]), NOT_ALLOWED, "{name}");
        }
        let grant = texts(&["", ANN, "admin"]);
        let Value::Array(grant) = grant else { unreachable!("texts are an array") };
        assert_eq!(door.fault("role.grant", grant), NOT_ALLOWED);
        let call = members([("methodName", text("list.get")), ("params", texts(&[OTHER]))]);
        let answers: Vec<Value> = door.call("system.multicall", vec![Value::Array(vec![call])]);
        assert!(format!("{answers:?}").contains("Integer(102)"), "{answers:?}");
        assert_eq!(door.fault("list.list", vec![]), NOT_ALLOWED, "all lists are an admin's to see");
    }
    // What waits at a list is told with the session to those who have a say there, and nobody else learns of the list.
    let waiting = |door: &Door, list: &str| door.call::<SessionDetail>("session.get", vec![text(list)]).held;
    for (who, mine, others) in
        [(&admin, true, true), (&owner, true, false), (&moderator, true, false), (&member, false, false)]
    {
        assert_eq!(waiting(&who.door, TALK).is_some(), mine);
        assert_eq!(waiting(&who.door, OTHER).is_some(), others);
        assert_eq!(waiting(&who.door, "nothing@lists.example.org"), None);
    }
    assert_eq!(params("list.get").len(), 1);
    assert!(admin.door.call::<bool>("list.close", vec![text(OTHER)]));
    assert_eq!(admin.door.submit(ANN, TALK, &post("by-an-admin")).action, "hold");
}

#[test]
fn a_role_that_is_taken_away_is_gone_at_the_next_call() {
    let (_sink, daemon) = site();
    daemon.cli_prints(&["role", "grant", TALK, "chair@example.org", "owner"]);
    create(&daemon, ANN);
    let door = logged_in(&daemon, ANN);
    let may = |method: &str, list: &str| door.ask(method, vec![text(list)]).is_ok();
    assert!(!may("list.get", TALK));
    daemon.cli_prints(&["role", "grant", TALK, ANN, "moderator"]);
    assert!(may("moderation.list", TALK) && !may("list.close", TALK) && !may("moderation.list", OTHER));
    daemon.cli_prints(&["role", "grant", TALK, ANN, "owner"]);
    assert!(may("list.close", TALK) && may("list.reopen", TALK) && !may("list.close", OTHER));
    daemon.cli_prints(&["role", "revoke", TALK, ANN, "owner"]);
    daemon.cli_prints(&["role", "revoke", TALK, ANN, "moderator"]);
    assert!(!may("list.get", TALK) && !may("moderation.list", TALK));

    let admin = |yes| {
        let changes = vec![text(ANN), members([("admin", Value::Boolean(yes))])];
        Door::control(&daemon).call::<Account>("account.update", changes).admin
    };
    assert!(admin(true) && may("list.get", OTHER) && open(&daemon, ANN).admin);
    assert_eq!(
        daemon.cli_prints(&["role", "list", "site"]).matches(ANN).count(),
        1,
        "it is the role, and no other mark"
    );
    daemon.cli_prints(&["role", "revoke", "site", ANN, "admin"]);
    assert!(!may("list.get", OTHER));
    assert!(!Door::control(&daemon).call::<Account>("account.get", vec![text(ANN)]).admin);
}
