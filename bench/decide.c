/* How long policy_decide and policy_compile take, by shape and number of rules.
 *
 *   bench/decide [SHAPE]
 *
 * One line per shape and size: the blob's bytes, parsing, laying out and opening
 * in microseconds (fastest of several rounds, as in a constructor that has run
 * before), and the decision in nanoseconds: the median name's and the worst
 * name's, over names that match and names that do not. */
#include "policy/policy.h"
#include "policy/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

struct shape {
    const char *name;
    void (*rule)(char *out, size_t size, unsigned i, unsigned n);
    /* Name number `j` of the peer (and of the local address where rules have one). */
    void (*name_of)(struct policy_query *q, unsigned j, unsigned n);
};

static char peer_name[256], local_name[256];
static unsigned char ip[16];

static void set_name(struct policy_addr *a, char *buffer, const char *text)
{
    a->kind = *text == '@' ? POLICY_ADDR_ABSTRACT : POLICY_ADDR_PATHNAME;
    snprintf(buffer, 256, "%s", text + (*text == '@'));
    a->bytes = buffer;
    a->len = (uint32_t)strlen(buffer);
}

/* A name of about 60 bytes. */
static void name(struct policy_addr *a, char *buffer, const char *format, unsigned i)
{
    char text[256];

    snprintf(text, sizeof text, format, i);
    set_name(a, buffer, text);
}

#define RULE(id, format) \
    static void id(char *out, size_t size, unsigned i, unsigned n) \
    { \
        (void)n; \
        snprintf(out, size, format "\n", i); \
    }
#define NAME(id, format) \
    static void id(struct policy_query *q, unsigned j, unsigned n) \
    { \
        (void)n; \
        name(&q->peer, peer_name, format, j); \
    }

RULE(literal_rule, "unix (connect) peer=(addr=/srv/application/instances/run-%u/sockets/main.sock),")
NAME(literal_name, "/srv/application/instances/run-%u/sockets/main.sock")
RULE(directory_rule, "unix (connect) peer=(addr=/srv/application-with-a-name/app%u/*.sock),")
NAME(directory_name, "/srv/application-with-a-name/app%u/some-long-socket.sock")
RULE(middle_rule, "unix (connect) peer=(addr=/srv/*/x%u.sock),")
NAME(middle_name, "/srv/application-with-quite-a-long-name-for-a-dir/x%u.sock")
RULE(inside_rule, "unix (connect) peer=(addr=\"@*-%u-*\"),")
NAME(inside_name, "@org.example.application.instance-%u-of-this-long-service")
RULE(deep_rule, "unix (connect) peer=(addr=\"/run/user/*/services/{a,b}%u/**\"),")
NAME(deep_name, "/run/user/1000/services/b%u/a/rather/deep/directory/tree/s")
RULE(both_rule, "unix (connect) addr=\"@client-*\" peer=(addr=/srv/application/instances/%u/main.sock),")
RULE(deny_rule, "deny unix (connect) peer=(addr=/srv/application/instances/**/run-%u/*/main.sock),")
NAME(deny_name, "/srv/application/instances/some/where/run-%u/there/main.sock")
RULE(scoped_rule, "unix (connect) peer=(addr=/srv/application/instances/run-%u/sockets/main.sock scope=inside),")
RULE(same_rule, "unix (connect) peer=(addr=/srv/application/instances/run/sockets/main.sock), # %u")
RULE(digits_rule, "unix (connect) peer=(addr=\"@[0-9a-f]*-%u\"),")
NAME(digits_name, "@0123456789abcdef0123456789abcdef0123456789abcdef0123-%u")

static void both_name(struct policy_query *q, unsigned j, unsigned n)
{
    (void)n;
    name(&q->peer, peer_name, "/srv/application/instances/%u/main.sock", j);
    name(&q->local, local_name, "@client-of-something-with-a-long-name-%u", j);
}

