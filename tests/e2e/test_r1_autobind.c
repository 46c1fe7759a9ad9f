/* Autobind, explicit and implicit: what a policy must say to allow it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define BASIC "unix (create, getattr, getopt, setopt, shutdown),\n"
#define TRAFFIC BASIC "unix (connect, send, receive),\n"

static struct run sk(const char *policy, const char *steps)
{
    return preloaded(policy, text("\"$P/sk\" %s", steps));
}

static struct run autobind(const char *rule)
{
    return sk(text(BASIC "%s\n", rule), "'socket unix dgram' 'bind auto' getsockname");
}

static void check_denied(struct run r)
{
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "getsockname none -> 0\n");
}

static void check_bound(struct run r)
{
    check_has(r, out, "bind auto -> 0\n");
    check_has(r, out, "getsockname @");
    check_lacks(r, err, "DENIED");
}

Test(r1_autobind, is_denied_by_default)
{
    check_denied(autobind(""));
}

static void check_record_keys(struct run *r, const char *record, const char *const keys[])
{
    const char *at = record;
    for (int i = 0; keys[i]; i++) {
        const char *key = text("%s%s=", i ? " " : "", keys[i]);
        const char *found = i ? strstr(at, key) : at;
        cr_assert(found && (i || !strncmp(record, key, strlen(key))), "key %s is missing or out of order in\n%s\n%s",
                  keys[i], record, run_report(r));
        at = found + 1;
    }
}

Test(r1_autobind, denial_is_recorded_with_exactly_these_fields)
{
    static const char *const keys[] = {"time",      "sunshim",  "operation", "class",  "profile", "pid",  "ppid",
                                       "comm",      "exe",      "family",    "sock_type", "protocol", "requested",
                                       "denied",    "addr",     "errno",     "policy", "rule",    "hint", NULL};
    struct run r = autobind("");
    char *record = record_line(r.err, 0);
    cr_assert(record, "no record\n%s", run_report(&r));
    check_record_keys(&r, record, keys);
    cr_assert(strstr(record, " sunshim=\"DENIED\" operation=\"bind\" class=\"net\" profile=\"-\" pid="), "%s", record);
    cr_assert(strstr(record, " family=\"unix\" sock_type=\"dgram\" protocol=0 requested=\"bind\" denied=\"bind\" "
                             "addr=auto errno=EACCES policy=\""),
              "%s", record);
    cr_assert(strstr(record, ".policy\" rule=none hint=\"add: unix (autobind) type=dgram,\""), "%s", record);
    check_value(r, record, "comm", "sk");
    cr_assert_null(record_line(r.err, 1), "more than one record\n%s", run_report(&r));
}

Test(r1_autobind, record_names_time_process_and_program)
{
    struct run r = autobind("");
    char *record = record_line(r.err, 0);
    const char *time = record_value(record, "time"), *exe = record_value(record, "exe");
    unsigned y, mo, d, h, mi, s, us;
    int used = 0;
    cr_assert(time && sscanf(time, "%4u-%2u-%2uT%2u:%2u:%2u.%6uZ%n", &y, &mo, &d, &h, &mi, &s, &us, &used) == 7 &&
                  used == 27,
              "time is %s\n%s", time, run_report(&r));
    cr_assert(exe && *exe == '/' && strstr(exe, "/sk"), "exe is %s", exe);
    cr_assert(atoi(record_value(record, "pid")) > 1 && atoi(record_value(record, "ppid")) > 0);
}

Test(r1_autobind, allowed_by_bind_addr_auto)
{
    check_bound(autobind("unix (bind) type=dgram addr=auto,"));
}

Test(r1_autobind, allowed_by_the_autobind_permission)
{
    check_bound(autobind("unix (autobind) type=dgram,"));
}

Test(r1_autobind, allowed_by_bind_addr_none)
{
    check_bound(autobind("unix (bind) type=dgram addr=none,"));
}

Test(r1_autobind, the_hint_is_the_rule_that_allows_it)
{
    struct run r = autobind("");
    const char *hint = record_value(record_line(r.err, 0), "hint");
    cr_assert(hint && !strncmp(hint, "add: ", 5), "hint is %s\n%s", hint, run_report(&r));
    check_bound(autobind(hint + 5));
}

Test(r1_autobind, not_allowed_for_another_type)
{
    check_denied(autobind("unix (autobind) type=stream,"));
}

Test(r1_autobind, not_allowed_by_every_abstract_name)
{
    check_denied(autobind("unix (bind) type=dgram addr=\"@*\","));
}

Test(r1_autobind, not_allowed_by_five_digits)
{
    check_denied(autobind("unix (bind) type=dgram addr=\"@[0-9][0-9][0-9][0-9][0-9]\","));
}

Test(r1_autobind, not_allowed_by_a_nul)
{
    check_denied(autobind("unix (bind) type=dgram addr=\"@\\x00\","));
}

Test(r1_autobind, a_name_that_starts_with_an_escaped_nul_is_an_error)
{
    struct run r = autobind("unix (bind) addr=\"\\x00x00\",");
    check_status(r, 125);
    check_lacks(r, out, "socket");
    cr_assert(strstr(r.err, ".policy:2:"), "no line and column\n%s", run_report(&r));
}

/* bind of the five hexadecimal digits that an autobind might yield */
Test(r1_autobind, addr_auto_does_not_allow_a_lookalike)
{
    struct run r = sk(BASIC "unix (bind) addr=auto,\n", "'socket unix dgram' 'bind @0002a'");
    check_has(r, out, "bind @0002a -> -1 EACCES\n");
    check_value(r, record_line(r.err, 0), "addr", "@0002a");
}

