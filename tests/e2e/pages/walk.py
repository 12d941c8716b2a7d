"""Looks at every page there is: wide and narrow, light and dark, with a script and without."""

import re

from site_of_lists import ADMIN, LIST

WIDTHS = {"phone": 390, "desktop": 1280}
HEAVIEST = 100_000
AXE = (
    "const done = arguments[0]; axe.run().then(found => done(found.violations.map("
    "one => one.id + ': ' + one.nodes.map(node => node.html).join(' ').slice(0, 300))));"
)
# Octets as they came, of the page and of what it loads; and where that came from.
LOADED = (
    "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    ".map(one => [one.name, one.encodedBodySize])"
)
SHAPE = (
    "return ['h1', 'h2', 'h3', 'a', 'form', 'label', 'table'].map(name => name + ' ' + "
    "[...document.querySelectorAll(name)].map(one => one.getAttribute('href') || one.getAttribute('action') || "
    "one.innerText.length).join(' '))"
)
ROW = re.compile(r'route\((Get|Post), (\w+), "([^"]*)"')


def rows(source, verb):
    """The paths of the table, with who may ask."""
    return [(path, guard) for known, guard, path in ROW.findall(source) if known == verb]


def places(site):
    """Something for each part of a path that is left open."""
    bounce = site.call("bounce.list", LIST)[0]["id"]
    parts = {
        "{list}": LIST,
        "{file}": "style.css",
        "{token}": "a-token-that-is-none",
        "{address}": ADMIN,
        "{name}": "welcome",
        "{language}": "en",
    }
    return lambda path: re.sub(
        r"\{\w+\}", lambda part: parts.get(part[0]) or (bounce if "bounces" in path else site.held()[0]), path
    )


class Walk:
    def __init__(self, browser, site, axe):
        self.browser, self.site, self.axe = browser, site, axe
        self.complaints = []

    def look(self, path):
        self.browser.look(f"http://localhost:{self.site.port}{path}")

    def emulate(self, command, **parameters):
        self.browser.ask("POST", "/goog/cdp/execute", {"cmd": f"Emulation.{command}", "params": parameters})

    def every(self, source, guards):
        """Looks at all pages that one of the guards lets through; answers how many there are."""
        place = places(self.site)
        # These are no pages: files, and a way to somewhere else.
        wanted = [
            path
            for path, guard in rows(source, "Get")
            if guard in guards and not path.endswith(("{file}", "/robots.txt", "/export")) and path != "/"
        ]
        for path in wanted:
            self.page(place(path))
        return len(wanted)

    def page(self, path):
        shapes = {}
        for script in (True, False):
            self.emulate("setScriptExecutionDisabled", value=not script)
            self.look(path)
            self.emulate("setScriptExecutionDisabled", value=False)
            shapes[script] = self.browser.run(SHAPE)
            self.sized(path, script)
        if self.browser.run("return document.querySelector('footer button') !== null"):
            self.complain(path, "there is a script where none should be")
        for with_it, without in zip(shapes[True], shapes[False]):
            # What a script adds is a button or a box.
            if with_it.split() != without.split() and not with_it.startswith("label"):
                self.complain(path, f"without a script it has {without}, with one {with_it}")

    def sized(self, path, script):
        for width_name, width in WIDTHS.items():
            self.emulate("setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            if self.browser.run("return document.documentElement.scrollWidth > innerWidth"):
                self.complain(path, f"{width_name}: wider than its window")
            for scheme in ("light", "dark"):
                features = [{"name": "prefers-color-scheme", "value": scheme}]
                self.emulate("setEmulatedMedia", features=features)
                if self.axe and script:
                    self.browser.run(self.axe)
                    for one in self.browser.run(AXE, "async"):
                        self.complain(path, f"{width_name}, {scheme}: {one}")
        loaded = self.browser.run(LOADED)
        for name, _ in loaded:
            if not name.startswith(f"http://localhost:{self.site.port}/"):
                self.complain(path, f"it loads {name}")
        if sum(size for _, size in loaded) > HEAVIEST:
            self.complain(path, f"heavier than {HEAVIEST} octets: {loaded}")
        # A page that is missing is said to be; advice is no complaint.
        for one in self.browser.ask("POST", "/se/log", {"type": "browser"}):
            if one["level"] == "SEVERE" and " 404 " not in one["message"]:
                self.complain(path, one["message"])

    def complain(self, path, words):
        self.complaints.append(f"{path}: {words}")
