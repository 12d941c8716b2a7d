"""Judges the cases in tests/cases/mime with Python's mail library, which knows nothing of what mailjam does.

Usage: judge_mime.py FOLDER. Says on stderr what is wrong, and exits with 1 if anything is.
"""

import email
import email.header
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
    data = part.get_payload(decode=True)
    # A multipart without parts is text to Python, with what the next boundary begins with.
    return part.get_content_type(), data.rstrip() if part.get_content_maintype() == "multipart" else data


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


def judge_mime_digest(raw, posts):
    digest = email.message_from_bytes(raw)
    kinds = [part.get_content_type() for part in digest.get_payload()]
    assert kinds == ["text/plain", "multipart/digest", "text/plain"], kinds
    parts = digest.get_payload(1).get_payload()
    assert len(parts) == len(posts), f"{len(parts)} posts"
    for part, post in zip(parts, posts):
        assert part.get_content_type() == "message/rfc822", part.get_content_type()
        inner, original = part.get_payload(0), email.message_from_bytes(post)
        assert inner.items() == original.items(), f"{inner.items()} in the place of {original.items()}"
        assert list(map(content, leaves(inner))) == list(map(content, leaves(original))), "another content"
        assert post in raw, "not the same bytes"
    end = shown(digest.get_payload(2))
    assert end == "End of talk Digest, Vol 2026, Issue 12\n", end
    return shown(digest.get_payload(0))


FIELDS = ["Date", "From", "To", "Cc", "Subject", "Message-ID", "Keywords", "Summary"]


def judge_plain_digest(raw, posts):
    """Takes the digest apart as RFC 1153 says."""
    digest = email.message_from_bytes(raw)
    preamble, rest = shown(digest).split("\n" + "-" * 70 + "\n\n")
    *parts, trailer = rest.split("\n\n" + "-" * 30 + "\n\n")
    assert len(parts) == len(posts), f"{len(parts)} posts"
    end, stars, rest = trailer.split("\n")
    assert end == "End of talk Digest, Vol 2026, Issue 12" and stars == "*" * len(end) and not rest, trailer
    for part, post in zip(parts, posts):
        inner, original = email.message_from_string(part), email.message_from_bytes(post)
        assert inner.keys() == [name for name in FIELDS if name in original], inner.keys()
        for name in inner.keys():
            decoded = str(email.header.make_header(email.header.decode_header(original[name])))
            assert inner[name].split() == decoded.split(), f"{name}: {inner[name]}"
        texts = [leaf for leaf in leaves(original) if leaf.get_content_type() == "text/plain" and not leaf.get_filename()]
        if len(list(leaves(original))) == 1 and texts and original["Content-Transfer-Encoding"] != "x-uuencode":
            escaped = [" " + line[1:] if len(line.rstrip()) >= 30 and set(line.rstrip()) == {"-"} else line
                       for line in shown(texts[0]).split("\n")]
            found, expected = inner.get_payload().strip("\n"), "\n".join(escaped).strip("\n")
            known = not texts[0].defects and texts[0].get_content_charset("us-ascii") not in ("us-ascii", "utf-16", "x-martian")
            assert found == expected or not known, f"{found!r} in the place of {expected!r}"
    return preamble


def judge_digest(folder, case):
    raw = (folder / "out.eml").read_bytes()
    posts = [(folder.parent / name / "in.eml").read_bytes() for name in case["posts"]]
    posts = [post.split(b"\n", 1)[1] if post.startswith(b"From ") else post for post in posts]
    preamble = (judge_mime_digest if case["digest"] == "mime" else judge_plain_digest)(raw, posts)
    digest = email.message_from_bytes(raw)
    assert digest["Subject"] == "talk Digest, Vol 2026, Issue 12", digest["Subject"]
    assert all(f" {number}. " in preamble for number in range(1, len(posts) + 1)), preamble
    assert all(len(line.rstrip(b"\r")) <= 998 for line in raw.split(b"\n")), "a line is too long"
    assert digest.is_multipart() or raw.isascii(), "plain text of eight bits"


def main():
    wrong = 0
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        case = tomllib.loads((folder / "case.toml").read_text())
        try:
            if "strip" in case:
                judge_strip(folder, case)
            elif "digest" in case:
                judge_digest(folder, case)
            elif "below" in case:
                judge_footer(folder, case)
        except AssertionError as why:
            print(f"{folder.name}: {why}", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
