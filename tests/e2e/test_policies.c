/* The policies that come with sunshim do what their comments say. */
#include <string.h>

#include "tests/e2e/harness.h"

/* Runs a shell script under a ready-made policy, by its name. */
static struct run by_name(const char *name, const char *script)
{
    return run(text("\"$SUNSHIM\" run -p %s -- sh -euc '%s'", name, script));
}

static struct run explain(const char *policy, const char *query)
{
    return run(text("\"$SUNSHIM\" explain %s %s", policy, query));
}

static void check_verdict(const char *policy, const char *query, bool allowed)
{
    struct run r = explain(policy, query);
    cr_assert(r.status == !allowed, "%s should be %s\n%s", query, allowed ? "allowed" : "denied", run_report(&r));
    cr_assert(!strncmp(r.out, allowed ? "allow" : "deny", allowed ? 5 : 4), "%s", run_report(&r));
}

/* --- All of them ---------------------------------------------------------- */

Test(policies, all_are_without_errors_warnings_or_notes)
{
    struct run r = run("\"$SUNSHIM\" check --error \"$TOP\"/policies/*.policy \"$TOP\"/examples/*.policy");
    check_status(r, 0);
    cr_assert_str_eq(r.err, "", "%s", run_report(&r));
    cr_assert_geq(lines_with(r.out, ": ok, ", NULL), 6, "%s", run_report(&r));
}

/* --- abstractions/sockets ------------------------------------------------- */

#define SOCKETS "include <abstractions/sockets>\n"

StockTest(policies, sockets_allows_what_needs_no_address)
{
    struct run r = under(SOCKETS, "\"$P/sk\" 'socket unix stream' getsockname 'getopt type' 'setsockopt sndbuf 4096'");
    check_lacks(r, out, "EACCES");
    r = under(SOCKETS "unix (connect) peer=(addr=none),\n", "\"$P/sk\" 'pair stream' shutdown");
    check_has(r, out, "shutdown -> 0");
}

StockTest(policies, sockets_allows_nothing_that_reaches_anybody)
{
    struct run r = under(SOCKETS, "\"$P/sk\" 'socket unix dgram' 'bind auto' 'bind @x' \"bind $T/x\"");
    cr_assert_eq(lines_with(r.out, "bind", "-> -1 EACCES", NULL), 3, "%s", run_report(&r));
}

/* --- no-network ------------------------------------------------------------ */

StockTest(policies, no_network_allows_loopback_in_both_directions)
{
    struct run r = by_name("no-network",
                           "port=$(freeport); socat -u TCP-LISTEN:$port,bind=127.0.0.1 - & ready tcp:$port; "
                           "echo hello | socat -u - TCP:127.0.0.1:$port; wait");
    check_status(r, 0);
    check_out(r, "hello\n");
    check_lacks(r, err, "DENIED");
}

StockTest(policies, no_network_lets_a_server_bind_any_address)
{
    struct run r = by_name("no-network", "port=$(freeport); socat -u TCP-LISTEN:$port - & ready tcp:$port; "
                                         "echo hello | socat -u - TCP:127.0.0.1:$port; wait");
    check_out(r, "hello\n");
}

StockTest(policies, no_network_denies_the_rest_of_the_world)
{
    struct run r = by_name("no-network", "exec \"$P/sk\" \"socket inet stream\" \"connect inet:192.0.2.1:80\"");
    check_has(r, out, "-> -1 EACCES");
    check_has(r, err, "faddr=\"192.0.2.1\" fport=80");
    r = by_name("no-network", "exec \"$P/sk\" \"socket inet dgram\" \"sendto inet:192.0.2.1:53 x\"");
    check_has(r, out, "-> -1 EACCES");
    r = by_name("no-network", "exec \"$P/sk\" \"socket inet6 dgram\" \"sendto inet6:2001:db8::1%53 x\"");
    check_has(r, out, "-> -1 EACCES");
}

StockTest(policies, no_network_leaves_unix_and_netlink_alone)
{
    struct run r = by_name("no-network", "exec \"$P/sk\" \"socket netlink raw\" \"socket unix dgram\" \"bind auto\"");
    check_status(r, 0);
    check_lacks(r, out, "EACCES");
}

StockTest(policies, no_network_denies_other_families)
{
    struct run r = by_name("no-network", "exec \"$P/sk\" \"socket packet raw\"");
    check_has(r, out, "-> -1 EACCES");
}

Test(policies, no_network_judges_who_comes_in)
{
    check_verdict("no-network", "accept family=inet type=stream faddr=127.0.0.1 fport=4000", true);
    check_verdict("no-network", "accept family=inet type=stream faddr=192.0.2.1 fport=4000", false);
    check_verdict("no-network", "receive family=inet type=dgram faddr=127.0.0.53 fport=53", true);
    check_verdict("no-network", "receive family=inet6 type=dgram faddr=::1 fport=53", true);
    check_verdict("no-network", "receive family=inet6 type=dgram faddr=2001:db8::1 fport=53", false);
}

/* --- no-docker -------------------------------------------------------------- */

