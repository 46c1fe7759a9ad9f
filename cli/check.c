/* sunshim check: everything that can be said about policies without running. */
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cli.h"
#include "coverage.h"
#include "lint.h"

static const char usage[] =
    "Usage: sunshim check [OPTION]... POLICY...\n"
    "Shows errors, warnings and notes of policies.\n"
    "\n"
    "  -p, --policy POLICY   as in sunshim run; POLICY may also stand without -p\n"
    "      --rule RULE       one rule on top of 'allow all,'\n"
    "      --apparmor FILE   an AppArmor profile, with AppArmor's own meaning\n"
    "  -I, --include DIR     look for policies and <includes> here first\n"
    "      --allow NAME      no warnings of this kind: NAME stands behind each, in [];\n"
    "                        `# sunshim: allow NAME` behind a rule is for that rule\n"
    "      --coverage LOG    how often each rule decided in a traced run; again for more logs\n"
    "      --error           warnings are errors\n"
    "  -h, --help            this text\n"
    "\n"
    "A POLICY with a dot or a slash in its name is a file; another one is looked up as\n"
    "in sunshim run. Exit status: 0, 1 when a policy has errors, 125 when it could not\n"
    "be looked at.\n";

/* Denied by a rule is meant so; what is merely not mentioned may be forgotten. */
static bool forgotten(const struct policy *p, int family)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW};
    static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_RAW};
    struct policy_verdict v;

    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        struct policy_query q = {.perm = POLICY_CREATE, .family = family, .type = types[i], .protocol = protocols[i]};

        policy_decide(p, &q, &v);
        if (v.rule != POLICY_RULE_NONE || (v.outcome != POLICY_DENIED && v.outcome != POLICY_QUIET))
            return false;
    }
    return true;
}

static void warn_of_inet(struct lint *l)
{
    struct policy p = l->loaded->policy;
    uint32_t profiles = policy_profile_count(&p);

    /* Where there are profiles, the bare rules alone may well be few. */
    for (p.profile = profiles > 1; p.profile < profiles; p.profile++) {
        const char *in = p.profile ? format_new("profile %s: ", policy_profile_name(&p)) : "";

        if (forgotten(&p, AF_INET) && forgotten(&p, AF_INET6))
            lint_whole(l, WARN_INET,
                       format_new("%sno rule lets inet or inet6 sockets be made, so TCP and UDP are denied; say "
                                  "'network inet,' to allow or 'deny network inet,' to mean it",
                                  in));
    }
}

struct wish {
    unsigned allowed;          /* --allow: bits of enum warning */
    struct coverage *coverage; /* --coverage; NULL: not given */
    bool error;                /* --error */
};

static void print_verdict(const struct loaded *l)
{
    printf("%s: ok, %u rules, %u profiles", l->path, policy_rule_count(&l->policy),
           policy_profile_count(&l->policy) - 1);
    if (l->count.warnings)
        printf(", %u warning%s", l->count.warnings, l->count.warnings == 1 ? "" : "s");
    putchar('\n');
}

static bool is_rule(const void *ctx, const char *file, unsigned line)
{
    const struct lint *l = ctx;

    for (uint32_t i = 0; i < l->set.source_count; i++)
        if (l->set.sources[i].line == line && !strcmp(l->set.sources[i].file, file))
            return true;
    return false;
}

/* Under other policies none of these rules could be used, and in a file that was edited since they
 * have other lines. */
static void doubt_logs(const struct lint *lint, const char *path)
{
    unsigned astray = coverage_astray(lint->coverage, path, is_rule, lint);
    bool own = false;

    if (astray)
        say("check: the logs count %s:%u, where no rule begins: if it was changed since they were made, counts are of other rules",
            path, astray);

    for (uint32_t i = 0; i < lint->set.source_count; i++) {
        const struct rule_source *s = &lint->set.sources[i];

        if (strcmp(s->file, path))
            continue;
        if (coverage_of(lint->coverage, s->file, s->line))
            return;
        own = true;
    }
    if (own && coverage_traced(lint->coverage))
        say("check: the logs name no rule of %s: were they made under it?", path);
}

/* Found, readable and wrong is 1; not found or unreadable is a failure to check. */
static int check_one(const struct options *o, const struct wish *w, const struct source *s)
{
    static struct loaded l;
    static struct lint lint;

    if (load_one(o, s, POLICY_INPUT_NOTES, &l))
        return l.unread ? EXIT_SUNSHIM : 1;
    if (!lint_policy(&lint, &l, w->allowed, w->coverage))
        return fail("%s: out of memory", l.path);
    warn_of_inet(&lint);
    print_verdict(&l);
    if (w->coverage) {
        doubt_logs(&lint, l.path);
        lint_print_coverage(&lint);
    }
    return w->error && l.count.warnings;
}

static const struct own_option own[] = {{"allow", 0, true}, {"coverage", 0, true}, {"error", 0, false}};
enum { ALLOW, COVERAGE, ERROR };

static int allow(struct wish *w, const char *name)
{
    unsigned bit = lint_bit(name, strlen(name));
    const char *near = suggest(name, lint_names);

    w->allowed |= bit;
    if (bit)
        return 0;
    return near ? fail("--allow: there are no warnings '%s'; did you mean '%s'?", name, near)
                : fail("--allow: there are no warnings '%s'", name);
}

static int take(void *ctx, const struct own_option *which, const char *value)
{
    struct wish *w = ctx;

    switch (which - own) {
    case ALLOW:
        return allow(w, value);
    case COVERAGE:
        if (!w->coverage)
            w->coverage = coverage_new();
        return coverage_read(w->coverage, value);
    }
    w->error = true;
    return 0;
}

static int check(int argc, char **argv)
{
    static struct options o;
    struct wish w = {0};
    const struct own_options mine = {.list = own, .count = sizeof own / sizeof *own, .take = take, .ctx = &w};
    int status = options_read_own(&o, USE_CHECK, &mine, argc, argv), worst = 0;

    if (status)
        return status < 0 ? 0 : status;
    for (char **at = argv + o.rest; *at; at++)
        if (options_add(&o, SOURCE_OPERAND, *at))
            return EXIT_SUNSHIM;
    if (!o.source_count)
        return usage_error("check", "no policy given");
    if (w.coverage && !coverage_traced(w.coverage))
        say("check: no calls were traced, so that nothing is known of rules that allow; see run --trace");
    for (unsigned i = 0; i < o.source_count; i++) {
        status = check_one(&o, &w, &o.sources[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct command check_command = {"check", "show what is wrong in policies", usage, check};
