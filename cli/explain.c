/* sunshim explain: what a policy says to a call, by which rule, and why not. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "explain_map.h"
#include "load.h"
#include "policy/hint.h"
#include "query.h"

static const char usage[] =
    "Usage: sunshim explain POLICY... OPERATION [KEY=VALUE]...\n"
    "       sunshim explain POLICY... 'RULE'\n"
    "       sunshim explain POLICY... - < RECORD\n"
    "Says whether policies allow a call, by which rule, or what is missing.\n"
    "\n"
    "  -p, --policy POLICY   as in sunshim run; POLICY may also stand without -p\n"
    "      --rule RULE       one rule on top of 'allow all,'\n"
    "      --apparmor FILE   an AppArmor profile, with AppArmor's own meaning\n"
    "  -I, --include DIR     look for policies and <includes> here first\n"
    "      --profile NAME    the profile to ask (same as profile=NAME)\n"
    "  -h, --help            this text\n"
    "\n"
    "OPERATION is a permission: create, bind, autobind, listen, accept, connect, send,\n"
    "receive, getattr, setattr, getopt, setopt, shutdown or inherit. With a RULE the\n"
    "question is what would happen to the calls the rule is about. A RECORD is one line\n"
    "of sunshim's or AppArmor's log, as text or JSON.\n"
    "\n"
    "  family=unix|inet|inet6|...    unix unless an IP address is given\n"
    "  type=stream|dgram|seqpacket|...   protocol=NAME-OR-NUMBER\n"
    "  addr=ADDR  peer_addr=ADDR     none, auto, @abstract or /path; \\xHH is a byte\n"
    "  ip=IP port=N  peer_ip=IP peer_port=N     (laddr lport faddr fport in records)\n"
    "  peer_label=LABEL              'unconfined' when not given\n"
    "  peer_scope=inside|outside  peer_made=inside|outside     who bound the peer's socket,\n"
    "                                and who created it\n"
    "  peer_uid=N  peer_exe=/PATH    of the peer, with accept and receive\n"
    "  fd=N  exempt=yes|no           with inherit; 0, 1 and 2 are exempt unless said\n"
    "  exe=/PATH  profile=NAME       choose the profile\n"
    "\n"
    "Line 1 is 'allow' or 'deny', line 2 'rule: FILE:LINE: TEXT' or 'rule: none', line 3\n"
    "of a denial 'errno: NAME'. Names are looked up in map rules first: 'mapped: FROM -> TO\n"
    "by FILE:LINE'. Rules that may break an allowed call: 'inject: FILE:LINE: TEXT'.\n"
    "Exit status: 0 allowed, 1 denied, 125 on errors.\n"
    "\n"
    "  sunshim explain web.policy bind family=unix type=dgram addr=auto\n";

enum { QUESTIONS_MAX = 256, NEAREST_MAX = 3 };

struct explanation {
    struct options options;
    struct loaded layers[LAYERS_MAX];
    unsigned layer_count;
    struct asked asked[QUESTIONS_MAX];
    int asked_count;
    const char *foreign; /* the profile of a record that no policy has */
    const char *mapped;  /* what map rules made of the names, as lines */
};

/* --- One answer --------------------------------------------------------- */

/* A rule's text on one line. */
static void print_rule_text(const struct policy_rule_info *info)
{
    bool blank = false;

    for (size_t i = 0; i < info->text_len; i++) {
        unsigned char c = (unsigned char)info->text[i];

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            blank = i > 0;
            continue;
        }
        if (blank)
            putchar(' ');
        blank = false;
        putchar(c < ' ' || c == 0x7f ? '?' : c);
    }
}

/* A file's name may hold anything; an answer's line stays one. */
static void print_name(const char *name)
{
    for (; *name; name++)
        putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
}

static void print_rule(const char *head, const struct policy *p, uint32_t rule, const char *tail)
{
    struct policy_rule_info info;

    if (rule == POLICY_RULE_NONE || !policy_rule(p, rule, &info)) {
        printf("%s: none\n", head);
        return;
    }
    printf("%s: ", head);
    print_name(info.file);
    printf(":%u: ", info.line);
    print_rule_text(&info);
    printf("%s\n", tail);
}

static void print_line(const char *head, const char *name, const char *tail)
{
    fputs(head, stdout);
    print_name(name);
    puts(tail);
}

static bool allows(const struct policy_verdict *v)
{
    return v->outcome != POLICY_DENIED && v->outcome != POLICY_QUIET;
}

static bool not_given(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_UNKNOWN && !a->bytes;
}

