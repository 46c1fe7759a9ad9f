#!/usr/bin/python3
"""mutate.py SUNSHIM COUNT LOG...: damages logs at random, always the same way, and has reports made of them. Whatever a log
says, a report comes out: JSON that is JSON, and a page whose data cannot end before its end."""
import json
import random
import subprocess
import sys

PIECES = [b"9" * 20, b"-1", b"\\u0000", b"\xff", b"\\xff", b'"addr_hex":"zz",', b" pid=4194304 ", b" origin_pid=-5 ", b" peer_pid=99999999999 ",
          b"</script>", b"<!--", b"\xe2\x80\xa8", b"]]>", b"{{data}}"]


def damaged(rng, text):
    text = bytearray(text)
    for _ in range(rng.randrange(1, 60)):
        at = rng.randrange(len(text))
        what = rng.randrange(5)
        if what == 0:
            text[at] = rng.randrange(256)
        elif what == 1:
            del text[at:at + rng.randrange(1, 40)]
        elif what == 2:
            text[at:at] = bytes(rng.choice(b'"\\=: \n{}[],x0@/-') for _ in range(rng.randrange(1, 6)))
        elif what == 3:
            other = rng.randrange(len(text))
            text[at:at] = text[other:other + rng.randrange(200)]
        else:
            text[at:at] = rng.choice(PIECES)
    return bytes(text)


def report(sunshim, log, *options):
    done = subprocess.run([sunshim, "report", "-", *options], input=log, capture_output=True)
    if done.returncode:
        with open("damaged.log", "wb") as f:
            f.write(log)
        sys.exit(f"{options}: {done.returncode}\n{done.stderr[-3000:].decode(errors='replace')}")
    return done.stdout.decode("utf-8")


def check(condition, what, log):
    if not condition:
        sys.exit(f"{what}\n{log!r}")


rng = random.Random(5)
logs = [open(name, "rb").read() for name in sys.argv[3:]]
for _ in range(int(sys.argv[2])):
    log = damaged(rng, rng.choice(logs))
    json.loads(report(sys.argv[1], log, "--json"))
    report(sys.argv[1], log, "--dot")
    report(sys.argv[1], log)
    page = report(sys.argv[1], log, "--html", "-")
    data = page.split('id="data">\n', 1)[1].split("</script>", 1)[0]
    check(json.loads(data)["version"] == 1 and not set("<>&") & set(data), "the data of the page", log)
    check(page.count("</script>") == page.count("<script"), "elements of the page", log)
print("good")
