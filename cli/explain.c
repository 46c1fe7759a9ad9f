/* sunshim explain: what a policy says to a call, by which rule, and why not. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "explain.h"
#include "explain_map.h"

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
        worst |= explain_answer(e, a, &q);
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
