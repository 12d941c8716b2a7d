"""Python's own XML-RPC client, unmodified, calls every method of a running mailjamd.

    xmlrpc_client.py URL TOKEN SOCKET

URL is where the daemon listens on TCP and TOKEN has the scope admin; SOCKET is the unix socket for administrators.
The socket for the web client is beside it. The daemon's next hop must not answer, so that posts stay in the queue. Prints
the name of each method called, once.
"""

import datetime
import json
import http.client
import os
import socket
import sys
import xmlrpc.client
from xmlrpc.client import Binary, DateTime, Fault, MultiCall, ProtocolError, ServerProxy

LIST = "talk@py.test"
POST = b"From: anna@py.test\r\nTo: talk@py.test\r\nSubject: bytes\r\n\r\nzero \x00, high \xff, <&>\r\n"

called = set()


class Recorder:
    """Notes the names of the methods that are called on a proxy."""

    def __init__(self, proxy):
        self.proxy = proxy

    def __call__(self, method, *params):
        called.add(method)
        return getattr(self.proxy, method)(*params)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path, headers=()):
        super().__init__(headers=headers)
        self.path = path

    def make_connection(self, host):
        return UnixConnection(self.path)


def with_token(url, token):
    return ServerProxy(url, headers=[("Authorization", f"Bearer {token}")])


def fault_of(call, method, *params):
    """The code of the fault that a call must end in."""
    try:
        answer = call(method, *params)
    except Fault as fault:
        name, colon, text = fault.faultString.partition(": ")
        assert colon and text and name == name.upper(), fault
        return fault.faultCode
    raise AssertionError(f"{method} answered {answer!r} instead of a fault")


def system(call, proxy):
    methods = call("system.listMethods")
    assert methods == sorted(set(methods)) or len(methods) == len(set(methods))
    assert {"list.create", "mta.submit", "system.multicall"} <= set(methods)
    for method in methods:
        assert proxy.system.methodHelp(method).endswith("."), method
        signatures = proxy.system.methodSignature(method)
        assert all(isinstance(kind, str) for signature in signatures for kind in signature), method
    assert ["struct", "string"] in call("system.methodSignature", "list.get")
    assert "list" in call("system.methodHelp", "list.get")
    assert {"introspect", "faults_interop"} <= set(call("system.getCapabilities"))

    called.add("system.multicall")
    several = MultiCall(proxy)
    several.server.ping()
    several.list.get("nobody@nowhere.test")
    several.system.methodHelp("server.ping")
    answers = several()
    assert answers[0] is True
    try:
        answers[1]
        raise AssertionError("the second call of the multicall must be a fault")
    except Fault as fault:
        assert fault.faultCode == 200, fault
    assert isinstance(answers[2], str)


def server(call):
    assert call("server.ping") is True
    info = call("server.info")
    assert info["version"] and info["pid"] > 1 and info["uptime"] >= 0
    assert call("server.stats")["lists"] == 0
    assert call("server.reload") is True


def domains(call):
    assert call("domain.create", "py.test", {"description": "Grüße & <Küsse> \U0001f600"})["lists"] == 0
    assert call("domain.get", "py.test")["description"] == "Grüße & <Küsse> \U0001f600"
    assert call("domain.update", "py.test", {"description": "new"})["description"] == "new"
    assert [domain["name"] for domain in call("domain.list")["items"]] == ["py.test"]
    call("domain.create", "gone.test")
    assert call("domain.delete", "gone.test") is True
    assert fault_of(call, "domain.get", "gone.test") == 210


def lists(call):
    created = call("list.create", LIST, {"subject_prefix": "[talk]"})
    assert created["address"] == LIST and created["members"] == 0 and not created["closed"]
    assert isinstance(created["created"], DateTime)
    age = datetime.datetime.utcnow() - datetime.datetime.strptime(created["created"].value, "%Y%m%dT%H:%M:%S")
    assert abs(age.total_seconds()) < 60, created["created"]
    assert call("list.get", created["list_id"]) == call("list.get", LIST)
    settings = {setting["key"]: setting for setting in call("list.settings.schema")}
    assert {"post_policy", "subject_prefix", "reply_to", "max_size", "verp", "description", "language"} <= set(settings)
    assert set(created["settings"]) == set(settings)

    revision = created["revision"]
    change = {"key": "description", "from": "", "to": "Gespräch"}
    dry = call("list.update", LIST, {"description": "Gespräch"}, {"dry_run": True})
    assert dry == [change], dry
    assert call("list.update", LIST, {"description": "Gespräch"}, {"if_revision": revision}) == [change]
    assert fault_of(call, "list.update", LIST, {"description": "x"}, {"if_revision": revision}) == 600
    assert fault_of(call, "list.update", LIST, {"colour": "blue"}) == -32602

    for number in range(3):
        call("list.create", f"page{number}@py.test")
    first = call("list.list", {"limit": 2, "filter": "page"})
    second = call("list.list", {"limit": 2, "filter": "page", "cursor": first["next"]})
    pages = [item["address"] for item in first["items"] + second["items"]]
    assert pages == [f"page{number}@py.test" for number in range(3)] and "next" not in second
    assert call("list.rename", "page0@py.test", "cover@py.test")["address"] == "cover@py.test"
    assert call("list.close", "cover@py.test") is True and call("list.get", "cover@py.test")["closed"]
    assert call("list.reopen", "cover@py.test") is True and not call("list.get", "cover@py.test")["closed"]
    assert call("list.delete", "cover@py.test") is True
    assert fault_of(call, "list.get", "cover@py.test") == 200
    assert fault_of(call, "list.create", LIST) == 201
    assert fault_of(call, "list.create", "talk-request@py.test") == 202