static void prefix_rule(char *out, size_t size, unsigned i, unsigned n)
{
    (void)n;
    snprintf(out, size, "network (connect) inet stream peer=(ip=10.%u.%u.0/24 port=%u),\n", i / 256, i % 256,
             1024 + i % 5000);
}

static void prefix_name(struct policy_query *q, unsigned j, unsigned n)
{
    (void)n;
    q->family = AF_INET;
    q->peer = (struct policy_addr){.kind = POLICY_ADDR_INET, .port = (uint16_t)(1024 + j % 5000), .bytes = ip, .len = 4};
    ip[0] = 10;
    ip[1] = (unsigned char)(j / 256);
    ip[2] = (unsigned char)j;
    ip[3] = 7;
}

static void port_rule(char *out, size_t size, unsigned i, unsigned n)
{
    (void)n;
    snprintf(out, size, "network (connect) inet stream peer=(port=%u-%u),\n", 1000 + 3 * i, 1001 + 3 * i);
}

static void port_name(struct policy_query *q, unsigned j, unsigned n)
{
    prefix_name(q, j, n);
    q->peer.port = (uint16_t)(1000 + 3 * j);
}

static void kind_rule(char *out, size_t size, unsigned i, unsigned n)
{
    static const char *const families[] = {"inet", "inet6", "netlink", "unix", "packet", "bluetooth", "vsock"};
    static const char *const types[] = {"stream", "dgram", "raw", "seqpacket", "rdm", "packet"};

    (void)n;
    snprintf(out, size, "network (create, connect) %s %s,\n", families[i % 7], types[i / 7 % 6]);
}

static void kind_name(struct policy_query *q, unsigned j, unsigned n)
{
    prefix_name(q, j, n);
    q->type = (int)(1 + j % 5);
}

/* Rules about names under a scope statement. */
static void fenced_rule(char *out, size_t size, unsigned i, unsigned n)
{
    if (i)
        literal_rule(out, size, i, n);
    else
        snprintf(out, size, "scope pathname abstract,\n");
}

/* What people write: a few of everything. */
static void mixed_rule(char *out, size_t size, unsigned i, unsigned n)
{
    static void (*const rules[])(char *, size_t, unsigned, unsigned) = {
        literal_rule, directory_rule, middle_rule, inside_rule, literal_rule, directory_rule, prefix_rule, deep_rule};

    rules[i % 8](out, size, i, n);
}

static void mixed_name(struct policy_query *q, unsigned j, unsigned n)
{
    static void (*const names[])(struct policy_query *, unsigned, unsigned) = {
        literal_name, directory_name, middle_name, inside_name, literal_name, directory_name, prefix_name, deep_name};

    names[j % 8](q, j, n);
}

static const struct shape shapes[] = {
    {"mixed", mixed_rule, mixed_name},           {"literal", literal_rule, literal_name},
    {"directory", directory_rule, directory_name}, {"middle", middle_rule, middle_name},
    {"inside", inside_rule, inside_name},        {"deep", deep_rule, deep_name},
    {"digits", digits_rule, digits_name},        {"deny", deny_rule, deny_name},
    {"both", both_rule, both_name},              {"same", same_rule, literal_name},
    {"prefix", prefix_rule, prefix_name},        {"port", port_rule, port_name},
    {"kind", kind_rule, kind_name},              {"scoped", scoped_rule, literal_name},
    {"fenced", fenced_rule, literal_name},
};

/* --- Measuring --------------------------------------------------------- */

static unsigned char *pool;
static size_t pool_size = 512u << 20, pool_used;

