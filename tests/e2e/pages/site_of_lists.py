"""A daemon with lists, people, posts and bounces, and mailjam-web before it; all of it is gone in the end."""

import contextlib
import json
import os
import re
import socket
import socketserver
import subprocess
import tempfile
import threading

from browser import eventually

LIST, OTHER = "talk@lists.example.org", "news@lists.example.org"
ADMIN, OWNER, MEMBER = "ann@example.org", "olga@example.org", "max@example.org"
PASSWORD = "Zwetschgen-Knoedel"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that takes everything, and keeps it."""

    daemon_threads = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 sink\r\n")
            path, people = "", []
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    self.wfile.write(b"250-sink\r\n250 8BITMIME\r\n")
                    continue
                if verb == b"MAIL":
                    path, people = address(line), []
                elif verb == b"RCPT":
                    people.append(address(line))
                elif verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.server.mails.append((path, people, b"".join(lines).decode(errors="replace")))
                self.wfile.write(b"250 done\r\n")
                if verb == b"QUIT":
                    return

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.mails = []


def address(line):
    return line.decode().split("<", 1)[1].split(">", 1)[0]


def readable(text):
    """A mail's text without quoted-printable, as far as links need that."""
    return text.replace("=\r\n", "").replace("=3D", "=")


class Site:
    """`programs` is a folder with mailjamd, mailjam-cli and mailjam-web, `mta` a mailjam-mta."""

    def __init__(self, programs, mta, stack):
        self.programs, self.mta = programs, mta
        self.folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mailjam-pages-"))
        self.port, self.sink = free_port(), Sink()
        threading.Thread(target=self.sink.serve_forever, daemon=True).start()
        stack.callback(self.sink.server_close)
        stack.callback(self.sink.shutdown)
        self.configure()
        self.start(stack, "mailjamd", "mailjam.toml")
        eventually("mailjamd", lambda: self.cli("server", "ping"))
        self.populate()
        self.start(stack, "mailjam-web", "web.toml")
        eventually("mailjam-web", lambda: socket.create_connection(("127.0.0.1", self.port)).close())

    def configure(self):
        sockets = "".join(f'{name} = "{self.folder}/{name}.sock"\n' for name in ("mta", "control", "web"))
        daemon = (
            f'[sockets]\n{sockets}[storage]\npath = "{self.folder}/mailjam.db"\n[smtp]\n'
            f'server = "127.0.0.1:{self.sink.server_address[1]}"\n[web]\npublic_url = "https://lists.example.org"\n'
        )
        files = {
            "mailjam.toml": daemon,
            "password": PASSWORD,
            "web.toml": f'daemon = "{self.folder}/web.sock"\nlisten = "127.0.0.1:{self.port}"\n',
            "members": "".join(f"Person {number} <person{number}@example.org>\n" for number in range(120)),
        }
        for name, text in files.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)

    def start(self, stack, program, config):
        log = stack.enter_context(open(os.path.join(self.folder, "log"), "a", encoding="utf-8"))
        command = [f"{self.programs}/{program}", "--config", f"{self.folder}/{config}"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.kill)

    def cli(self, *arguments):
        command = [f"{self.programs}/mailjam-cli", "--server", f"unix:{self.folder}/control.sock", *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ConnectionError(f"{arguments}: {done.stderr}")
        return done.stdout

    def call(self, method, *params):
        """What a method answers; of a collection, its items."""
        answer = json.loads(self.cli("call", method, json.dumps(params)))
        return answer["items"] if isinstance(answer, dict) and "items" in answer else answer

    def submit(self, sender, recipient, message):
        command = [self.mta, "--server", f"unix:{self.folder}/mta.sock", "--sender", sender, "--", recipient]
        subprocess.run(command, input=message.encode(), stdout=subprocess.DEVNULL, check=True)

    def post(self, number, sender, subject, text="Hello"):
        message = (
            f"From: {sender.split('@')[0].title()} <{sender}>\nTo: {LIST}\nSubject: {subject}\n"
            f"Message-ID: <{number}@example.org>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        )
        self.submit(sender, LIST, message)

    def populate(self):
        for name, about in ((LIST, "Talk about everything"), (OTHER, "What is new")):
            self.cli("list", "create", name)
            self.cli("list", "set", name, f"description={about}")
            for who, role in ((ADMIN, "owner"), (OWNER, "owner")):
                self.cli("role", "grant", name, who, role)
        self.cli("member", "import", LIST, f"{self.folder}/members")
        for who in (ADMIN, MEMBER):
            self.cli("member", "add", LIST, who)
        self.cli("member", "update", LIST, "person7@example.org", "--mode", "digest")
        self.cli("account", "create", ADMIN, "--admin", "--password-file", f"{self.folder}/password")
        for who in (OWNER, MEMBER):
            self.cli("account", "create", who, "--password-file", f"{self.folder}/password")
        self.call("dkim.create", "lists.example.org", {"selector": "first", "algorithm": "ed25519"})
        self.cli("list", "set", LIST, "post_policy=members")
        for number, subject in enumerate(
            ["Minutes of the last meeting", "Who brings the cake?", "Re: Who brings the cake?"]
        ):
            self.post(number, MEMBER, subject)
        self.submit("", self.copy("person3@example.org")[0], REPORT)
        # Whoever complains gets nothing more; that it is a member shows the link in the copy.
        path, text = self.copy(MEMBER)
        self.submit("", path, COMPLAINT + f"{text}\n--b--\n")
        self.cli("list", "set", LIST, "subscribe_policy=confirm+approve")
        self.call("subscription.request", LIST, "asks@example.org")
        self.call("subscription.confirm", self.link("asks@example.org", "confirm"))
        self.cli("list", "set", LIST, "subscribe_policy=confirm")
        self.cli("list", "set", LIST, "post_policy=moderated")
        for number, subject in enumerate(
            ["Lunch on Friday?", "A very long subject that goes on and on " * 4] + 4 * ["Next"]
        ):
            self.post(f"held{number}", f"person{number}@example.org", subject, "Shall we meet at eight?")

    def copy(self, who):
        """Return path and text of the first mail to somebody."""

        def first():
            return [(path, text) for path, people, text in self.sink.mails if people == [who]][0]

        return eventually(f"a copy for {who}", first)

    def held(self):
        return [item["id"] for item in self.call("moderation.list", LIST)]

    def link(self, who, path):
        """The part of the newest link in somebody's mail behind `path`."""

        def newest():
            texts = [readable(text) for _, people, text in self.sink.mails if who in people]
            return re.findall(rf"https://lists\.example\.org/{path}/([A-Za-z0-9_-]+)", "\n".join(texts))[-1]

        return eventually(f"a link {path} for {who}", newest)


REPORT = """From: MAILER-DAEMON@mx.example.net
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry, nobody of that name.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; person3@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
"""

COMPLAINT = """From: complaints@mx.example.net
Subject: Abuse report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Example/1.0
Version: 1
Original-Rcpt-To: <max@example.org>

--b
Content-Type: message/rfc822

"""
