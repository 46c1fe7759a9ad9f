/* The decision table, asked of the matcher, of `sunshim explain`, and of the
 * library preloaded into a program that performs each row. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "tests/e2e/harness.h"
#include "tests/tables/table.h"

enum { LEAST_ROWS = 250, MOST_NOT_LIVE = 10 };

/* Every wrong row is reported, not only the first. */
static struct {
    char text[8000];
    size_t used;
    int count;
} wrong;

__attribute__((format(printf, 2, 3))) static void complain(const struct row *r, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    wrong.count++;
    if (wrong.used < sizeof wrong.text - 1000) {
        char *at = wrong.text + wrong.used;
        int n = snprintf(at, 400, "decisions.txt:%d: %s %s %s %s %s: expected %s %s rule %d, ", r->line, r->operation,
                         r->family, r->type, r->local, r->peer, r->verdict, r->err, r->rule);
        n += vsnprintf(at + n, 400, format, ap);
        at[n++] = '\n';
        wrong.used += (size_t)n;
    }
    va_end(ap);
}

static void report_wrong(const char *who)
{
    cr_assert(!wrong.count, "%s differs in %d rows\n%.*s", who, wrong.count, (int)wrong.used, wrong.text);
}

static const struct table *the_table(void)
{
    struct run probe = run("printf %s \"$(readlink -f \"$P/probe\")\"");
    return table_read(TEST_TOP "/tests/tables/decisions.txt", scratch(), probe.out);
}

Test(decisions, the_table_is_large_and_live)
{
    const struct table *t = the_table();
    int not_live = 0;
    for (int i = 0; i < t->row_count; i++)
        not_live += t->rows[i].not_live != NULL;
    cr_assert(t->row_count >= LEAST_ROWS, "only %d rows", t->row_count);
    cr_assert(not_live <= MOST_NOT_LIVE, "%d rows cannot be performed", not_live);
}

/* --- The matcher ------------------------------------------------------------- */

static void *more(void *ctx, size_t *size)
{
    (void)ctx;
    *size = *size < 65536 ? 65536 : *size;
    return calloc(1, *size);
}

static void show_diag(void *ctx, const struct policy_diag *d)
{
    (void)ctx;
    fprintf(stderr, "%s:%u:%u: %s\n", d->file, d->line, d->column, d->message);
}

