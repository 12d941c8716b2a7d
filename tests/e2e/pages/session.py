"""A browser with a profile of its own, and somebody who logs in with it."""

import contextlib
import os
import subprocess
import tempfile

from browser import Browser
from site_of_lists import PASSWORD, free_port


@contextlib.contextmanager
def browsing():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mailjam-browser-") as home:
        driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": home, "HOME": home},
        )
        try:
            browser = Browser(port)
            browser.start()
            yield browser
            browser.end()
        finally:
            driver.terminate()
            driver.wait()


def log_in(walk, who):
    walk.look("/login")
    walk.browser.fill("address", who)
    walk.browser.fill("password", PASSWORD)
    walk.browser.press("Log in")
    walk.browser.said("My lists")
