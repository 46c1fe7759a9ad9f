/* strace is the judge: a trace has the same calls with the same results in the same order. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* The C library's functions as the kernel sees them; of accept() and sockets without flags both
 * write the same. Results alone where strace writes names otherwise. */
#define AS_STRACE \
    "calls() { sed -E 's/^[0-9:.]* +//; s/^[0-9]+ +//; s/^[^ (]+ +//; s/^([a-z0-9]+)\\(.*\\) = (-?[0-9]+)( E[A-Z]+)?.*/\\1 \\2\\3/; s/^send /sendto /; s/^recv /recvfrom /' $1 >$1.calls; }\n" \
    "judged() { sed -E 's/^[0-9]+ +//; /^(---|\\+\\+\\+)/d; s/^([a-z0-9]+)\\(.*\\) += (-?[0-9]+)( E[A-Z]+)?.*/\\1 \\2\\3/' $1 >$1.calls; }\n"

static void check_same(const char *command)
{
    struct run r = run(text(AS_STRACE "strace -f -e trace=%%network -o theirs %s >out1 2>err1 || :\n"
                            "\"$SUNSHIM\" trace -o ours -- %s >out2 2>err2 || :\n"
                            "calls ours; judged theirs; diff theirs.calls ours.calls; wc -l <ours.calls", command, command));
    cr_assert_eq(r.status, 0, "%s", run_report(&r));
    cr_assert(atoi(r.out) > 2, "%s", run_report(&r));
}

StockTest(trace_strace, agrees_on_each_call)
{
    check_same("\"$N/sk\" 'socket unix dgram' 'bind auto' getsockname 'connect @nobody' 'sendto @nobody x' 'sendmsg @nobody x' "
               "'getsockopt type' shutdown nonblock recvmsg");
}

StockTest(trace_strace, agrees_on_a_client_that_fails)
{
    check_same("redis-cli -s $T/none ping");
}

StockTest(trace_strace, agrees_on_python)
{
    put("p.py", "import socket\n"
                "s = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen(3)\n"
                "c = socket.socket(socket.AF_UNIX); c.connect('s'); a, _ = s.accept()\n"
                "a.sendall(b'hello'); c.recv(3); c.recv_into(bytearray(9)); a.sendmsg([b'x', b'y']); c.recvmsg(9)\n"
                "t = socket.socket(); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind(('127.0.0.1', 0)); t.listen(1)\n"
                "u = socket.create_connection(t.getsockname()); u.shutdown(socket.SHUT_WR)\n"
                "p = socket.socketpair(); p[0].send(b'x'); p[1].recvfrom(4); p[1].getpeername()\n"
                "for x in s, c, a, t, u, p[0], p[1]: x.close()\n"
                "import os; os.unlink('s')\n");
    check_same("python3 p.py");
}

StockTest(trace_strace, agrees_on_socat)
{
    check_same("socat -u OPEN:/etc/hostname UNIX:$T/none");
}
