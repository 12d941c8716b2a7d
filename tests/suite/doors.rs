//! Who may call what: the map of methods at each door, and tokens with their scopes.

use std::collections::BTreeSet;

use mailjam_rpc::catalogue::{Access, METHODS, Method};
use mailjam_rpc::records::{Held, List, Page, Pending, Token, TokenCreated};
use mailjam_rpc::{Code, Time, Value};

use crate::calls::{Door, members, post, submission, text, texts};
use crate::daemon::{Daemon, eventually};

const TALK: &str = "talk@lists.example.org";
const OTHER: &str = "other@lists.example.org";

fn daemon() -> Daemon {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &["ann@example.org"]);
    daemon.create_list(OTHER, &[]);
    daemon
}

fn token(daemon: &Daemon, scopes: &[&str]) -> Door {
    Door::tcp(daemon, Some(&secret(daemon, members([("label", text("x")), ("scopes", texts(scopes))])).secret))
}

fn secret(daemon: &Daemon, request: Value) -> TokenCreated {
    Door::control(daemon).call("token.create", vec![request])
}

fn listed(door: &Door) -> BTreeSet<String> {
    door.call::<Vec<String>>("system.listMethods", vec![]).into_iter().collect()
}

/// Parameters with which a method gets past its own checks or fails in them: enough to see whether it may be called.
pub fn params(name: &str) -> Vec<Value> {
    let method = METHODS.iter().find(|method| method.name == name).expect("a method");
    let any = |kind: &str| match kind {
        "string" => text(TALK),
        "struct" => members([("list", text(TALK)), ("sender", text("")), ("message", Value::Base64(vec![]))]),
        "array" => Value::Array(vec![]),
        "base64" => Value::Base64(vec![]),
        other => panic!("{name} takes {other}"),
    };
    method.params.iter().filter(|param| !param.optional).map(|param| any(param.kind)).collect()
}

/// What moderators decide about: a fresh one for each call, because most calls use it up.
pub struct Items {
    control: Door,
    made: usize,
    /// Held posts and requests on [`OTHER`].
    elsewhere: [usize; 2],
}

impl Items {
    pub fn of(daemon: &Daemon) -> Items {
        let control = Door::control(daemon);
        let settings = || members([("emergency", text("yes")), ("post_policy", text("open"))]);
        for list in [TALK, OTHER] {
            control.call::<Vec<Value>>("list.update", vec![text(list), settings()]);
        }
        Items { control, made: 0, elsewhere: [0, 0] }
    }

    /// [`params`] for a list, named by itself or by something that waits on it.
    pub fn params(&mut self, method: &Method, list: &str) -> Vec<Value> {
        let mut params = self.named(method, list);
        let by_id = method.params.first().is_some_and(|param| param.name == "id");
        let id = match method.name.split_once('.') {
            Some(("moderation", _)) if by_id => self.held_post(list),
            Some(("subscription", _)) if by_id => self.request(list),
            _ => return params,
        };
        params[0] = text(&id);
        params
    }

    /// [`params`] with another list in the place of [`TALK`].
    pub fn named(&self, method: &Method, list: &str) -> Vec<Value> {
        let instead = |value: Value| match value {
            Value::String(named) if named == TALK => text(list),
            Value::Struct(mut members) => {
                members.insert("list".to_owned(), text(list));
                Value::Struct(members)
            }
            other => other,
        };
        params(method.name).into_iter().map(instead).collect()
    }

    fn held_post(&mut self, list: &str) -> String {
        self.made += 1;
        self.elsewhere[0] += usize::from(list == OTHER);
        let verdict = self.control.submit("ann@example.org", list, &post(&format!("item-{}", self.made)));
        assert_eq!(verdict.action, "hold", "{}", verdict.text);
        verdict.post_id.expect("an id")
    }

    fn request(&mut self, list: &str) -> String {
        self.made += 1;
        self.elsewhere[1] += usize::from(list == OTHER);
        let who = format!("item-{}@example.org", self.made);
        assert!(self.control.call::<bool>("subscription.request", vec![text(list), text(&who)]));
        let pending: Page<Pending> = self.control.call("subscription.pending", vec![text(list)]);
        pending.items.into_iter().find(|item| item.address == who).expect("the request").id
    }

    /// Nobody decided about what waits on this list.
    pub fn wait_on(&self, list: &str) {
        let held: Page<Held> = self.control.call("moderation.list", vec![text(list)]);
        let pending: Page<Pending> = self.control.call("subscription.pending", vec![text(list)]);
        assert_eq!([held.items.len(), pending.items.len()], self.elsewhere, "{list}");
        assert!(self.elsewhere.iter().all(|made| *made > 0));
    }
}

