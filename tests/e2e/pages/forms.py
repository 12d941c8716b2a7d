"""Fills in and presses every form, as people do, and reads what the page says then."""

import pathlib
import re

from session import log_in
from site_of_lists import ADMIN
from walk import rows

HELD = "/lists/talk@lists.example.org/held"


def forms():
    """Of each path that does something, who does it, and the steps."""
    text = (pathlib.Path(__file__).parent / "forms.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        head, *steps = block.strip().splitlines()
        path, _, who = head.partition(" as ")
        yield path, who, [step.strip().replace("\\n", "\n") for step in steps]


class Forms:
    def __init__(self, browser, site, script):
        self.browser, self.site, self.script = browser, site, script
        self.complaints, self.who = [], ""
        if not script:
            disabled = {"cmd": "Emulation.setScriptExecutionDisabled", "params": {"value": True}}
            self.browser.ask("POST", "/goog/cdp/execute", disabled)

    def every(self, source):
        """Does all that can be done; answers how much that is."""
        known = list(forms())
        tried = [path for path, *_ in known]
        for path, _ in rows(source, "Post"):
            if path not in tried:
                self.complaints.append(f"{path}: no form that leads there was tried")
        for path, who, steps in known:
            try:
                self.be(who)
                for step in steps:
                    self.do(step)
            except (LookupError, RuntimeError, OSError) as error:
                script = "with" if self.script else "without"
                self.complaints.append(f"{path} {script} a script: {error}; it shows {self.browser.text()[:600]!r}")
        self.keys()
        return len(known)

    def look(self, place):
        known = {"held": lambda: self.site.held()[-1], "link": self.site.link}

        def fill(found):
            what, *about = found[1].split()
            return known[what](*about) if what in known else found[0]

        self.browser.look(f"http://localhost:{self.site.port}" + re.sub(r"\{([^{}]+)\}", fill, place))

    def do(self, step):
        what, words = step.split(" ", 1)
        if what == "look":
            self.look(words)
            return
        if what not in ("fill", "choose"):
            getattr(self.browser, what)(words)
            return
        # A label of several words has a text of one.
        label, text = words.rsplit(" ", 1) if words.startswith("Description of ") else words.split(" ", 1)
        getattr(self.browser, what)(label, text)

    def be(self, who):
        """Logs in as somebody else, if need be."""
        if who == self.who:
            return
        self.browser.ask("DELETE", "/cookie")
        self.who = who
        if who:
            log_in(self, who)

    def keys(self):
        """What can be done without a mouse: TAB always, letters with a script."""
        self.who = ""
        self.be(ADMIN)
        self.look(HELD)
        press = {"TAB": "\ue004"}
        active = (
            "const one = document.activeElement; return [one.className, one.getAttribute('name') || one.value || '', "
            "one.innerText || '', getComputedStyle(one).outlineStyle].join('|')"
        )

        def typed(keys, wanted):
            self.type(press.get(keys, keys))
            found = self.browser.run(active)
            if not re.search(wanted, found):
                self.complaints.append(f"after {keys} the focus is at {found!r}, not {wanted!r}")

        typed("TAB", r"^skip\|.*solid$")
        if self.script:
            self.look(HELD)
            for keys in ("j", "k"):
                typed(keys, "Next|very long")
            self.look(HELD + "/{held}")
            typed("a", "approve|Approve")
            typed("r", "reason")

    def type(self, key):
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self.browser.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})