Test(r1_autobind, the_autobind_permission_does_not_allow_a_lookalike)
{
    struct run r = sk(BASIC "unix (autobind),\n", "'socket unix dgram' 'bind @0002a'");
    check_has(r, out, "bind @0002a -> -1 EACCES\n");
}

Test(r1_autobind, every_abstract_name_allows_the_lookalike)
{
    struct run r = sk(BASIC "unix (bind) addr=\"@*\",\n", "'socket unix dgram' 'bind @0002a'");
    check_has(r, out, "bind @0002a -> 0\n");
}

/* With other permissions addr=auto is what AppArmor makes of it: @[0-9a-f]{5}. */
#define AUTO_NAMES "unix (create, bind),\nunix (getattr) addr=auto,\n"

Test(r1_autobind, addr_auto_elsewhere_matches_the_kernels_names)
{
    struct run r = sk(AUTO_NAMES, "'socket unix dgram' 'bind auto' getsockname");
    check_has(r, out, "getsockname @");
    check_status(r, 0);
}

Test(r1_autobind, addr_auto_elsewhere_matches_lookalikes)
{
    struct run r = sk(AUTO_NAMES, "'socket unix dgram' 'bind @fffff' getsockname");
    check_has(r, out, "getsockname @fffff -> 0\n");
}

Test(r1_autobind, addr_auto_elsewhere_matches_nothing_else)
{
    struct run r = sk(AUTO_NAMES, "'socket unix dgram' \"bind @other-$$\" getsockname");
    check_has(r, out, "getsockname -> -1 EACCES\n");
}

Test(r1_autobind, a_second_one_changes_nothing)
{
    struct run r = sk(BASIC "unix (autobind),\n", "'socket unix dgram' 'bind auto' getsockname 'bind auto' getsockname");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "bind auto -> 0", NULL), 2, "%s", run_report(&r));
}

/* --- Implicit: SO_PASSCRED and SO_PASSPIDFD make other calls autobind ------ */