static const char *const engines[] = {
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/docker/metrics.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/containerd/containerd.sock",
    "/run/containerd/containerd.sock.ttrpc",
    "/run/containerd/s/0123456789abcdef",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/var/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/user/1000/docker.sock",
    "/run/user/0/docker.sock",
    "/run/user/1000/podman/podman.sock",
    "/run/user/1000/containerd-rootless/api.sock",
    "/run/user/1000/buildkit/default/buildkitd.sock",
    "/root/.docker/run/docker.sock",
    "/home/user/.docker/desktop/docker.sock",
    "/home/EXAMPLE/user/.docker/run/docker.sock",
    "@/containerd-shim/moby/0123/shim.sock",
};

Test(policies, no_docker_denies_every_engine, .timeout = 60)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        check_verdict("no-docker", text("connect family=unix type=stream peer_addr=%s", engines[i]), false);
}

static const char *const others[] = {
    "/run/dbus/system_bus_socket", "/run/user/1000/bus",          "/run/systemd/journal/stdout",
    "/run/docker.sock.d/x",        "/home/user/docker.sock",      "/run/postgresql/.s.PGSQL.5432",
    "/tmp/.X11-unix/X0",           "@/tmp/.X11-unix/X0",          "/run/user/1000/dockerish/x",
};

Test(policies, no_docker_allows_everything_else, .timeout = 60)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_verdict("no-docker", text("connect family=unix type=stream peer_addr=%s", others[i]), true);
    check_verdict("no-docker", "connect family=inet type=stream faddr=192.0.2.1 fport=443", true);
}

/* A rootless engine's socket, by its own name and through a symbolic link. */
StockTest(policies, no_docker_holds_for_a_real_socket)
{
    with_env(text("XDG_RUNTIME_DIR=%s", scratch()));
    struct run r = run("ln -s docker.sock $T/innocent\n"
                       "socat -u UNIX-LISTEN:$T/docker.sock,fork OPEN:/dev/null & ready $T/docker.sock\n"
                       "for name in docker.sock innocent; do\n"
                       "    \"$SUNSHIM\" run -p no-docker -- \"$P/sk\" 'socket unix stream' \"connect $T/$name\" || :\n"
                       "done");
    cr_assert_eq(lines_with(r.out, "connect", "-> -1 EACCES", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "DENIED", "/docker.sock\"", NULL), 2, "%s", run_report(&r));
}

StockTest(policies, no_docker_holds_in_the_home_directory)
{
    struct run r = run("mkdir -p $T/.docker/run; socat -u UNIX-LISTEN:$T/.docker/run/docker.sock OPEN:/dev/null &\n"
                       "ready $T/.docker/run/docker.sock\n"
                       "\"$SUNSHIM\" run -p no-docker -- \"$P/sk\" 'socket unix stream' "
                       "\"connect $T/.docker/run/docker.sock\" || :");
    check_has(r, out, "-> -1 EACCES");
}

/* --- own-sockets ------------------------------------------------------------ */

#define OUTSIDER "socat -u UNIX-LISTEN:$T/outside,fork OPEN:/dev/null & ready $T/outside\n"

StockTest(policies, own_sockets_lets_a_run_reach_what_it_made)
{
    struct run r = by_name("own-sockets", "socat -u UNIX-LISTEN:$T/own - & ready $T/own; "
                                          "echo hello | socat -u - UNIX:$T/own; wait");
    check_status(r, 0);
    check_out(r, "hello\n");
    check_lacks(r, err, "DENIED");
}

StockTest(policies, own_sockets_says_not_permitted_to_the_rest)
{
    struct run r = run(OUTSIDER "\"$SUNSHIM\" run -p own-sockets -- \"$P/sk\" 'socket unix stream' \"connect $T/outside\"");
    check_has(r, out, "-> -1 EPERM");
    check_has(r, err, "/own-sockets.policy:");
    r = run("socat -u ABSTRACT-LISTEN:outside-$$ OPEN:/dev/null & ready @outside-$$\n"
            "\"$SUNSHIM\" run -p own-sockets -- \"$P/sk\" 'socket unix stream' \"connect @outside-$$\"");
    check_has(r, out, "-> -1 EPERM");
}

StockTest(policies, own_sockets_leaves_the_network_alone)
{
    struct run r = run("port=$(freeport); socat -u TCP-LISTEN:$port,bind=127.0.0.1 - & ready tcp:$port\n"
                       "echo hello | \"$SUNSHIM\" run -p own-sockets -- socat -u - TCP:127.0.0.1:$port; wait");
    check_out(r, "hello\n");
    check_lacks(r, err, "DENIED");
}

/* --- no-leaks ----------------------------------------------------------------- */

StockTest(policies, no_leaks_cuts_what_comes_by_accident)
{
    struct run r = run("\"$SUNSHIM\" run -p no-leaks -- \"$P/leaky\" listener:$T/l.sock -- ls -l /proc/self/fd");
    check_lacks(r, out, "-> socket:[");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"inherit\"", "/l.sock\"", "origin_comm=\"leaky\"", NULL), 1,
                 "%s", run_report(&r));
}

StockTest(policies, no_leaks_leaves_standard_input_alone)
{
    put("script", "exec \"$SUNSHIM\" run -p no-leaks -- readlink /proc/self/fd/0\n");
    struct run r = run("socat EXEC:\"sh $T/script\" STDOUT"); /* over a pair of sockets */
    check_has(r, out, "socket:[");
    check_lacks(r, err, " fd=0 "); /* socat leaks others */
}
