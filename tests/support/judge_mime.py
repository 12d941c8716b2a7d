"""Judges the cases in tests/cases/mime with Python's mail library, which knows nothing of what mailjam does.

Usage: judge_mime.py FOLDER. Says on stderr what is wrong, and exits with 1 if anything is.
"""

import email
import fnmatch
import html
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


def shown(part):
    """Text as a program shows it; bytes that fit nothing stay what they are."""
    text = part.get_payload(decode=True).decode(part.get_content_charset("us-ascii"), errors="surrogateescape")
    return text.replace("\r\n", "\n")


def said(words, part):
    """What is added to a part, in its form."""
    if part.get_content_type() == "text/html":
        return f"\n<div>{html.escape(words, quote=False).rstrip().replace(chr(10), '<br>' + chr(10))}</div>\n"
    if part.get_param("format") != "flowed":
        return words
    lines = [line if line == "-- " else line.rstrip(" ") for line in words.splitlines()]
    return "".join((" " if line.startswith((" ", ">", "From ")) else "") + line + "\n" for line in lines)


def judge_footer(folder, case):
    raw_before, raw_after = (folder / "in.eml").read_bytes(), (folder / "out.eml").read_bytes()
    before, after = read(folder / "in.eml"), read(folder / "out.eml")
    above, below = case["above"], case["below"]
    if case["result"] in ("Sealed", "Unclear", "Nowhere"):
        assert raw_before == raw_after, "left alone, and yet changed"
        return
    old, new = list(leaves(before)), list(leaves(after))
    if case["result"] in ("Apart", "Around"):
        for words in filter(None, [above]):
            assert shown(new.pop(0)) == words, "the text above"
        for words in filter(None, [below]):
            assert shown(new.pop()) == words, "the text below"
        found, expected = [content(part) for part in new], [content(part) for part in old]
        # Without a boundary behind it, the last line end was part of the body.
        assert found == expected, f"{found} in the place of {expected}"
    else:
        assert len(old) == len(new), "other parts"
        edited = 0
        for one, other in zip(old, new):
            if content(one) == content(other) or one.get_content_maintype() != "text":
                assert content(one) == content(other), "a part that is no text"
                continue
            edited += 1
            text = shown(other)
            if one.get_content_type() == "text/html":
                text = html.unescape(text)
                up, down = html.unescape(said(above, one)), html.unescape(said(below, one))
                up, down = up if above else "", down if below else ""
                place = text.rfind(down)
                bare = text[:place] + text[place + len(down):]
                bare = bare.replace(up, "", 1) if up else bare
                original = html.unescape(shown(one))
                assert bare == original, f"{bare!r} in the place of {original!r}"
            else:
                up, down = said(above, one), said(below, one)
                mark = "\ufeff" if text.startswith("\ufeff") else ""
                assert text.startswith(mark + up) and text.endswith(down), repr(text)
                bare = mark + text[len(mark + up):len(text) - len(down)]
                original = shown(one)
                assert bare.rstrip("\n") == original.rstrip("\n"), f"{bare!r} in the place of {original!r}"
        assert edited, "nothing was added"
    lost = [item for item in before.items() if item not in after.items()]
    assert all(name.startswith("Content-") or name == "Lines" for name, _ in lost), f"fields are lost: {lost}"
    assert not after.defects or before.defects, after.defects


def main():
    wrong = 0
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        case = tomllib.loads((folder / "case.toml").read_text())
        try:
            if "strip" in case:
                judge_strip(folder, case)
            elif "below" in case:
                judge_footer(folder, case)
        except AssertionError as why:
            print(f"{folder.name}: {why}", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
