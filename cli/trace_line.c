/* A call as strace shows one:
 *   12:34:56.789012    4711 redis-cli    connect(3, "redis.sock") = 0 <0.000021> -> "/run/redis.sock" peer 4712 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "trace.h"

/* --- Names ------------------------------------------------------------------------------ */

static void put_field(struct ink *t, const struct field *f)
{
    ink_colour(t, NAMED);
    if (f->word)
        ink_word(t, f->value, f->len);
    else
        ink_quoted(t, f->value, f->len);
    ink_colour(t, PLAIN);
}

static void put_inet(struct ink *t, const char *ip, const char *port)
{
    bool six = strchr(ip, ':');

    ink_colour(t, NAMED);
    ink_text(t, six ? "[" : "");
    ink_word(t, ip, strlen(ip));
    ink_put(t, "%s:", six ? "]" : "");
    ink_word(t, port, strlen(port));
    ink_colour(t, PLAIN);
}

bool trace_name(struct ink *t, const struct record *r, const char *key, const char *ip, const char *port)
{
    const struct field *f = record_field(r, key);

    if (f)
        put_field(t, f);
    else if (ip && record_field(r, ip))
        put_inet(t, record_text(r, ip), record_text(r, port));
    return f || (ip && record_field(r, ip));
}

static bool put_own(struct ink *t, const struct record *r)
{
    return trace_name(t, r, "addr", "laddr", "lport");
}

static bool put_peer(struct ink *t, const struct record *r)
{
    return trace_name(t, r, "peer_addr", "faddr", "fport");
}

/* As the program gave it. */
static void put_given(struct ink *t, const struct record *r, bool own)
{
    size_t before = t->len;

    ink_text(t, ", ");
    if (!trace_name(t, r, "given", NULL, NULL) && !(own ? put_own(t, r) : put_peer(t, r)))
        t->len = before;
}

/* --- Arguments ------------------------------------------------------------------------------ */

static void put_number(struct ink *t, const struct record *r, const char *key, const char *unit)
{
    if (!record_field(r, key))
        return;
    ink_text(t, ", ");
    ink_number(t, record_number(r, key, 0));
    ink_text(t, unit);
}

/* What a type means anyway goes without saying. */
static void put_protocol(struct ink *t, const struct record *r)
{
    static const struct {
        int64_t number;
        const char *name, *type;
    } known[] = {{IPPROTO_TCP, "tcp", "stream"}, {IPPROTO_UDP, "udp", "dgram"}, {IPPROTO_ICMP, "icmp", ""},
                 {IPPROTO_ICMPV6, "icmpv6", ""}, {IPPROTO_SCTP, "sctp", ""}};
    int64_t number = record_number(r, "protocol", 0);
    bool inet = !strncmp(record_text(r, "family"), "inet", 4);

    for (unsigned i = 0; inet && i < sizeof known / sizeof *known; i++)
        if (known[i].number == number) {
            if (strcmp(known[i].type, record_text(r, "sock_type")))
                ink_put(t, ", %s", known[i].name);
            return;
        }
    if (number)
        ink_put(t, ", %lld", (long long)number);
}

static void put_socket(struct ink *t, const struct record *r)
{
    ink_word(t, record_text(r, "family"), strlen(record_text(r, "family")));
    ink_text(t, ", ");
    ink_word(t, record_text(r, "sock_type"), strlen(record_text(r, "sock_type")));
    put_protocol(t, r);
    if (record_field(r, "fd1"))
        ink_put(t, ", [%lld, %lld]", (long long)record_number(r, "fd1", -1), (long long)record_number(r, "fd2", -1));
}

static void put_named(struct ink *t, const char *name, int number)
{
    if (name)
        ink_put(t, ", %s", name);
    else
        ink_put(t, ", %d", number);
}

static void put_option(struct ink *t, const struct record *r)
{
    int level = (int)record_number(r, "level", -1), option = (int)record_number(r, "option", -1);

    put_named(t, trace_level_name(level), level);
    put_named(t, trace_option_name(level, option), option);
}