/* Of the sockets' addresses: why a condition on one does not hold. */
static const char *address_reason(const struct policy_addr *a, bool peer)
{
    if (a->kind != POLICY_ADDR_UNKNOWN)
        return peer ? "the peer's address does not match" : "the own address does not match";
    if (not_given(a))
        return peer ? "it has a condition on the peer's address, and none was given"
                    : "it has a condition on the own address, and none was given";
    return peer ? "it has a condition on the peer's address, which is not known here"
                : "it has a condition on the own address, which is not known here";
}

static const char *scope_reason(enum policy_scope bound)
{
    return bound == POLICY_SCOPE_INSIDE    ? "the peer's socket was bound inside this run"
           : bound == POLICY_SCOPE_OUTSIDE ? "the peer's socket was bound outside this run"
                                           : "it has a scope=, and who bound the peer's socket is not known";
}

static const char *fd_reason(const struct policy_query *q)
{
    return q->exempt   ? "only rules with its fd= are about this descriptor"
           : q->fd < 0 ? "it has an fd=, and none was given"
                       : "another fd=";
}

static const char *reason(enum policy_miss miss, const struct policy_query *q)
{
    switch (miss) {
    case POLICY_MISS_PERM:
        return "another permission";
    case POLICY_MISS_TYPE:
        return q->type < 0 ? "it has a type=, and none was given" : "another type=";
    case POLICY_MISS_PROTOCOL:
        return q->protocol < 0 ? "it has a protocol, and none was given" : "another protocol";
    case POLICY_MISS_LOCAL:
        return address_reason(&q->local, false);
    case POLICY_MISS_PEER:
        return address_reason(&q->peer, true);
    case POLICY_MISS_LABEL:
        return q->label ? "the peer's label does not match" : "it has a label=, and the peer's is not known";
    case POLICY_MISS_SCOPE:
        return scope_reason(q->bound);
    case POLICY_MISS_UID:
        return q->uid_known ? "the peer has another uid" : "it has a uid=, and the peer's is not known";
    case POLICY_MISS_EXE:
        return q->exe ? "the peer's executable does not match" : "it has an exe=, and the peer's is not known";
    case POLICY_MISS_FD:
        return fd_reason(q);
    default:
        return "another family";
    }
}

/* The allow rules that come nearest: all conditions before the one that fails
 * hold. A rule about another family is not near. */
static void print_nearest(const struct policy *p, const struct policy_query *q)
{
    enum policy_miss best = POLICY_MISS_FAMILY;
    struct policy_rule_info info;
    unsigned shown = 0;

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < policy_rule_count(p) && shown < NEAREST_MAX; i++) {
            if (!policy_rule_active(p, i) || !policy_rule(p, i, &info) || info.deny)
                continue;
            enum policy_miss miss = policy_rule_miss(p, i, q);
            char tail[96];

            if (pass == 0 && miss > best)
                best = miss;
            if (pass == 0 || miss != best || best == POLICY_MISS_FAMILY)
                continue;
            snprintf(tail, sizeof tail, " (%s)", reason(miss, q));
            print_rule("nearest", p, i, tail);
            shown++;
        }
    if (!shown)
        puts("nearest: none");
}