#[test]
fn each_unix_socket_answers_its_own_methods() {
    let daemon = daemon();
    let all: BTreeSet<String> = METHODS.iter().map(|method| method.name.to_owned()).collect();
    let system = |name: &str| name.starts_with("system.");
    for (name, expected) in [
        ("control", all.clone()),
        (
            "web",
            METHODS
                .iter()
                .filter(|method| system(method.name) || method.access == Access::Public)
                .map(|method| method.name.to_owned())
                .collect(),
        ),
        (
            "mta",
            METHODS
                .iter()
                .filter(|method| matches!(method.access, Access::Mta | Access::Anyone))
                .map(|method| method.name.to_owned())
                .collect(),
        ),
    ] {
        let door = Door::named(&daemon, name);
        assert_eq!(listed(&door), expected, "{name}");
        for method in all.difference(&expected) {
            assert_eq!(door.fault(method, params(method)), Code::NoSuchMethod as i32, "{method} at {name}");
            assert_eq!(door.fault("system.methodHelp", vec![text(method)]), Code::NoSuchMethod as i32);
            let call = members([("methodName", text(method)), ("params", Value::Array(params(method)))]);
            let answers: Vec<Value> = door.call("system.multicall", vec![Value::Array(vec![call])]);
            assert!(format!("{answers:?}").contains("-32601"), "{method} in a multicall at {name}: {answers:?}");
        }
    }
    let public: BTreeSet<String> =
        listed(&Door::named(&daemon, "web")).into_iter().filter(|name| !system(name)).collect();
    let known = ["confirm", "leave", "request", "unsubscribe"].map(|verb| format!("subscription.{verb}"));
    let logins = ["link", "open", "redeem"].map(|verb| format!("session.{verb}"));
    assert_eq!(
        public,
        known.into_iter().chain(logins).collect(),
        "a method became public: is it meant to be called by everybody?"
    );
    let mta = listed(&Door::named(&daemon, "mta"));
    assert!(mta.iter().all(|name| !name.starts_with("member.") && !name.starts_with("token.")), "{mta:?}");
}

#[test]
fn introspection_tells_of_every_method() {
    let daemon = daemon();
    let control = Door::control(&daemon);
    for method in METHODS {
        let signatures: Vec<Vec<String>> = control.call("system.methodSignature", vec![text(method.name)]);
        assert_eq!(signatures.len(), method.params.len() - method.required() + 1, "{}", method.name);
        assert!(signatures.iter().all(|signature| signature[0] == method.result), "{}", method.name);
        let help: String = control.call("system.methodHelp", vec![text(method.name)]);
        assert!(help.starts_with(method.name) && help.ends_with(method.help), "{help}");
    }
    let capabilities: std::collections::BTreeMap<String, Value> = control.call("system.getCapabilities", vec![]);
    for name in ["xmlrpc", "introspect", "faults_interop", "system.multicall"] {
        assert!(capabilities.contains_key(name), "{name}");
    }
}

#[test]
fn without_a_token_there_is_no_answer_on_tcp() {
    let daemon = daemon();
    for door in [Door::tcp(&daemon, None), Door::tcp(&daemon, Some("mailjam_wrong")), Door::tcp(&daemon, Some(""))] {
        for method in ["system.listMethods", "server.ping", "mta.submit", "nonsense"] {
            let reply = door.post(method, vec![]);
            assert_eq!(reply.status, 401, "{method}");
            assert!(!String::from_utf8_lossy(&reply.body).contains('<'), "{method}");
        }
    }
}

#[test]
fn tokens_expire_and_are_revoked_and_only_their_hash_is_kept() {
    let daemon = daemon();
    let control = Door::control(&daemon);
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs()).expect("a time");
    let request = |expires| {
        members([
            ("label", text("short")),
            ("scopes", texts(&["read"])),
            ("expires", crate::calls::value(Time(expires))),
        ])
    };
    assert_eq!(control.fault("token.create", vec![request(now - 1)]), Code::InvalidParameters as i32);
    let short = secret(&daemon, request(now + 2));
    let door = Door::tcp(&daemon, Some(&short.secret));
    assert_eq!(door.post("server.ping", vec![]).status, 200);
    eventually("the token to expire", || (door.post("server.ping", vec![]).status == 401).then_some(()));

    let long = secret(&daemon, members([("label", text("long")), ("scopes", texts(&["read"]))]));
    let door = Door::tcp(&daemon, Some(&long.secret));
    assert_eq!(door.post("server.ping", vec![]).status, 200);
    assert!(control.call::<bool>("token.revoke", vec![text(&long.id)]));
    assert_eq!(door.post("server.ping", vec![]).status, 401);

    let tokens: Vec<Token> = control.call("token.list", vec![]);
    assert_eq!(tokens.iter().map(|token| token.revoked).collect::<Vec<_>>(), [false, true]);
    for name in ["mailjam.db", "mailjam.db-wal", "log"] {
        let bytes = std::fs::read(daemon.folder().join(name)).expect("a file of the daemon");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&long.secret) && !text.contains(&short.secret), "a secret in {name}");
    }
}

