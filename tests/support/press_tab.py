"""Types lines into a shell on a terminal, presses TAB after each, and prints what the shell made of them.

    press_tab.py SETUP SHELL [ARGUMENT...] <lines

SETUP is what the shell is told first. It must make the prompt "ready>", and have Ctrl-T append the line being edited to
the file that the variable TYPED names.
"""

import os
import pty
import select
import signal
import sys
import tempfile
import time

PATIENCE = 30

setup, shell = sys.argv[1], sys.argv[2:]
lines = sys.stdin.read().splitlines()
folder = tempfile.TemporaryDirectory()
typed = os.path.join(folder.name, "typed")
seen = b""

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TYPED"] = typed
    os.execvp(shell[0], shell)


def look(what, condition):
    """Lets the shell talk until a condition holds."""
    global seen
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain for {what}; the terminal shows:\n{seen.decode(errors='replace')}")
        if select.select([terminal], [], [], 0.01)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                sys.exit(f"the shell ended; the terminal shows:\n{seen.decode(errors='replace')}")


def results():
    try:
        with open(typed, encoding="utf-8") as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


try:
    for command in setup.splitlines():
        os.write(terminal, command.encode() + b"\n")
    look("the prompt", lambda: b"ready>" in seen.split(b"ready-soon", 1)[-1] and b"ready-soon" in seen)
    for number, line in enumerate(lines, 1):
        os.write(terminal, line.encode() + b"\t\x14")
        look(f"the completion of {line!r}", lambda: len(results()) >= number)
        # Whatever is there goes; Ctrl-U alone would leave what a menu has opened.
        os.write(terminal, b"\x05\x15")
    print("\n".join(results()))
finally:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