def members(call):
    added = call("member.add", LIST, "anna@py.test", {"name": "Anna Ä. <&>"})
    assert added["name"] == "Anna Ä. <&>" and added["mode"] == "post" and isinstance(added["since"], DateTime)
    assert call("member.get", LIST, "ANNA@py.test") == added
    assert fault_of(call, "member.add", LIST, "anna@py.test") == 301
    assert fault_of(call, "member.add", LIST, "no address") == 302
    assert call("member.update", LIST, "anna@py.test", {"name": "Anna"})["name"] == "Anna"
    everybody = [{"address": "anna@py.test"}, {"address": "bert@py.test", "name": "Bert"}, {"address": "@"}]
    dry = call("member.import", LIST, everybody, {"dry_run": True})
    assert (dry["added"], dry["already"], len(dry["refused"])) == (1, 1, 1)
    done = call("member.import", LIST, everybody)
    assert done["added"] == 1 and done["refused"][0]["code"] == 302
    assert call("member.list", LIST)["total"] == 2
    synced = call("member.sync", LIST, ["anna@py.test", "carla@py.test"])
    assert (synced["added"], synced["removed"], synced["kept"]) == (["carla@py.test"], ["bert@py.test"], 1)
    assert [found["list"] for found in call("member.find", "carla@py.test")] == [LIST]
    assert call("member.change_address", "carla@py.test", "dora@py.test") == [LIST]
    assert call("member.remove", LIST, "dora@py.test") is True
    assert fault_of(call, "member.get", LIST, "dora@py.test") == 300


def roles(call):
    assert call("role.grant", LIST, "anna@py.test", "owner") is True
    assert call("role.grant", LIST, "bert@py.test", "moderator") is True
    assert {"address": "anna@py.test", "role": "owner"} in call("role.list", LIST)
    assert call("role.revoke", LIST, "bert@py.test", "moderator") is True
    assert fault_of(call, "role.revoke", LIST, "anna@py.test", "owner") == 311
    assert fault_of(call, "role.revoke", LIST, "nobody@py.test", "owner") == 310


def mail(call):
    assert call("mta.check", {"sender": "anna@py.test", "recipient": LIST})["action"] == "accept"
    assert call("mta.check", {"sender": "anna@py.test", "recipient": "no@py.test"})["code"] == 67
    assert call("mta.check", {"sender": "anna@py.test", "recipient": LIST, "size": 2**30})["code"] == 69
    resolved = call("mta.resolve", "talk-owner@py.test")
    assert (resolved["kind"], resolved["list"]) == ("owner", LIST)
    assert LIST in call("mta.maps", "plain").split()
    assert "py" in call("mta.maps")

    explained = call("message.explain", {"list": LIST, "sender": "anna@py.test", "message": Binary(POST)})
    assert explained["verdict"]["action"] == "accept" and explained["recipients"] == ["anna@py.test"]
    copy = explained["output"].data
    assert b"List-Id:" in copy and b"[talk] bytes" in copy and copy.endswith(b"zero \x00, high \xff, <&>\r\n")

    submission = {"sender": "anna@py.test", "recipient": LIST, "message": Binary(POST), "queue_id": "4F1"}
    verdict = call("mta.submit", submission)
    assert verdict["action"] == "accept" and verdict["code"] == 0, verdict
    again = call("mta.submit", submission)
    assert again["duplicate"] is True and again["post_id"] == verdict["post_id"], again
    strange = Binary(POST.replace(b"anna@py.test", b"stranger@outside.test"))
    refused = call("mta.submit", {"sender": "stranger@outside.test", "recipient": LIST, "message": strange})
    assert refused["code"] == 77 and refused["dsn"].startswith("5.7."), refused


