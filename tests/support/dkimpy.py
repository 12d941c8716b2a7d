"""Another implementation's opinion: dkimpy signs and verifies mail.

verify KEYS FILE...      prints for each message on a line of its own what it thinks of each DKIM-Signature, the topmost first,
                         and of the ARC chain: "pass pass none"
sign PEM FILE...         signs each message for example.com with the selector judge
seal PEM DOMAIN FILE...  adds a set of DOMAIN with the selector judge to each message

KEYS is a file of lines "name, tab, text". Keys are RSA. What is signed and sealed is written to the file again.
"""

import sys

import dkim


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def texts(path):
    with open(path, encoding="ascii") as file:
        records = dict(line.rstrip("\n").split("\t") for line in file)

    def look_up(name, timeout=5):
        name = name.decode("ascii") if isinstance(name, bytes) else name
        found = records.get(name.rstrip("."))
        return found.encode("ascii") if found is not None else None

    return look_up


def opinions(message, look_up):
    count = sum(name.lower() == b"dkim-signature" for name, _ in dkim.DKIM(message).headers)
    for index in range(count):
        try:
            passed = dkim.DKIM(message).verify(idx=index, dnsfunc=look_up)
        except dkim.DKIMException:
            passed = False
        yield "pass" if passed else "fail"
    cv, _, _ = dkim.ARC(message).verify(dnsfunc=look_up)
    # It is None where the chain says itself that it failed.
    yield cv.decode("ascii") if cv else "fail"


def main():
    command, argument, *files = sys.argv[1:]
    if command == "verify":
        look_up = texts(argument)
        for path in files:
            print(*opinions(read(path), look_up))
    elif command == "sign":
        for path in files:
            message = read(path)
            way = (b"simple", b"simple")
            field = dkim.DKIM(message).sign(b"judge", b"example.com", read(argument), canonicalize=way)
            write(path, field + message)
    elif command == "seal":
        domain = files.pop(0).encode("ascii")
        for path in files:
            message = read(path)
            fields = dkim.ARC(message).sign(b"judge", domain, read(argument), b"mx.example.org")
            write(path, b"".join(fields) + message)


if __name__ == "__main__":
    main()