#[test]
fn a_token_may_be_the_password_of_basic_authentication() {
    let daemon = daemon();
    let secret = secret(&daemon, members([("label", text("x")), ("scopes", texts(&["read"]))])).secret;
    let status = |authorization: &str| {
        use std::io::{Read, Write};
        let body = "<methodCall><methodName>server.ping</methodName></methodCall>";
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", daemon.port())).expect("a connection");
        let length = body.len();
        write!(
            stream,
            "POST /RPC2 HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("a request sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer[9..12].to_owned()
    };
    let basic = |pair: &str| {
        let mut command = std::process::Command::new("base64");
        let encoded = crate::daemon::run(command.arg("-w0"), pair.as_bytes()).stdout;
        format!("Basic {}", String::from_utf8(encoded).expect("ASCII"))
    };
    assert_eq!(status(&basic(&format!("anybody:{secret}"))), "200");
    assert_eq!(status(&format!("bearer {secret}")), "200");
    for wrong in
        [basic("anybody:wrong"), basic("no colon"), "Basic ***".to_owned(), secret.clone(), "Bearer".to_owned()]
    {
        assert_eq!(status(&wrong), "401", "{wrong}");
    }
}

#[test]
fn a_scope_opens_what_the_catalogue_says_and_nothing_else() {
    let daemon = daemon();
    for (scope, opens) in [
        ("metrics", &[Access::Metrics][..]),
        ("mta", &[Access::Mta]),
        ("read", &[Access::Metrics, Access::Read, Access::ListRead]),
    ] {
        let door = token(&daemon, &[scope]);
        for method in METHODS.iter().filter(|method| method.name != "system.multicall") {
            let allowed = matches!(method.access, Access::Anyone | Access::Public) || opens.contains(&method.access);
            let refused = door.ask(method.name, params(method.name)).is_err_and(|fault| fault.number == 102);
            assert_eq!(refused, !allowed, "{} with the scope {scope}", method.name);
        }
    }
    let admin = token(&daemon, &["admin"]);
    assert!(admin.call::<bool>("list.close", vec![text(OTHER)]));
    assert_eq!(admin.submit("ann@example.org", TALK, &post("by-token")).action, "accept");
}

#[test]
fn an_owner_rules_one_list_and_a_moderator_reads_it_and_decides() {
    let daemon = daemon();
    let owner = token(&daemon, &[&format!("owner:{TALK}")]);
    let moderator = token(&daemon, &["moderate:talk.lists.example.org"]);
    let mut items = Items::of(&daemon);
    for method in METHODS.iter().filter(|method| method.name != "system.multicall") {
        let mut refused = |door: &Door, list| {
            door.ask(method.name, items.params(method, list)).is_err_and(|fault| fault.number == 102)
        };
        let decides = matches!(method.access, Access::Anyone | Access::Public | Access::ListRead | Access::Moderate);
        assert_eq!(refused(&moderator, TALK), !decides, "{} by a moderator", method.name);
        assert_eq!(
            refused(&owner, TALK),
            !decides && method.access != Access::ListOwner,
            "{} by an owner",
            method.name
        );
        // What waits on another list is another's, though only a number says so.
        if method.access == Access::Moderate {
            assert!(refused(&moderator, OTHER) && refused(&owner, OTHER), "{} on another list", method.name);
        }
    }
    items.wait_on(OTHER);
    // The same list by its other names, and no other list by any.
    for name in [TALK, "Talk@LISTS.example.org", "talk.lists.example.org"] {
        assert_eq!(owner.call::<List>("list.get", vec![text(name)]).address, TALK, "{name}");
    }
    for name in [OTHER, "other.lists.example.org", "nothing@lists.example.org", ""] {
        for door in [&owner, &moderator] {
            assert_eq!(door.fault("list.get", vec![text(name)]), 102, "{name}");
            assert_eq!(door.fault("role.list", vec![text(name)]), 102, "{name}");
        }
    }
    assert_eq!(owner.fault("role.grant", vec![text(""), text("eve@example.org"), text("admin")]), 102);
    let explain = |list| members([("list", text(list)), ("sender", text("")), ("message", Value::Base64(post("x")))]);
    assert!(owner.ask("message.explain", vec![explain(TALK)]).is_ok());
    assert_eq!(owner.fault("message.explain", vec![explain(OTHER)]), 102);
    let call = members([("methodName", text("list.get")), ("params", texts(&[OTHER]))]);
    let answers: Vec<Value> = owner.call("system.multicall", vec![Value::Array(vec![call])]);
    assert!(format!("{answers:?}").contains("Integer(102)"), "{answers:?}");
}

#[test]
fn a_token_for_an_mta_hands_over_and_no_more() {
    let daemon = daemon();
    let mta = token(&daemon, &["mta"]);
    assert_eq!(mta.submit("ann@example.org", TALK, &post("one")).action, "accept");
    let read = token(&daemon, &["read"]);
    assert_eq!(read.fault("mta.submit", vec![submission("ann@example.org", TALK, &post("two"))]), 102);
    let control = Door::control(&daemon);
    for scopes in [&[][..], &["everything"], &["owner:"], &["owner:a b"], &["owner:a\tadmin"], &["read admin"]] {
        let request = members([("label", text("x")), ("scopes", texts(scopes))]);
        assert_eq!(control.fault("token.create", vec![request]), Code::InvalidParameters as i32, "{scopes:?}");
    }
}
