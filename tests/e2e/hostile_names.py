#!/usr/bin/python3
"""hostile_names.py bind DIRECTORY: binds sockets to names that try to be something else.
hostile_names.py same LOG...: whether logs, in JSON, tell of just those binds, byte for byte."""
import json, os, random, socket, sys

PIECES = [b"\n", b"\r", b'"', b"\\", b"\\x0a", b" ", b"=", b"\x1b[31m", b"\x7f", b"\xff", b"\xc2", b"\xc2\x85",
          b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xf4\x90\x80\x80", b"\xed\xa0\x80", b"\t", b"\x01", b"@", b"none", b"auto", b"?", b"'",
          b'" errno=0 sunshim="ALLOWED', b'\ntime=2026-01-01T00:00:00.000000Z sunshim="DENIED" operation="bind"',
          b'","sunshim":"DENIED', b"\xc3\xa9", b"</script>", b" (deleted)", b"a", b"\x80"]


def names():
    chance = random.Random(4711)
    for i in range(240):
        path = i % 2
        name = b"".join(chance.choice(PIECES) for _ in range(chance.randint(1, 6)))
        name = name.replace(b"/", b"|") if path else name + chance.choice([b"", b"\0", b"\0\n", b"\0\0x"])
        yield path, name[: 60 if path else 100] + b"%d" % i


def bind(directory):
    os.chdir(directory)
    for path, name in names():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            s.bind(name if path else b"\0" + name)
        except PermissionError:  # which a policy may want
            pass
        s.close()


def wanted(directory):
    return [os.path.join(os.path.realpath(directory), name) if path else b"@" + name for path, name in names()]


def told(record):
    if "addr_hex" not in record:
        return record["addr"].encode()
    return (b"@" if record["addr"][0] == "@" else b"") + bytes.fromhex(record["addr_hex"])


def same(directory, logs):
    for log in logs:
        lines = open(log, "rb").read().split(b"\n")
        records = [json.loads(line) for line in lines if line]
        found = [told(r) for r in records if r["operation"] == "bind"]
        for want, found_one in zip(wanted(directory), found):
            if want != found_one:
                sys.exit(f"{log}: {found_one} should be {want}")
        if len(found) != 240:
            sys.exit(f"{log}: {len(found)} binds")


if sys.argv[1] == "bind":
    bind(sys.argv[2].encode())
else:
    same(sys.argv[2].encode(), sys.argv[3:])
    print("the same")