static struct policy_addr address_of(int family, const char *spec)
{
    static unsigned char bytes[2][16];
    static int turn;
    unsigned char *b = bytes[turn ^= 1];
    bool six = family == AF_INET6;
    if (!strcmp(spec, "-"))
        return (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    if (!strcmp(spec, "none") || !strcmp(spec, "auto"))
        return (struct policy_addr){.kind = *spec == 'n' ? POLICY_ADDR_NONE : POLICY_ADDR_AUTO};
    if (family == AF_UNIX)
        return (struct policy_addr){.kind = *spec == '@' ? POLICY_ADDR_ABSTRACT : POLICY_ADDR_PATHNAME,
                                    .bytes = spec + (*spec == '@'),
                                    .len = (uint32_t)strlen(spec + (*spec == '@'))};
    if (family != AF_INET && !six)
        return (struct policy_addr){.kind = POLICY_ADDR_OTHER};
    const char *colon = strrchr(spec, ':');
    char *host = text("%.*s", (int)(colon - spec) - 2 * six, spec + six);
    cr_assert(inet_pton(family, host, b) == 1, "bad address %s", spec);
    return (struct policy_addr){.kind = six ? POLICY_ADDR_INET6 : POLICY_ADDR_INET,
                                .port = (uint16_t)atoi(colon + 1), .len = six ? 16 : 4, .bytes = b};
}

static enum policy_scope scope_of(const char *word)
{
    return !word ? POLICY_SCOPE_UNKNOWN : !strcmp(word, "inside") ? POLICY_SCOPE_INSIDE : POLICY_SCOPE_OUTSIDE;
}

static void add_facts(struct policy_query *q, const struct row *r)
{
    const char *label = row_fact(r, "peer_label"), *uid = row_fact(r, "peer_uid"), *fd = row_fact(r, "fd");
    const char *exempt = row_fact(r, "exempt");
    q->bound = scope_of(row_fact(r, "peer_scope"));
    q->made = scope_of(row_fact(r, "peer_made"));
    q->label = label ? label : q->bound == POLICY_SCOPE_INSIDE ? NULL : "unconfined";
    q->uid_known = uid != NULL;
    q->uid = uid ? (uint32_t)atoi(uid) : 0;
    q->exe = row_fact(r, "peer_exe");
    q->fd = fd ? atoi(fd) : -1;
    q->exempt = exempt ? !strcmp(exempt, "yes") : q->fd >= 0 && q->fd <= 2;
}

/* Names are mapped before they are judged, here as in the library. Whose file a passed descriptor is open on,
 * only the library can see. */
static void map_name(const struct policy *p, struct policy_addr *a)
{
    static char names[2][4096];
    static int turn;
    char *name = names[turn ^= 1];
    long len = a->kind == POLICY_ADDR_PATHNAME ? policy_map(p, a->bytes, a->len, name, sizeof names[0]) : 0;
    if (len > 0)
        *a = (struct policy_addr){.kind = *name == '/' ? POLICY_ADDR_PATHNAME : POLICY_ADDR_UNKNOWN, .bytes = name, .len = (uint32_t)len};
}

static struct policy_query query_of(const struct policy *p, const struct row *r)
{
    int family = policy_family_word(r->family, strlen(r->family));
    struct policy_query q = {
        .perm = (uint32_t)policy_perm_word(r->operation, strlen(r->operation)),
        .family = family,
        .type = policy_type_word(r->type, strlen(r->type)),
        .protocol = atoi(r->protocol),
        .local = address_of(family, r->local),
        .peer = address_of(family, r->peer),
    };
    map_name(p, &q.local);
    map_name(p, &q.peer);
    add_facts(&q, r);
    return q;
}

static const char *outcome_name(enum policy_outcome outcome)
{
    static const char *const names[] = {"allow", "audit", "complain", "deny", "quiet"};
    return names[outcome];
}

/* Which of several rules allowed may differ where nobody is told. */
static void compare(const struct row *r, const struct policy *p, const struct policy_verdict *v, const char *when,
                    bool whichever)
{
    struct policy_rule_info info = {.line = 0};
    if (v->rule != POLICY_RULE_NONE)
        cr_assert(policy_rule(p, v->rule, &info), "rule %u is not in the policy", v->rule);
    const char *err = v->outcome >= POLICY_DENIED ? policy_errno_name(v->err) : "-";
    if (strcmp(outcome_name(v->outcome), r->verdict) || strcmp(err ? err : "?", r->err) ||
        ((int)info.line != r->rule && !(whichever && v->outcome == POLICY_ALLOWED)))
        complain(r, "%s %s %s rule %u", when, outcome_name(v->outcome), err, info.line);
}

/* Facts that policy_needs() does not ask for must not matter. */
static void forget_unneeded(struct policy_query *q, uint32_t needs)
{
    if (!(needs & POLICY_NEEDS_TYPE))
        q->type = -1;
    if (!(needs & POLICY_NEEDS_PROTOCOL))
        q->protocol = -1;
    if (!(needs & POLICY_NEEDS_LABEL))
        q->label = NULL;
    if (!(needs & POLICY_NEEDS_BOUND))
        q->bound = POLICY_SCOPE_UNKNOWN;
    if (!(needs & POLICY_NEEDS_MADE))
        q->made = POLICY_SCOPE_UNKNOWN;
    if (!(needs & POLICY_NEEDS_UID))
        q->uid_known = false;
    if (!(needs & POLICY_NEEDS_EXE))
        q->exe = NULL;
    struct policy_addr *addrs[] = {&q->local, &q->peer};
    const uint32_t whole[] = {POLICY_NEEDS_LOCAL, POLICY_NEEDS_PEER};
    const uint32_t path[] = {POLICY_NEEDS_LOCAL_PATH, POLICY_NEEDS_PEER_PATH};
    for (int i = 0; i < 2; i++)
        if (!(needs & whole[i]))
            *addrs[i] = (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
        else if (!(needs & path[i]) && addrs[i]->kind == POLICY_ADDR_PATHNAME)
            addrs[i]->bytes = NULL, addrs[i]->len = 0;
}

static void ask_matcher(const struct table *t, const struct section *s, const struct policy *p)
{
    for (int i = s->first; i < s->first + s->rows; i++) {
        struct policy_query q = query_of(p, &t->rows[i]);
        struct policy_verdict v;
        policy_decide(p, &q, &v);
        compare(&t->rows[i], p, &v, "got", false);
        forget_unneeded(&q, policy_needs(p, q.perm, q.family));
        policy_decide(p, &q, &v);
        compare(&t->rows[i], p, &v, "with needed facts alone got", true);
    }
}

static void compile_and_ask(const struct table *t, const struct section *s)
{
    struct arena arena = {.more = more};
    struct policy_input in = {.name = "decisions.policy", .text = s->policy, .len = strlen(s->policy),
                              .flags = POLICY_INPUT_KEEP_TEXT, .report = show_diag};
    struct policy p;
    const void *blob;
    size_t len;
    if (policy_compile(&in, &arena, &blob, &len)) {
        complain(&t->rows[s->first], "'%s' does not compile", s->sentence);
        return;
    }
    cr_assert(policy_open(&p, blob, len) == 0, "'%s' is not valid", s->sentence);
    cr_assert(policy_select(&p, "/usr/bin/probe", s->profile) == 0, "'%s': no profile", s->sentence);
    ask_matcher(t, s, &p);
}

Test(decisions, by_the_matcher)
{
    const struct table *t = the_table();
    for (int i = 0; i < t->section_count; i++)
        compile_and_ask(t, &t->sections[i]);
    report_wrong("the matcher");
}

/* --- sunshim explain ------------------------------------------------------------ */

static const char *explain_address(bool is_unix, const char *unix_key, const char *inet_key, const char *spec)
{
    if (is_unix && strcmp(spec, "-"))
        return text("'%s=%s'", unix_key, spec);
    const char *colon = strrchr(spec, ':');
    if (!colon)
        return "";
    bool six = *spec == '[';
    return text("%caddr=%.*s %cport=%s", *inet_key, (int)(colon - spec) - 2 * six, spec + six, *inet_key, colon + 1);
}

static void append_explain(FILE *script, const struct section *s, const struct row *r)
{
    bool is_unix = !strcmp(r->family, "unix");
    fprintf(script, "set +e; \"$SUNSHIM\" explain %s%s p%d.policy %s family=%s type=%s protocol=%s %s %s",
            s->profile ? "--profile " : "", s->profile ? s->profile : "", s->first, r->operation, r->family, r->type,
            r->protocol, explain_address(is_unix, "addr", "laddr", r->local),
            explain_address(is_unix, "peer_addr", "faddr", r->peer));
    fprintf(script, " %s >out 2>&1; echo \"row %d $? $(tr '\\n' ' ' <out)\"\n", r->facts, r->number);
}

static void check_explained(const struct row *r, const char *out)
{
    char *line = strstr(out, text("row %d ", r->number));
    if (!line) {
        complain(r, "no answer");
        return;
    }
    char *answer = text("%.*s", (int)strcspn(line, "\n"), line), word[32] = "";
    int status = -1;
    sscanf(answer, "row %*d %d %31[a-z]", &status, word);
    const char *rule = r->rule ? text(".policy:%d", r->rule) : NULL;
    if (strcmp(word, row_denied(r) ? "deny" : "allow") || status != row_denied(r) ||
        (rule && !strstr(answer, text("%s:", rule)) && !strstr(answer, text("%s ", rule))))
        complain(r, "explain says: %.250s", answer);
    if (row_denied(r) && strcmp(r->err, "EACCES") && !strstr(answer, r->err))
        complain(r, "explain does not name %s: %.250s", r->err, answer);
}

Test(decisions, by_explain, .timeout = 120)
{
    const struct table *t = the_table();
    for (int i = 0; i < t->section_count; i++) {
        const struct section *s = &t->sections[i];
        put(text("p%d.policy", s->first), s->policy);
        char *script;
        size_t len;
        FILE *f = open_memstream(&script, &len);
        for (int j = s->first; j < s->first + s->rows; j++)
            append_explain(f, s, &t->rows[j]);
        fclose(f);
        struct run r = run(script);
        for (int j = s->first; j < s->first + s->rows; j++)
            check_explained(&t->rows[j], r.out);
    }
    report_wrong("explain");
}

/* --- Live -------------------------------------------------------------------------- */

/* What was written to stderr while row `number` was performed. */
static char *records_of(const char *err, int number)
{
    char *mark = text("row %d\n", number), *at = strstr(err, mark);
    if (!at)
        return NULL;
    at += strlen(mark);
    char *end = strstr(at - 1, "\nrow ");
    return text("%.*s", end ? (int)(end + 1 - at) : (int)strlen(at), at);
}

static bool result_of(const char *out, int number, long *ret, char *err)
{
    for (const char *at = out; (at = strstr(at, text("%d ", number))); at++)
        if (at == out || at[-1] == '\n')
            return sscanf(at, "%*d %ld %31s", ret, err) == 2;
    return false;
}

static void check_live_denial(const struct row *r, const char *records, long ret, const char *err)
{
    bool later = !strcmp(r->operation, "accept") || !strcmp(r->operation, "receive");
    bool cut = !strcmp(r->operation, "inherit") && !strcmp(err, "CUT");
    if (ret != -1 || (strcmp(err, r->err) && !(later && !strcmp(err, "EAGAIN")) && !cut))
        complain(r, "the call gave %ld %s", ret, err);
    int denials = lines_with(records, "sunshim=\"DENIED\"", NULL);
    if (denials != row_recorded(r))
        complain(r, "%d records: %.300s", denials, records);
    if (!denials)
        return;
    char *record = record_line(records, 0), *rule = record_value(record, "rule"), *e = record_value(record, "errno");
    const char *op = record_value(record, "requested");
    const char *wanted = r->rule ? text(".policy:%d", r->rule) : "none";
    size_t tail = rule ? strlen(rule) - (strlen(rule) < strlen(wanted) ? strlen(rule) : strlen(wanted)) : 0;
    if (!rule || strcmp(rule + tail, wanted) || !e || strcmp(e, r->err) || !op || strcmp(op, r->operation))
        complain(r, "the record is %.300s", record);
}

static void check_live(const struct row *r, const struct run *run)
{
    long ret;
    char err[32], *records = records_of(run->err, r->number);
    if (!records || !result_of(run->out, r->number, &ret, err)) {
        complain(r, "it was not performed: %.200s", run->err);
        return;
    }
    if (row_denied(r)) {
        check_live_denial(r, records, ret, err);
        return;
    }
    if (ret < 0 && (!strcmp(err, "EACCES") || !strcmp(err, "EPERM")))
        complain(r, "the call gave %ld %s; %.300s", ret, err, records);
    if (lines_with(records, "sunshim=\"DENIED\"", NULL))
        complain(r, "it was recorded: %.300s", records);
    if (lines_with(records, "sunshim=\"AUDIT\"", NULL) != row_recorded(r))
        complain(r, "audit records: %.300s", records);
}

static const char *rows_for_probe(const struct table *t, const struct section *s)
{
    char *rows;
    size_t len;
    FILE *f = open_memstream(&rows, &len);
    for (int i = s->first; i < s->first + s->rows; i++) {
        const struct row *r = &t->rows[i];
        if (!r->not_live)
            fprintf(f, "%d %s %s %s %s %s %s %s\n", r->number, r->operation, r->family, r->type, r->protocol, r->local,
                    r->peer, r->facts);
    }
    fclose(f);
    return rows;
}

Test(decisions, live, .timeout = 120)
{
    const struct table *t = the_table();
    for (int i = 0; i < t->section_count; i++) {
        const struct section *s = &t->sections[i];
        put("rows", rows_for_probe(t, s));
        const char *profile = s->profile ? text("SUNSHIM_PROFILE=%s", s->profile) : "";
        struct run r = preloaded(s->policy, text("flock \"$TOP/tests\" env %s \"$P/probe\" <rows", profile));
        for (int j = s->first; j < s->first + s->rows; j++)
            if (!t->rows[j].not_live)
                check_live(&t->rows[j], &r);
    }
    report_wrong("the library");
}
