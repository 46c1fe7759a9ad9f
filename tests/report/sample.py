#!/usr/bin/python3
"""sample.py [COUNT]: the records of a small run as sunshim writes them, names that would break out of a page among
them; or COUNT records of many processes and sockets. Always the same."""
import random
import sys
from datetime import datetime, timezone

START = 1769828531_000000


def stamp(us):
    return datetime.fromtimestamp(us / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def line(us, kind, operation, process, rest):
    pid, comm, exe = process
    return (f'time={stamp(us)} sunshim="{kind}" operation="{operation}" class="net" profile="-" pid={pid} ppid=99 comm="{comm}" '
            f'exe="{exe}" family="unix" sock_type="stream" protocol=0 {rest}')


SERVER, CLIENT, OTHER, CHILD = ((100, "server", "/usr/bin/server"), (201, "client", "/usr/bin/client"),
                                (202, "client", "/usr/bin/client"), (203, "child<b>", "/usr/bin/child"))
HOSTILE = ["@</script><script>globalThis.forged=1</script>", "@<!--<script>", "@<img src=x onerror=globalThis.forged=1>",
           r"@\xe2\x80\xa8\xe2\x80\xa9", r"@\xff\xfe\x00", r"@\"'&quot;\\x\x0atime=1 sunshim=\"LEAK\"", "@{{data}}{{nonce}}", "@zürich"]


def small():
    records = [
        (0, "TRACE", "bind", SERVER, 'requested="bind" addr="/run/app.sock" fd=3 result=0 duration_ns=21000 rules="sample.policy:3"'),
        (50, "TRACE", "listen", SERVER, 'requested="listen" addr="/run/app.sock" fd=3 backlog=5 result=0 duration_ns=1000 rules="sample.policy:3"'),
        (1000, "TRACE", "connect", CLIENT, 'requested="connect" addr=none peer_addr="/run/app.sock" fd=3 peer_pid=100 result=0 duration_ns=31000 rules="sample.policy:4"'),
        (1010, "TRACE", "accept4", SERVER, 'requested="accept" addr="/run/app.sock" peer_addr=none fd=3 peer_pid=201 result=4 duration_ns=900000 rules="sample.policy:3"'),
        (1100, "TRACE", "send", CLIENT, 'requested="send" addr=none peer_addr="/run/app.sock" fd=3 size=5 result=5 duration_ns=4000 rules="sample.policy:4"'),
        (1200, "TRACE", "recv", SERVER, 'requested="receive" addr="/run/app.sock" peer_addr=none fd=4 size=99 result=5 duration_ns=3000 rules="sample.policy:3"'),
        (2000, "INJECTED", "connect", OTHER, 'requested="connect" addr=none peer_addr="/run/app.sock" errno=ECONNREFUSED policy="sample.policy" rule="sample.policy:7" count=2'),
        (2000, "TRACE", "connect", OTHER, 'requested="connect" addr=none peer_addr="/run/app.sock" fd=3 result=-1 errno=ECONNREFUSED duration_ns=9000 verdict="INJECTED" rules="sample.policy:7"'),
        (3000, "DENIED", "connect", OTHER, 'requested="connect" denied="connect" addr=none peer_addr="/run/docker.sock" errno=EACCES policy="sample.policy" rule="sample.policy:6"'),
        (3000, "TRACE", "connect", OTHER, 'requested="connect" addr=none peer_addr="/run/docker.sock" fd=5 result=-1 errno=EACCES duration_ns=8000 verdict="DENIED" rules="sample.policy:6"'),
        (3500, "DENIED", "bind", OTHER, 'requested="bind" denied="bind" addr="@mine" errno=EACCES policy="sample.policy" rule=none hint="add: unix (bind) addr=@mine,"'),
        (3500, "TRACE", "bind", OTHER, 'requested="bind" addr="@mine" fd=6 result=-1 errno=EACCES duration_ns=7000 verdict="DENIED"'),
        (4000, "LEAK", "inherit", CHILD, 'requested="inherit" addr="/run/app.sock" fd=4 inode=4711 origin=accept origin_pid=100 origin_comm="server" '
                                         'peer_pid=201 hint="made without FD_CLOEXEC; to cut it: deny unix (inherit) type=stream,"'),
    ]
    for i, name in enumerate(HOSTILE):
        records.append((5000 + i, "TRACE", "connect", CHILD, f'requested="connect" addr=none peer_addr="{name}" fd=7 result=-1 errno=ECONNREFUSED duration_ns=1500 rules="{name}:1"'))
    out = [line(START + us, *rest) for us, *rest in records]
    out.append(f'time={stamp(START + 6000)} sunshim="UNSEEN" operation="exec" class="exec" profile="-" pid=203 ppid=99 comm="child<b>" exe="/usr/bin/child" '
               'name="/usr/bin/static" info="it is statically linked"')
    out.insert(3, "another program's own line <b>with a tag</b>")
    return out


def many(count):
    rng = random.Random(7)
    commands = ("worker", "redis-cli", "nginx", "postgres", "python3")
    processes = [(1000 + i, commands[i % 5], "/usr/bin/" + commands[i % 5]) for i in range(60)]
    sockets = [f"/run/app/{i}.sock" for i in range(120)] + [f"@conn-{i}" for i in range(100)] + [f"/tmp/u{i:03}/s" for i in range(80)]
    permissions = {"recv": "receive", "accept4": "accept", "getsockopt": "getopt"}
    us, out = START, []
    for i in range(count):
        us += rng.randrange(1, 90)
        process, socket = rng.choice(processes), rng.choice(sockets)
        call = rng.choice(["connect", "send", "recv", "send", "recv", "accept4", "bind", "getsockopt"])
        name = f'addr="{socket}"' if call in ("bind", "accept4") else f'addr=none peer_addr="{socket}"'
        asked = f'requested="{permissions.get(call, call)}" {name}'
        if i % 997 == 0:
            out.append(line(us, "DENIED", call, process, f'{asked} errno=EACCES policy="p.policy" rule=none'))
        elif rng.random() < 0.03:
            out.append(line(us, "TRACE", call, process, f'{asked} fd={rng.randrange(3, 40)} result=-1 errno=ECONNREFUSED duration_ns={rng.randrange(800, 90000)}'))
        else:
            out.append(line(us, "TRACE", call, process, f'{asked} fd={rng.randrange(3, 40)} result={rng.randrange(900)} '
                            f'duration_ns={rng.randrange(800, 90000)} rules="p.policy:{rng.randrange(1, 9)}"'))
    return out


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    print("\n".join(many(int(sys.argv[1])) if len(sys.argv) > 1 else small()))
