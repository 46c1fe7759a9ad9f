/* Ways past a policy, and into a crash, that a second reader of shim/ found. Each
 * has its counterpart: what the same calls do where nothing is denied. */
#include <string.h>

#include "harness.h"

static void check_case(const char *name, const char *policy, const char *want)
{
    struct run r = preloaded(policy, text("rm -rf \"$T\"/to \"$T\"/elsewhere; env $PRELOAD \"$P/review\" %s \"$T\"", name));

    check_status(r, 0);
    check_out(r, want);
}

Test(review, ignored_names)
{
    const char *tcp = "allow all, deny network (send) inet stream peer=(ip=127.0.0.1 port=2-65535),";

    check_case("tcp-names", tcp, "EACCES EACCES EACCES EACCES ");
    check_case("tcp-names", "allow all, deny unix (send),", "ok ok ok ok ");
    check_case("seqpacket-names", "allow all, deny unix (send) peer=(addr=@{TMPDIR}/denied),", "EACCES EACCES EACCES ");
}

Test(review, errno_that_the_shim_uses_itself)
{
    check_case("errno-efault", "allow all, deny network (send) inet dgram errno=EFAULT,", "EFAULT ");
    check_case("errno-efault", "allow all, deny network (send) inet dgram errno=ENOTSUP,", "EOPNOTSUPP ");
}

Test(review, mapped_sends)
{
    check_case("mapped-send", "allow all, deny network (send) inet,", "EACCES ");
    check_case("mapped-send", "allow all, deny network (send) inet peer=(ip=10.0.0.0/8),", "ok ");
}

Test(review, no_address_is_loopback)
{
    check_case("no-address", "allow all, deny network (connect) inet peer=(ip=127.0.0.0/8),", "EACCES ");
    check_case("no-address", "allow all, deny network (connect) inet peer=(ip=10.0.0.0/8),", "ok ");
}

Test(review, verdicts_of_fresh_sockets)
{
    check_case("settled-early", "allow all, deny network (send, accept) inet ip=127.0.0.2,", "EPIPE EINVAL EACCES EACCES ");
    check_case("settled-early", "allow all, deny network (send, accept) inet ip=127.0.0.3,", "EPIPE EINVAL ok EAGAIN ");
}

Test(review, reset_connection)
{
    check_case("reset", "allow all, deny network (accept) inet peer=(ip=127.0.0.0/8),", "EAGAIN ");
    check_case("reset", "allow all, deny network (accept) inet peer=(ip=10.0.0.0/8),", "ok ");
}

Test(review, results_where_they_cannot_go)
{
    check_case("bad-pointers", "allow all, deny network (receive) inet peer=(ip=10.0.0.0/8),", "EFAULT EFAULT EFAULT EFAULT ");
    check_case("bad-pointers", "allow all,", "EFAULT EFAULT EFAULT EFAULT ");
}

Test(review, endless_timeout)
{
    check_case("endless", "allow all, deny network (receive) inet peer=(ip=10.0.0.0/8),", "3 ");
}

Test(review, discarded_pidfd)
{
    check_case("pidfds", "allow all, deny unix (receive) peer=(addr=@{TMPDIR}/from),", "EAGAIN 0 ");
}

/* What is not known never satisfies an allow rule, and always a deny rule. */
Test(review, relative_peer)
{
    check_case("relative-peer", "unix (create, bind, send), unix (receive) peer=(addr=@{TMPDIR}/peer),", "EAGAIN ");
    check_case("relative-peer", "allow all, deny unix (receive) peer=(addr=@{TMPDIR}/nowhere),", "EAGAIN ");
    check_case("relative-peer", "unix,", "ok ");
}

Test(review, exit_after_jump)
{
    check_case("exit-after-jump", "allow all, deny unix (connect) peer=(addr=@{TMPDIR}/nowhere),", "ok ");
}

Test(review, handler_on_a_disarmed_stack)
{
    check_case("disarmed-stack", "allow all, deny unix (connect) peer=(addr=@{TMPDIR}/nowhere),", "ok ");
}

Test(review, socket_of_another_process)
{
    check_case("taken-socket", "unix,", "ENOTCONN EACCES ");
    check_case("taken-socket", "unix, network (send) inet,", "ENOTCONN ok ");
}

Test(review, record_after_a_torn_one)
{
    with_env(text("SUNSHIM_LOG=%s/log", scratch()));
    check_case("torn-record", "network inet,", "EACCES EACCES ");
    char *log = get(text("%s/log", scratch()));
    cr_assert(log[99] != '\n' && !strncmp(log + 100, "\ntime=", 6), "the second record starts on no line of its own:\n%s", log);
}

StockTest(review, policy_of_colons)
{
    struct run r = run("SUNSHIM_POLICY=: LD_PRELOAD=\"$LIB\" /bin/true");

    check_status(r, 125);
    check_has(r, err, "names no policy");
}