/* Sockets of all types to talk to, made outside the shim. */
#define PEERS "rm -f stream seqpacket dgram; " \
              "\"$N/sk\" 'socket unix stream' \"bind $T/stream\" listen 'sleep 60000' >/dev/null & " \
              "\"$N/sk\" 'socket unix seqpacket' \"bind $T/seqpacket\" listen 'sleep 60000' >/dev/null & " \
              "\"$N/sk\" 'socket unix dgram' \"bind $T/dgram\" 'sleep 60000' >/dev/null & " \
              "ready $T/stream $T/seqpacket $T/dgram; "

static struct run with_peers(const char *policy, const char *steps)
{
    return run(text(PEERS "env SUNSHIM_POLICY='%s' $PRELOAD \"$P/sk\" %s", put("implicit.policy", policy), steps));
}

static const char *const type_names[] = {"stream", "seqpacket", "dgram"};

#define CALLS_WITH_PEER(type, option, call) \
    text("'socket unix %s' 'setsockopt %s 1' \"%s $T/%s\" getsockname", type, option, call, type)

static void check_implicit(const char *type, const char *option, const char *call)
{
    const char *steps = CALLS_WITH_PEER(type, option, call);
    struct run r = with_peers(TRAFFIC, steps);
    cr_assert(lines_with(r.out, call, "-> -1 EACCES", NULL) == 1, "%s %s %s is not denied\n%s", type, option, call,
              run_report(&r));
    check_has(r, out, "getsockname none -> 0\n");
    char *record = record_line(r.err, 0);
    check_value(r, record, "denied", "bind");
    cr_assert(record && strstr(record, " addr=auto "), "%s", run_report(&r));
    r = with_peers(text(TRAFFIC "unix (autobind) type=%s,\n", type), steps);
    check_status(r, 0);
    check_has(r, out, "getsockname @");
}

Test(r1_autobind, passcred_makes_connect_bind, .timeout = 60)
{
    for (int i = 0; i < 3; i++)
        check_implicit(type_names[i], "passcred", "connect");
}

Test(r1_autobind, passpidfd_makes_connect_bind, .timeout = 60)
{
    for (int i = 0; i < 3; i++)
        check_implicit(type_names[i], "passpidfd", "connect");
}

Test(r1_autobind, passcred_makes_sends_bind, .timeout = 60)
{
    check_implicit("dgram", "passcred", "sendto");
    check_implicit("dgram", "passcred", "sendmsg");
    check_implicit("dgram", "passcred", "sendmmsg");
}

Test(r1_autobind, passpidfd_makes_sends_bind, .timeout = 60)
{
    check_implicit("dgram", "passpidfd", "sendto");
    check_implicit("dgram", "passpidfd", "sendmsg");
}

Test(r1_autobind, without_an_option_nothing_binds)
{
    for (int i = 0; i < 3; i++) {
        struct run r = with_peers(TRAFFIC, text("'socket unix %s' \"connect $T/%s\" getsockname", type_names[i],
                                                type_names[i]));
        check_status(r, 0);
        check_has(r, out, "getsockname none -> 0\n");
    }
}

Test(r1_autobind, an_option_switched_off_again_does_not_count)
{
    struct run r = with_peers(TRAFFIC, "'socket unix dgram' 'setsockopt passcred 1' 'setsockopt passcred 0' "
                                       "\"connect $T/dgram\" getsockname");
    check_status(r, 0);
    check_has(r, out, "getsockname none -> 0\n");
}

/* The kernel binds before it looks for the peer. */
Test(r1_autobind, a_connect_that_fails_does_not_bind_either)
{
    struct run r = sk(TRAFFIC, "'socket unix stream' 'setsockopt passcred 1' \"connect $T/nobody\" getsockname");
    check_has(r, out, "/nobody -> -1 E");
    check_has(r, out, "getsockname none -> 0\n");
}