static bool is_ip(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

/* The key of the port that the answer may hang on and that was not given. */
static const char *port_missing(const struct policy_query *q, const struct asked *a)
{
    if (q->perm & POLICY_PEER_PERMS)
        return is_ip(&q->peer) && !a->peer_port ? "peer_port" : NULL;
    return is_ip(&q->local) && !a->local_port ? "port" : NULL;
}

static void print_hint(const struct policy_query *q, const struct asked *a, const struct policy_verdict *v)
{
    char room[4 * POLICY_NAME_MAX + 256];
    struct text t = text_into(room, sizeof room);

    if (v->explicit_deny) {
        puts("hint: no allow rule can override a deny; remove or narrow that rule");
        return;
    }
    if (!policy_hint(&t, q) || t.full)
        return;
    char *hint = text_done(&t), *zero = strstr(hint, " port=0");
    if (zero && port_missing(q, a)) /* nobody asked for port 0 */
        memmove(zero, zero + 7, strlen(zero + 7) + 1);
    printf("hint: add: %s\n", hint);
}

static void print_unknown_peer(uint32_t needs, const struct policy_query *q)
{
    if (needs & POLICY_NEEDS_BOUND && !q->bound)
        puts("note: rules ask who bound the peer's socket; peer_scope= was not given");
    if (needs & POLICY_NEEDS_MADE && !q->made)
        puts("note: rules ask who created the peer's socket; peer_made= was not given");
    if (needs & POLICY_NEEDS_LABEL && !q->label)
        puts("note: rules ask for the peer's label; peer_label= was not given");
    if (needs & POLICY_NEEDS_UID && !q->uid_known)
        puts("note: rules ask for the peer's uid; peer_uid= was not given");
    if (needs & POLICY_NEEDS_EXE && !q->exe)
        puts("note: rules ask for the peer's executable; peer_exe= was not given");
}

static void print_unknown(const struct policy *p, const struct policy_query *q)
{
    uint32_t needs = policy_needs(p, q->perm, q->family);

    if (needs & POLICY_NEEDS_TYPE && q->type < 0)
        puts("note: rules ask for the type; type= was not given");
    if (needs & POLICY_NEEDS_PROTOCOL && q->protocol < 0)
        puts("note: rules ask for the protocol; protocol= was not given");
    if (needs & POLICY_NEEDS_LOCAL && not_given(&q->local))
        printf("note: rules ask for the own address; %s= was not given\n", q->family == AF_UNIX ? "addr" : "ip");
    if (needs & POLICY_NEEDS_PEER && not_given(&q->peer))
        printf("note: rules ask for the peer's address; %s= was not given%s\n",
               q->family == AF_UNIX ? "peer_addr" : "peer_ip",
               not_given(&q->local) ? "" : " (what was given is the own address)");
    print_unknown_peer(needs, q);
    if (q->perm == POLICY_INHERIT && q->fd < 0)
        puts("note: fd= was not given");
}

/* An inherited socket goes by without a rule about it. */
static void print_free_inherit(const struct policy *p, const struct policy_query *q)
{
    if (!policy_mediates_inherit(p))
        puts("note: no rule names inherit: every inherited socket is allowed");
    else if (q->exempt)
        puts("note: only rules with its fd= are about this descriptor");
}

static bool breaks(const struct policy *p, const struct policy_query *q, const struct policy_inject *which)
{
    const struct policy_inject *rule;
    uint32_t at = 0;

    while ((rule = policy_inject_next(p, q, &at)) && rule != which)
        ;
    return rule != NULL;
}

/* What every layer allows, rules may break. */
static void print_injects(const struct explanation *e, const struct policy_query *q)
{
    struct policy_query pair = *q;
    const struct policy_inject *rule;

    pair.pair = q->perm == POLICY_CREATE;
    for (unsigned i = 0; i < e->layer_count; i++) {
        const struct policy *p = &e->layers[i].policy;

        for (uint32_t n = 0; (rule = policy_inject(p, n)); n++)
            if (breaks(p, q, rule))
                print_rule("inject", p, rule->rule, "");
            else if (breaks(p, &pair, rule))
                print_rule("inject", p, rule->rule, " (socketpair)");
    }
}

/* The layer that decides: the outermost that denies, else the first. */
static unsigned decide(struct explanation *e, const struct policy_query *q, struct policy_verdict *v)
{
    unsigned first = 0;

    policy_decide(&e->layers[0].policy, q, v);
    for (unsigned i = 1; i < e->layer_count && allows(v); i++) {
        struct policy_verdict next;

        policy_decide(&e->layers[i].policy, q, &next);
        if (allows(&next))
            continue;
        *v = next;
        first = i;
    }
    return first;
}

static int answer(struct explanation *e, const struct asked *a, const struct policy_query *q)
{
    const char *port = port_missing(q, a);
    struct policy_verdict v;
    unsigned layer = decide(e, q, &v);
    const struct policy *p = &e->layers[layer].policy;
    bool allowed = allows(&v);

    puts(allowed ? "allow" : "deny");
    print_rule("rule", p, v.rule, "");
    if (!allowed)
        printf("errno: %s\n", policy_errno_name(v.err) ? policy_errno_name(v.err) : "unknown");
    else
        print_injects(e, q);
    if (e->asked_count > 1 || e->asked[0].perms & (e->asked[0].perms - 1))
        printf("operation: %s\n", policy_perm_name(q->perm));
    if (e->layer_count > 1)
        print_line("layer: ", e->layers[layer].path, "");
    if (strcmp(policy_profile_name(p), "-"))
        print_line("profile: ", policy_profile_name(p), "");
    fputs(e->mapped, stdout);
    if (e->foreign)
        print_line("note: the record's profile '", e->foreign, "' is not in the policy; it was asked without");
    if (v.outcome == POLICY_COMPLAIN)
        printf("note: the profile complains: without that, %s\n", policy_errno_name(v.err));
    if (v.outcome == POLICY_QUIET)
        puts("note: denied without a record");
    if (port && policy_needs(p, q->perm, q->family) & (POLICY_NEEDS_LOCAL | POLICY_NEEDS_PEER))
        printf("note: %s= was not given; asked about port 0\n", port);
    if (allowed && q->perm == POLICY_INHERIT && v.rule == POLICY_RULE_NONE)
        print_free_inherit(p, q);
    if (!allowed && !v.explicit_deny)
        print_nearest(p, q);
    if (!allowed) {
        print_unknown(p, q);
        print_hint(q, a, &v);
    }
    return allowed ? 0 : 1;
}

/* --- The command line ---------------------------------------------------- */

/* Rules have a comma at their end or a blank in them; names of policies rarely. */
static bool is_rule(const char *operand)
{
    size_t len = strlen(operand);

    return (len && operand[len - 1] == ',') || (strpbrk(operand, " \t\n") && access(operand, F_OK));
}

static int ask_key(struct asked *a, const char *operand)
{
    const char *equals = strchr(operand, '=');
    char *key = format_new("%.*s", equals ? (int)(equals - operand) : 0, operand);
    char *value = format_new("%s", equals ? equals + 1 : "");
    size_t len = strlen(value);
    long plain;

    if (!equals)
        return usage_error("explain", "'%s' is not KEY=VALUE", operand);
    if (strcmp(key, "addr") && strcmp(key, "peer_addr"))
        return asked_set(a, key, value, len);
    if ((plain = unescape(value, len)) < 0)
        return fail("%s: \\x needs two hexadecimal digits", operand);
    return asked_set(a, key, value, (size_t)plain);
}

static int ask_keys(struct explanation *e, char **operands)
{
    int status = 0;

    e->asked_count = 1;
    for (; *operands && !status; operands++)
        status = ask_key(&e->asked[0], *operands);
    return status;
}

static int nothing_asked(char **operands)
{
    static const char *const words[] = {"create",  "bind",    "autobind", "listen", "accept", "connect", "send",
                                        "receive", "getattr", "setattr",  "getopt", "setopt", "shutdown", "inherit", NULL};

    for (; *operands; operands++) {
        const char *near = strchr(*operands, '/') ? NULL : suggest(*operands, words);

        if (near)
            return usage_error("explain", "no operation given; is '%s' meant to be '%s'?", *operands, near);
    }
    return usage_error("explain", "no operation given");
}

/* What the operands ask; those before it are policies. */
static int understand(struct explanation *e, char **operands)
{
    struct asked first = asked_nothing();
    char **at = operands;

    for (; *at; at++) {
        e->asked[0] = first;
        if (!strcmp(*at, "-") && !at[1]) {
            e->asked_count = 1;
            return asked_from_record(&e->asked[0], stdin);
        }
        if (is_rule(*at) && !at[1])
            return (e->asked_count = asked_from_rule(&e->options, *at, e->asked, QUESTIONS_MAX)) < 0 ? EXIT_SUNSHIM
                                                                                                    : 0;
        if (!strchr(*at, '/') && asked_operation(&e->asked[0], *at, strlen(*at)))
            return ask_keys(e, at + 1);
        if (options_add(&e->options, SOURCE_OPERAND, *at))
            return EXIT_SUNSHIM;
    }
    return nothing_asked(operands);
}

/* A record was written where other profiles were loaded: what it asks can be
 * answered all the same. A name that was typed is a mistake. */
static int choose_profile(struct explanation *e, const struct asked *a)
{
    const char *name = a->profile ? a->profile : e->options.profile;

    e->foreign = NULL;
    if (a->recorded && a->profile && !load_has(e->layers, e->layer_count, a->profile)) {
        e->foreign = a->profile;
        name = e->options.profile;
    }
    return load_select(e->layers, e->layer_count, a->exe, name);
}

static int ask(struct explanation *e, const struct asked *a, bool *first)
{
    int worst = 0;

    if (choose_profile(e, a))
        return EXIT_SUNSHIM;
    for (uint32_t perm = 1; perm < 1u << POLICY_PERM_COUNT; perm <<= 1) {
        struct policy_query q;

        if (!(a->perms & perm))
            continue;
        if (asked_query(a, perm, &q))
            return EXIT_SUNSHIM;
        if (!*first)
            putchar('\n');
        *first = false;
        e->mapped = explain_map(e->layers, e->layer_count, &q);
        worst |= answer(e, a, &q);
    }
    return worst;
}

static int explain(int argc, char **argv)
{
    static struct explanation e;
    bool first = true;
    int status = options_read(&e.options, USE_EXPLAIN, argc, argv), worst = 0;

    if (status)
        return status < 0 ? 0 : status;
    if ((status = understand(&e, argv + e.options.rest)))
        return status;
    if (!(e.layer_count = e.options.source_count))
        return usage_error("explain", "no policy given");
    if (load_all(&e.options, POLICY_INPUT_KEEP_TEXT, e.layers))
        return EXIT_SUNSHIM;
    for (int i = 0; i < e.asked_count && worst != EXIT_SUNSHIM; i++)
        worst = (status = ask(&e, &e.asked[i], &first)) == EXIT_SUNSHIM ? EXIT_SUNSHIM : worst | status;
    return worst;
}

const struct command explain_command = {"explain", "say whether a policy allows a call, and why", usage, explain};