def queue(call):
    items = call("queue.list")["items"]
    assert [(item["list"], item["kind"]) for item in items] == [(LIST, "post")], items
    assert items[0]["size"] == len(POST) and isinstance(items[0]["received"], DateTime)
    item = items[0]["id"]
    assert call("queue.get", item)["item"]["id"] == item
    assert call("queue.retry", {"id": item}) >= 0
    assert call("queue.drop", item) is True
    assert fault_of(call, "queue.get", item) == 400


def wishes(call):
    call("member.add", LIST, "wish@py.test", {"mode": "digest", "own_posts": False, "welcome": True})
    until = DateTime("20990101T12:00:00")
    assert call("member.pause", LIST, "wish@py.test", until)["away_until"] == until
    assert "away_until" not in call("member.pause", LIST, "wish@py.test")
    assert call("member.mute", LIST, "wish@py.test", "<thread@py.test>") is True
    assert call("member.trust", LIST, "wish@py.test")["posting"] == "accept"
    since = [one["since"] for one in call("member.list", LIST, {"sort": "newest", "limit": 10})["items"]]
    assert since == sorted(since, reverse=True), since
    assert fault_of(call, "member.list", LIST, {"sort": "colour"}) == -32602
    assert all(post["subject"] for post in call("list.posts", LIST, 5))
    assert call("list.stats", LIST)["digest"] == 1 and len(call("list.stats", LIST, 7)["daily"]) == 7
    assert call("member.remove", LIST, "wish@py.test", {"notify": True, "reason": "a test"}) is True


def moderation(call):
    assert call("role.grant", LIST, "mod@py.test", "moderator") is True
    call("member.add", LIST, "poster@py.test")
    assert call("list.update", LIST, {"post_policy": "moderated"})[0]["to"] == "moderated"

    def hold(number):
        message = Binary(POST.replace(b"bytes", b"held %d" % number).replace(b"anna@", b"poster@"))
        verdict = call("mta.submit", {"sender": "poster@py.test", "recipient": LIST, "message": message})
        assert (verdict["action"], verdict["code"]) == ("hold", 0), verdict
        return verdict["post_id"]

    one, two, three, four, five = (hold(number) for number in range(5))
    held = call("moderation.list", LIST)["items"]
    assert [item["id"] for item in held] == [one, two, three, four, five], held
    assert held[0]["rule"] == "moderated" and "poster@py.test" in held[0]["sender"], held
    assert b"held 0" in call("moderation.get", one)["raw"].data
    assert call("moderation.forward", one, "chair@py.test") is True
    assert call("moderation.approve", one, {"trust": False}) is True
    assert fault_of(call, "moderation.approve", one) == 401
    assert call("moderation.reject", two, "no reason") is True
    assert call("moderation.discard", three, {"ban": False}) is True
    results = call("moderation.bulk", [four, three, "nothing"], "approve")
    assert [item["result"] for item in results] == ["done", "ALREADY-HANDLED", "NO-SUCH-ITEM"], results
    assert call("list.preview", LIST, {"post_policy": "closed"}, 10)["differences"][0]["to"] == "refuse"
    assert call("moderation.discard", five) is True
    assert call("list.update", LIST, {"post_policy": ""})[0]["to"] == "members"


def bans(call):
    ban = call("ban.add", LIST, "Evil.test", {"reason": "spam"})
    assert ban["pattern"] == "evil.test" and ban["scope"] == LIST, ban
    assert [item["id"] for item in call("ban.list", LIST)] == [ban["id"]]
    assert [item["id"] for item in call("ban.check", LIST, "a@mail.evil.test")] == [ban["id"]]
    assert call("ban.remove", ban["id"]) is True
    assert fault_of(call, "ban.add", "", "*") == -32602


def bounces(call):
    report = Binary(
        b"From: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; anna@py.test\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n"
    )
    [found] = call("bounce.classify", report)
    assert (found["address"], found["class"], found["status"], found["hard"]) == ("anna@py.test", "dead", "5.1.1", True)
    submission = {"sender": "", "recipient": "talk-bounces@py.test", "message": report}
    assert call("mta.submit", submission)["action"] == "accept"
    [bounce] = call("bounce.list", LIST)["items"]
    assert bounce["outcome"] == "unproven" and bounce["points"] == 0.0, bounce
    assert call("bounce.get", bounce["id"])["raw"].data == report.data
    assert call("bounce.members", LIST)["total"] == 0
    assert call("bounce.probe", LIST, "anna@py.test") is True
    assert call("bounce.member", LIST, "anna@py.test")["state"]["stage"] == "probed"
    assert call("bounce.reset", LIST, "anna@py.test") is True
    assert call("bounce.reset", LIST, "anna@py.test") is False
    assert fault_of(call, "bounce.reset", LIST, "nobody@py.test") == 300


