"""Judges the cases in tests/cases/mime with Python's mail library, which knows nothing of what mailjam does.

Usage: judge_mime.py FOLDER. Says on stderr what is wrong, and exits with 1 if anything is.
"""

import email
import email.policy
import fnmatch
import pathlib
import sys
import tomllib

NOTE = "[An attachment was removed: "


def read(path):
    return email.message_from_bytes(path.read_bytes().split(b"\n", 1)[1] if path.read_bytes().startswith(b"From ")
                                    else path.read_bytes())


def leaves(part):
    """All parts that hold content, in order; attached messages are looked into."""
    if part.is_multipart():
        for inner in part.get_payload():
            yield from leaves(inner)
    else:
        yield part


def content(part):
    return part.get_content_type(), part.get_payload(decode=True)


def listed(part, types):
    name = (part.get_filename() or "").rstrip(" .").lower()
    named = [value.split(";")[0].strip().lower() for value in part.get_all("Content-Type", [])] or [part.get_content_type()]
    return any(fnmatch.fnmatchcase(found, one) if "/" in one else name.endswith(one) for one in types for found in named)


def text(part):
    return part.get_payload(decode=True).decode(part.get_content_charset("us-ascii"))


def judge_strip(folder, case):
    before, after = read(folder / "in.eml"), read(folder / "out.eml")
    if not case["result"].startswith("["):
        assert (folder / "in.eml").read_bytes() == (folder / "out.eml").read_bytes(), "refused, and yet changed"
        return
    notes = [part for part in leaves(after) if part.get_content_type() == "text/plain" and NOTE in text(part)]
    kept = [content(part) for part in leaves(after) if part not in notes]
    for part in after.walk():
        if part not in notes:
            assert not listed(part, case["strip"]), f"{part.get_content_type()} is still there"
    remaining = iter([content(part) for part in leaves(before)])
    assert all(part in remaining for part in kept), f"something else than before, or in another order: {kept}"
    told = sum(text(part).count(NOTE) for part in notes)
    removed = len(tomllib.loads("x = " + case["result"])["x"])
    assert told <= removed, "more notes than attachments"
    assert before.items()[:4] == after.items()[:4], "other header fields"
    assert not after.defects or before.defects, after.defects


def main():
    wrong = 0
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        case = tomllib.loads((folder / "case.toml").read_text())
        try:
            if "strip" in case:
                judge_strip(folder, case)
        except AssertionError as why:
            print(f"{folder.name}: {why}", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