static void *more(void *ctx, size_t *size)
{
    size_t at = pool_used;

    (void)ctx;
    if (*size > pool_size - at)
        return NULL;
    pool_used += (*size + 4095) & ~(size_t)4095;
    return pool + at;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(void *ctx, const struct policy_diag *d)
{
    (void)ctx;
    fprintf(stderr, "bench/decide: line %u: %s\n", d->line, d->message);
}

static char *write_policy(const struct shape *s, unsigned n, size_t *len)
{
    char *text = malloc((size_t)n * 160 + 64);

    *len = (size_t)sprintf(text, "unix (create),\n");
    for (unsigned i = 0; i < n; i++) {
        s->rule(text + *len, 160, i, n);
        *len += strlen(text + *len);
    }
    return text;
}

struct times {
    double parse, layout, open;
};

static void compile(const char *text, size_t len, struct policy *p, struct times *best)
{
    struct policy_input in = {.name = "bench", .text = text, .len = len, .report = report};
    struct arena a = {.more = more};
    struct ruleset rules;
    const void *blob;
    size_t size;
    double t0, t1, t2, t3;

    memset(pool, 0, pool_used); /* pages are there, and zeroed as an arena's must be */
    pool_used = 0;
    t0 = now();
    if (policy_parse(&in, &a, &rules))
        exit(1);
    t1 = now();
    if (policy_layout(&rules, false, &a, &blob, &size))
        exit(1);
    t2 = now();
    if (policy_open(p, blob, size) || policy_select(p, "/bin/true", NULL))
        exit(1);
    t3 = now();
    best->parse = t1 - t0 < best->parse ? t1 - t0 : best->parse;
    best->layout = t2 - t1 < best->layout ? t2 - t1 : best->layout;
    best->open = t3 - t2 < best->open ? t3 - t2 : best->open;
}

static struct policy_query query(const struct shape *s, unsigned j, unsigned n)
{
    struct policy_query q = {.perm = POLICY_CONNECT, .family = AF_UNIX, .type = SOCK_STREAM, .protocol = 0,
                             .local = {.kind = POLICY_ADDR_NONE}, .peer = {.kind = POLICY_ADDR_NONE}, .label = "unconfined",
                             .bound = POLICY_SCOPE_INSIDE, .made = POLICY_SCOPE_INSIDE};

    s->name_of(&q, j, n);
    return q;
}

static double decide(const struct policy *p, const struct policy_query *q)
{
    enum { TIMES = 300 };
    double best = 1e18;

    for (int round = 0; round < 5; round++) {
        struct policy_verdict v;
        double t = now();
        for (int i = 0; i < TIMES; i++) {
            policy_decide(p, q, &v);
            __asm__ volatile("" : : "r"(&v) : "memory");
        }
        t = (now() - t) / TIMES;
        best = t < best ? t : best;
    }
    return best;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const struct shape *s, unsigned n)
{
    enum { NAMES = 101 };
    struct times best = {1e18, 1e18, 1e18};
    struct policy p;
    double ns[NAMES];
    size_t len;
    char *text = write_policy(s, n, &len);

    for (int round = 0; round < (n > 1000 ? 5 : 30); round++)
        compile(text, len, &p, &best);
    for (unsigned j = 0; j < NAMES; j++) { /* half of them beyond what rules name */
        struct policy_query q = query(s, j % 2 ? n + j : j * 7919 % n, n);
        ns[j] = decide(&p, &q);
    }
    qsort(ns, NAMES, sizeof *ns, ascending);
    printf("%-10s %6u %9zu %10.1f %10.1f %8.1f %8.0f %8.0f\n", s->name, n, p.len, best.parse / 1e3,
           best.layout / 1e3, best.open / 1e3, ns[NAMES / 2], ns[NAMES - 1]);
    free(text);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {10, 100, 1000, 10000};

    pool = mmap(NULL, pool_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    printf("%-10s %6s %9s %10s %10s %8s %8s %8s\n", "rules", "number", "blob B", "parse us", "layout us", "open us",
           "ns", "worst");
    for (unsigned s = 0; s < sizeof shapes / sizeof *shapes; s++)
        if (argc < 2 || !strcmp(argv[1], shapes[s].name))
            for (unsigned i = 0; i < 4; i++)
                measure(&shapes[s], sizes[i]);
    return 0;
}