def digests(call):
    call("member.add", LIST, "digest@py.test", {"mode": "digest"})
    if call("digest.status", LIST)["posts"]:
        assert call("digest.send", LIST) > 0
    before = call("digest.status", LIST)
    assert before["posts"] == 0 and "next" not in before, before
    assert fault_of(call, "digest.send", LIST) == 400
    submission = {"sender": "anna@py.test", "recipient": LIST, "message": Binary(POST.replace(b"bytes", b"digested"))}
    assert call("mta.submit", submission)["action"] == "accept"
    status = call("digest.status", LIST)
    assert (status["posts"], status["mime"], status["plain"]) == (1, 1, 0) and status["next"] > status["oldest"], status
    assert b"multipart/digest" in call("digest.preview", LIST)["message"].data
    assert call("digest.send", LIST) == 1
    status = call("digest.status", LIST)
    assert (status["posts"], status["issue"]) == (0, before["issue"] + 1), status
    assert call("member.remove", LIST, "digest@py.test") is True


def doctor(call):
    found = call("server.doctor", ["storage", "next-hop"])
    assert [(item["check"], item["status"]) for item in found] == [("storage", "ok"), ("next-hop", "fail")], found
    assert fault_of(call, "server.doctor", ["liver"]) == -32602


def keys(call):
    key = call("dkim.create", "py.test", {"algorithm": "ed25519", "selector": "one"})
    assert key["name"] == "one._domainkey.py.test" and "k=ed25519" in "".join(key["strings"]), key
    assert (key["active"], key["configured"]) == (False, False), key
    assert call("dkim.activate", "py.test", "one") is True
    assert [(key["selector"], key["active"]) for key in call("dkim.list")] == [("one", True)]
    assert call("dkim.remove", "py.test", "one") is True
    assert fault_of(call, "dkim.remove", "py.test", "one") == 400
    assert fault_of(call, "dkim.create", "py.test", {"selector": "../one"}) == -32602


def subscriptions(call):
    assert call("subscription.request", LIST, "new@py.test", {"name": "New", "source_ip": "127.0.0.1"}) is True
    assert [item["waits_for"] for item in call("subscription.pending", LIST)["items"]] == ["confirmation"]
    # Nobody confirms in another's place.
    assert fault_of(call, "subscription.approve", call("subscription.pending", LIST)["items"][0]["id"]) == 400
    assert call("member.add", LIST, "new@py.test", {"name": "New"})["name"] == "New"
    assert call("subscription.pending", LIST)["items"] == []
    assert call("subscription.request", LIST, "other@py.test") is True
    assert call("subscription.deny", call("subscription.pending", LIST)["items"][0]["id"], "no") is True
    assert call("subscription.leave", LIST, "new@py.test") is True
    assert fault_of(call, "subscription.confirm", "nonsense") == 410
    assert fault_of(call, "subscription.unsubscribe", "a" * 80) == 410


def templates(call):
    text = "Subject: Hello {{ address }}\n\nThis is {{ list }}.\n"
    assert call("template.set", LIST, "welcome", "en", text) is True
    assert call("template.get", LIST, "welcome")["text"] == text
    assert call("template.render", LIST, "welcome")["subject"].startswith("Hello ")
    listed = call("template.list", LIST)
    assert [item["language"] for item in listed if item["origin"] == "list"] == ["en"], listed
    assert call("template.reset", LIST, "welcome", "en") is True
    assert fault_of(call, "template.set", LIST, "welcome", "en", "no subject") == -32602


def records(call):
    call("member.add", LIST, "gone@py.test")
    exported = json.loads(call("privacy.export", "gone@py.test").data)
    assert exported["address"] == "gone@py.test" and exported["member"], exported
    assert call("privacy.erase", "gone@py.test", {"dry_run": True})["memberships"] == 1
    assert call("privacy.erase", "gone@py.test")["memberships"] == 1
    assert fault_of(call, "member.add", LIST, "gone@py.test") == 304
    assert call("privacy.retention", LIST)["posts"] == 30
    entries = call("audit.list", {"list": LIST, "limit": 5})
    assert len(entries["items"]) == 5 and entries["next"], entries
    found = call("audit.verify")
    assert found["ok"] is True and found["erased"] >= 1, found


