#!/usr/bin/env python3
"""Steers chromium by way of WebDriver, with nothing but Python's own library.

  browser.py start [OPTION]...     begins a session, with further options for chromium; what follows belongs to it
  browser.py look ADDRESS          opens a page
  browser.py press WORDS           presses the button or follows the link with these words, and waits for the next page
  browser.py unfold WORDS          opens what is folded away below these words
  browser.py fill LABEL TEXT       types into a field, found by its label, id or name
  browser.py choose LABEL VALUE    chooses from a menu
  browser.py tick LABEL            ticks a box, or takes the tick away
  browser.py said WORDS            fails unless the page shows these words
  browser.py text                  prints what the page shows
  browser.py where                 prints the address of the page
  browser.py end                   ends the session

chromedriver is at 127.0.0.1, port 9515. The session is kept in the file that BROWSER_SESSION names.
"""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what WebDriver calls a reference
OPEN = "[not(ancestor::details[not(@open)])]"  # not folded away
PRESSED = "//*[self::a or self::button][text()[normalize-space()={0}] or @aria-label={0}]" + OPEN
FOLDED = "//summary[normalize-space()={0}]"
FIELD = "//*[self::input or self::select or self::textarea]" \
    "[@id={0} or @name={0} or @aria-label={0} or @id=//label[text()[normalize-space()={0}]]/@for]" \
    "[not(@type='hidden')]" + OPEN
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
           "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 30


def eventually(what, look):
    """Tries until there is an answer."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return look()
        except (OSError, LookupError) as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for {what}: {error}") from error
        time.sleep(0.05)


class Gone(LookupError):
    """There is no such element, or not any more."""


class Browser:
    def __init__(self, port, session=""):
        self.root = f"http://127.0.0.1:{port}"
        self.session = session

    def start(self, options=()):
        eventually("chromedriver", lambda: self.ask("GET", "/status", of_session=False))
        chrome = {"args": [*OPTIONS, *options]}
        wanted = {"browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": chrome,
                  "goog:loggingPrefs": {"browser": "ALL"}}
        begun = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}}, of_session=False)
        self.session = begun["sessionId"]

    def end(self):
        self.ask("DELETE", "")

    def ask(self, method, path, body=None, of_session=True):
        url = self.root + (f"/session/{self.session}" if of_session else "") + path
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)["value"]
            words = f"{problem['error']}: {problem['message'].splitlines()[0]}"
            # chromedriver has several words for an element of the page before.
            gone = problem["error"].split()[0] in ("no", "stale") or "does not belong to the document" in words
            raise (Gone if gone else RuntimeError)(words) from error

    def run(self, script, kind="sync"):
        return self.ask("POST", f"/execute/{kind}", {"script": script, "args": []})

    def look(self, address):
        self.ask("POST", "/url", {"url": address})

    def where(self):
        return self.ask("GET", "/url")

    def text(self):
        return self.run("return document.body.innerText")

    def find(self, path, words="", below=""):
        query = {"using": "xpath", "value": path.format(f'"{words}"')}
        return "/element/" + self.ask("POST", f"{below}/element", query)[ELEMENT]

    def unfold(self, words):
        self.ask("POST", self.find(FOLDED, words) + "/click", {})

    def press(self, words):
        page = self.find("/html")

        def next_page():
            try:
                self.ask("GET", page + "/name")
            except Gone:
                return
            raise LookupError(f"{words!r} leads nowhere")
        try:
            self.ask("POST", self.find(PRESSED, words) + "/click", {})
        except Gone:
            # The next page may come while chromedriver still looks after the click on the one before.
            next_page()
        eventually("the next page", next_page)

    def fill(self, label, text):
        field = self.find(FIELD, label)
        self.ask("POST", field + "/clear", {})
        self.ask("POST", field + "/value", {"text": text})

    def choose(self, label, value):
        menu = self.find(FIELD, label)
        self.ask("POST", self.find(".//option[@value={0} or normalize-space()={0}]", value, menu) + "/click", {})

    def tick(self, label):
        self.ask("POST", self.find(FIELD, label) + "/click", {})

    def said(self, words):
        def look():
            if words not in self.text():
                raise LookupError("other words are there")
        eventually(repr(words), look)


def main():
    what, *arguments = sys.argv[1:] or ["?"]
    if what not in ("start", "end", "look", "press", "unfold", "fill", "choose", "tick", "said", "text", "where"):
        sys.exit(__doc__)
    kept = pathlib.Path(os.environ["BROWSER_SESSION"])
    browser = Browser(9515, "" if what == "start" else kept.read_text())
    try:
        if what == "start":
            browser.start(arguments)
            kept.write_text(browser.session)
        else:
            answer = getattr(browser, what)(*arguments)
            if answer is not None:
                print(answer)
    except (LookupError, RuntimeError, OSError) as error:
        print(f"browser.py: {what} {' '.join(arguments)}: {error}", file=sys.stderr)
        if what not in ("start", "end"):
            print(f"It shows {browser.where()}:\n{browser.text()}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