static void put_how(struct ink *t, const struct record *r)
{
    static const char *const words[] = {"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};
    int64_t how = record_number(r, "how", -1);

    if (how >= 0 && how < 3)
        ink_put(t, ", %s", words[how]);
    else
        put_number(t, r, "how", "");
}

static void put_arguments(struct ink *t, const struct record *r, enum trace_arguments arguments)
{
    if (arguments == ARGS_SOCKET) {
        put_socket(t, r);
        return;
    }
    if (record_field(r, "fd"))
        ink_number(t, record_number(r, "fd", -1));
    put_number(t, r, "size", " bytes");
    put_number(t, r, "messages", " messages");
    put_number(t, r, "backlog", "");
    if (arguments == ARGS_NAME)
        put_given(t, r, true);
    else if (arguments == ARGS_PEER || arguments == ARGS_TO)
        put_given(t, r, false);
    else if (arguments == ARGS_OPTION)
        put_option(t, r);
    else if (arguments == ARGS_HOW)
        put_how(t, r);
}

/* --- What came of it ---------------------------------------------------------------------------- */

/* Most errors are the one before. */
static const char *error_text(const char *name)
{
    static char last[32];
    static int err;

    if (strcmp(name, last) != 0) {
        err = policy_errno_word(name, strlen(name));
        snprintf(last, sizeof last, "%s", name);
    }
    return strerror(err > 0 ? err : atoi(name));
}

static void put_result(struct ink *t, const struct record *r)
{
    const char *name = record_text(r, "errno");
    int64_t took = record_number(r, "duration_ns", -1);

    ink_text(t, " = ");
    if (*name) {
        ink_colour(t, FAILED);
        ink_number(t, record_number(r, "result", -1));
        ink_text(t, " ");
        ink_word(t, name, strlen(name));
        ink_text(t, " (");
        ink_text(t, error_text(name));
        ink_text(t, ")");
        ink_colour(t, PLAIN);
    } else if (record_field(r, "result")) {
        ink_number(t, record_number(r, "result", 0));
    } else {
        ink_text(t, "?");
    }
    if (took < 0)
        return;
    ink_colour(t, DIM);
    ink_text(t, " <");
    ink_number(t, took / 1000000000);
    ink_text(t, ".");
    ink_digits(t, (uint64_t)took / 1000, 6);
    ink_text(t, ">");
    ink_colour(t, PLAIN);
}

/* What stands there as long as there is no result. */
static void put_wait(struct ink *t, const struct record *r)
{
    int64_t waited = record_number(r, "duration_ns", 0) / 100000000;

    ink_colour(t, NOTED);
    ink_put(t, record_is(r, "WAITING") ? " ... waiting for " : " ... unfinished after ");
    if (waited < 10)
        ink_put(t, "0.%d s", (int)waited);
    else
        ink_put(t, "%lld s", (long long)waited / 10);
    ink_colour(t, PLAIN);
}

/* Words in front of something that may not be there. */
static void put_if(struct ink *t, const struct record *r, const char *words, bool (*put)(struct ink *, const struct record *))
{
    size_t before = t->len;

    ink_text(t, words);
    if (!put(t, r))
        t->len = before;
}

static bool has_name(const struct record *r, const char *key, const char *ip)
{
    const struct field *f = record_field(r, key);

    return record_field(r, ip) || (f && strcmp(f->value, "none"));
}

static void put_pid(struct ink *t, const struct record *r, bool named)
{
    int64_t pid = record_number(r, "peer_pid", 0);

    if (pid)
        ink_put(t, named ? " (%lld)" : " peer %lld", (long long)pid);
}

/* The names that do not stand between the brackets. */
static void put_ends(struct ink *t, const struct record *r, enum trace_arguments arguments)
{
    bool own = arguments == ARGS_NAME, peer = arguments == ARGS_PEER || arguments == ARGS_TO || arguments == ARGS_MANY;
    bool elsewhere = !peer && has_name(r, "peer_addr", "faddr");

    if (record_field(r, "given"))
        put_if(t, r, " -> ", own ? put_own : put_peer);
    if (record_field(r, "bound")) {
        ink_text(t, " bound ");
        trace_name(t, r, "bound", NULL, NULL);
    }
    if (!own && has_name(r, "addr", "laddr"))
        put_if(t, r, " at ", put_own);
    if (elsewhere)
        put_if(t, r, " peer ", put_peer);
    put_pid(t, r, elsewhere);
}

/* --- What the policy said -------------------------------------------------------------------------- */

/* The rules of several layers: one per line, or with commas between. */
static void put_rules(struct ink *t, const struct field *rules)
{
    for (size_t at = 0, len; at < rules->len; at += len + 1) {
        const char *end = memchr(rules->value + at, '\n', rules->len - at);

        len = end ? (size_t)(end - rules->value) - at : rules->len - at;
        ink_text(t, at ? ", " : "");
        ink_word(t, rules->value + at, len);
    }
}

void trace_verdict(struct ink *t, const struct record *r, const char *verdict)
{
    const struct field *rules = record_field(r, "rules");
    bool complain = !strcmp(verdict, "ALLOWED");

    if (!rules)
        rules = record_field(r, "rule");
    ink_colour(t, strcmp(verdict, "DENIED") ? NOTED : REFUSED);
    ink_word(t, verdict, strlen(verdict));
    ink_colour(t, PLAIN);
    if (complain)
        ink_text(t, " by complain");
    if (rules && rules->len && strcmp(rules->value, "none")) {
        ink_text(t, complain ? " against " : " by ");
        put_rules(t, rules);
    } else if (!strcmp(verdict, "DENIED") || complain) {
        ink_text(t, ": no rule allows it");
    }
}

void trace_line(struct ink *t, const struct record *r, const struct record *denial)
{
    const char *name = record_text(r, "operation"), *verdict = record_text(r, "verdict");
    const struct trace_call *call = trace_call(name);
    enum trace_arguments arguments = call ? call->arguments : ARGS_FD;
    const struct field *hint = denial ? record_field(denial, "hint") : NULL;

    trace_who(t, r);
    ink_colour(t, BOLD);
    ink_word(t, name, strlen(name));
    ink_colour(t, PLAIN);
    ink_text(t, "(");
    put_arguments(t, r, arguments);
    ink_text(t, ")");
    if (trace_waits(r))
        put_wait(t, r);
    else
        put_result(t, r);
    put_ends(t, r, arguments);
    if (record_field(r, "pending"))
        ink_put(t, "; its queue is full (%lld)", (long long)record_number(r, "pending", 0));
    if (*verdict) {
        ink_text(t, " ");
        trace_verdict(t, r, verdict);
    }
    if (denial && record_is(denial, "INJECTED") && record_field(denial, "count"))
        ink_put(t, ", hit %lld", (long long)record_number(denial, "count", 0));
    if (hint) {
        ink_text(t, "; ");
        ink_plain(t, hint->value, hint->len);
    }
    ink_text(t, "\n");
}