Test(r1_autobind, a_connect_that_fails_binds_where_that_is_allowed)
{
    struct run r = sk(TRAFFIC "unix (autobind),\n",
                      "'socket unix stream' 'setsockopt passcred 1' \"connect $T/nobody\" getsockname");
    check_has(r, out, "/nobody -> -1 ENOENT\n");
    check_has(r, out, "getsockname @");
}

/* On a connected unbound dgram or seqpacket socket a later write() would bind:
 * that is decided when the option is set. */
Test(r1_autobind, setsockopt_on_a_connected_packet_socket_is_a_bind)
{
    for (int i = 1; i < 3; i++) {
        const char *steps = text("'socket unix %s' \"connect $T/%s\" 'setsockopt passcred 1' 'write x' getsockname",
                                 type_names[i], type_names[i]);
        struct run r = with_peers(TRAFFIC, steps);
        check_has(r, out, "setsockopt passcred 1 -> -1 EACCES\n");
        check_has(r, out, "getsockname none -> 0\n");
        r = with_peers(TRAFFIC "unix (autobind),\n", steps);
        check_status(r, 0);
        check_has(r, out, "getsockname @");
    }
}

Test(r1_autobind, setsockopt_on_an_end_of_a_pair_is_a_bind)
{
    struct run r = sk(TRAFFIC, "'pair dgram' 'setsockopt passcred 1' 'write x' getsockname");
    check_has(r, out, "setsockopt passcred 1 -> -1 EACCES\n");
    check_has(r, out, "getsockname none -> 0\n");
}

Test(r1_autobind, a_stream_client_may_set_it_after_connecting)
{
    struct run r = with_peers(TRAFFIC, "'socket unix stream' \"connect $T/stream\" 'setsockopt passcred 1' 'write x' "
                                       "'setsockopt passpidfd 1' 'send y' getsockname");
    check_status(r, 0);
    check_has(r, out, "getsockname none -> 0\n");
    check_lacks(r, out, "EACCES");
}

Test(r1_autobind, a_stream_pair_may_set_it)
{
    struct run r = sk(TRAFFIC, "'pair stream' 'setsockopt passcred 1' 'write x' 'send y' getsockname");
    check_status(r, 0);
    check_has(r, out, "getsockname none -> 0\n");
    check_lacks(r, out, "EACCES");
}

Test(r1_autobind, a_server_may_set_it_before_binding_a_path)
{
    const char *steps = "'socket unix stream' 'setsockopt passcred 1' \"bind $T/server\" listen getsockname";
    struct run r = sk(text(BASIC "unix (bind, listen) addr=%s/*,\n", scratch()), steps);
    check_status(r, 0);
    check_has(r, out, "/server -> 0\n");
}

Test(r1_autobind, a_bound_socket_may_set_it_and_send)
{
    struct run r = with_peers(text(TRAFFIC "unix (bind) addr=%s/own,\n", scratch()),
                              "'socket unix dgram' \"bind $T/own\" 'setsockopt passcred 1' \"sendto $T/dgram x\" "
                              "\"connect $T/dgram\" 'write y'");
    check_status(r, 0);
    check_lacks(r, out, "EACCES");
}

/* An inherited socket may have the option set without our having seen it. */
Test(r1_autobind, an_inherited_socket_is_looked_at)
{
    const char *file = put("i.policy", TRAFFIC);
    struct run r = run(text(PEERS "\"$N/sk\" 'socket unix dgram' 'setsockopt passcred 1' \"exec env SUNSHIM_POLICY=%s $PRELOAD "
                            "$P/sk\" 'use 3' \"connect $T/dgram\" getsockname", file));
    check_has(r, out, "/dgram -> -1 EACCES\n");
    check_has(r, out, "getsockname none -> 0\n");
}

Test(r1_autobind, syscall_2_is_no_way_round)
{
    struct run r = preloaded(BASIC, "\"$P/rawcalls\" autobind");
    check_out(r, "bind -1 EACCES\n");
}