def tokens(call, url):
    noon = DateTime("20990101T12:00:00")
    created = call("token.create", {"label": "reads", "scopes": ["read"], "expires": noon})
    listed = next(token for token in call("token.list") if token["id"] == created["id"])
    assert listed["expires"] == noon and listed["scopes"] == ["read"] and not listed["revoked"], listed
    reader = Recorder(with_token(url, created["secret"]))
    assert reader("list.get", LIST)["address"] == LIST
    assert fault_of(reader, "list.delete", LIST) == 102
    assert call("token.revoke", created["id"]) is True
    for token in (created["secret"], "wrong"):
        try:
            with_token(url, token).server.ping()
            raise AssertionError("a worthless token was taken")
        except Fault as fault:
            assert fault.faultCode in (100, 101), fault
        except ProtocolError as refusal:
            assert refusal.errcode in (401, 403), refusal
    try:
        ServerProxy(url).server.ping()
        raise AssertionError("somebody without a token was answered")
    except ProtocolError as refusal:
        assert refusal.errcode == 401, refusal


def accounts(call, path):
    created = call("account.create", "eve@py.test", {"password": "correct horse", "admin": True})
    assert created["has_password"] and created["admin"] and "last_login" not in created, created
    assert fault_of(call, "account.create", "eve@py.test") == 321
    assert fault_of(call, "account.get", "nobody@py.test") == 320
    assert call("account.update", "eve@py.test", {"admin": False})["admin"] is False
    assert [account["address"] for account in call("account.list")["items"]] == ["eve@py.test"]

    def web(session=None):
        headers = [("Authorization", f"Bearer {session}")] if session else []
        return Recorder(ServerProxy("http://localhost/RPC2", transport=UnixTransport(path, headers)))

    assert fault_of(web(), "session.open", "eve@py.test", "wrong horse", {"source_ip": "192.0.2.1"}) == 100
    assert web()("session.link", "nobody@py.test", {"user_agent": "Python"}) is True
    assert fault_of(web(), "session.redeem", "nonsense") == 410
    assert fault_of(web(), "me.lists") == -32601
    session = web()("session.open", "eve@py.test", "correct horse")
    assert isinstance(session["expires"], DateTime) and session["admin"] is False, session
    me = web(session["token"])
    seen = me("session.get")
    assert (seen["address"], seen["admin"], seen["roles"]) == ("eve@py.test", False, []), seen
    assert fault_of(me, "list.get", LIST) == 102
    call("member.add", LIST, "eve@py.test")
    assert [(mine["list"], mine["mode"]) for mine in me("me.lists")] == [(LIST, "post")]
    assert me("me.update", LIST, {"mode": "nomail", "away_until": DateTime("20990101T12:00:00")})["mode"] == "nomail"
    assert me("me.mute", LIST, "<thread@py.test>", True) is True
    assert isinstance(me("me.threads", LIST), list)
    assert me("me.enable", LIST) is False
    assert json.loads(me("me.export").data)["address"] == "eve@py.test"
    assert me("me.leave", LIST) is True
    assert me("me.password", "correct horse", "correct donkey") is True
    assert me("session.close") is True
    assert fault_of(me, "session.get") == 100
    again = web(web()("session.open", "eve@py.test", "correct donkey")["token"])
    assert again("session.close_all") == 1
    assert fault_of(call, "me.lists") == 102
    assert call("account.delete", "eve@py.test") is True


def wrong_calls(call):
    assert fault_of(call, "no.such.method") == -32601
    called.discard("no.such.method")
    assert fault_of(call, "list.get") == -32602
    assert fault_of(call, "list.get", LIST, {}, "too", "many") == -32602
    assert fault_of(call, "list.get", 42) == -32602
    assert fault_of(call, "member.add", LIST, "x@py.test", {"colour": "blue"}) == -32602


def main(url, token, path):
    proxy = with_token(url, token)
    call = Recorder(proxy)
    system(call, proxy)
    server(call)
    domains(call)
    lists(call)
    members(call)
    roles(call)
    mail(call)
    queue(call)
    wishes(call)
    moderation(call)
    bans(call)
    bounces(call)
    digests(call)
    keys(call)
    doctor(call)
    subscriptions(call)
    templates(call)
    records(call)
    tokens(call, url)
    accounts(call, os.path.join(os.path.dirname(path), "web.sock"))
    wrong_calls(call)
    local = ServerProxy("http://localhost/RPC2", transport=UnixTransport(path))
    assert local.list.get(LIST) == proxy.list.get(LIST)
    assert set(proxy.system.listMethods()) == set(local.system.listMethods())
    print("\n".join(sorted(called)))


if __name__ == "__main__":
    main(*sys.argv[1:])
