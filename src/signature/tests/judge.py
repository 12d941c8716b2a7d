"""Another implementation's opinion: dkimpy signs and verifies mail.

judge.py verify KEYS           prints "dkim pass" or "dkim fail" for each DKIM-Signature of the message on standard input,
                               the topmost first, and "arc none", "arc pass" or "arc fail"
judge.py sign PEM ALGORITHM    writes the message on standard input, signed for example.com with the selector judge
judge.py seal PEM DOMAIN KEYS  writes the message on standard input with a set of DOMAIN, selector judge

KEYS is a file of lines "name, tab, text". An Ed25519 key is given as base64 of its 32 octets.
"""

import sys

import dkim


def texts(path):
    with open(path, encoding="ascii") as file:
        records = dict(line.rstrip("\n").split("\t") for line in file)

    def look_up(name, timeout=5):
        name = name.decode("ascii") if isinstance(name, bytes) else name
        found = records.get(name.rstrip("."))
        return found.encode("ascii") if found is not None else None

    return look_up


def verify(message, keys):
    look_up = texts(keys)
    count = sum(name.lower() == b"dkim-signature" for name, _ in dkim.DKIM(message).headers)
    for index in range(count):
        try:
            passed = dkim.DKIM(message).verify(idx=index, dnsfunc=look_up)
        except dkim.DKIMException:
            passed = False
        print("dkim", "pass" if passed else "fail")
    cv, _, _ = dkim.ARC(message).verify(dnsfunc=look_up)
    print("arc", cv.decode("ascii"))


def key(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    message = sys.stdin.buffer.read()
    command, *rest = sys.argv[1:]
    if command == "verify":
        verify(message, rest[0])
    elif command == "sign":
        algorithm = rest[1].encode("ascii")
        field = dkim.DKIM(message, signature_algorithm=algorithm).sign(
            b"judge", b"example.com", key(rest[0]), canonicalize=(b"simple", b"simple")
        )
        sys.stdout.buffer.write(field + message)
    elif command == "seal":
        domain = rest[1].encode("ascii")
        fields = dkim.ARC(message).sign(b"judge", domain, key(rest[0]), b"mx.example.org")
        sys.stdout.buffer.write(b"".join(fields) + message)


if __name__ == "__main__":
    main()
