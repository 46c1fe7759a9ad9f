/* What was learned, as a policy that a person can read: above each rule what it is for. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "learn.h"
#include "policy/hint.h"
#include "policy/ip.h"

const char *plain_name(const struct policy_addr *a)
{
    size_t size = 4 * (size_t)a->len + 80;
    char *room = allocate(size);
    struct text t = text_into(room, size);

    if (a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6) {
        text_ip(&t, a->bytes, a->kind == POLICY_ADDR_INET6);
        text_str(&t, " port ");
        text_unsigned(&t, a->port);
    } else if (!policy_hint_name(&t, a)) {
        text_str(&t, "?");
    }
    return text_done(&t);
}

/* A comment ends with its line, and a terminal shows it. */
const char *plain_text(const char *text)
{
    char *out = allocate(4 * strlen(text) + 1), *to = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        to += c >= ' ' && c < 0x7f ? sprintf(to, "%c", c) : sprintf(to, "\\x%02x", c);
    }
    return out;
}

/* --- Above a rule -------------------------------------------------------- */

static int by_program(const void *x, const void *y)
{
    const struct fact *const *a = x, *const *b = y;
    int order = strcmp((*a)->comm, (*b)->comm);

    return order ? order : ((*a)->q.perm > (*b)->q.perm) - ((*a)->q.perm < (*b)->q.perm);
}

static int by_text(const void *x, const void *y)
{
    const char *const *a = x, *const *b = y;

    return strcmp(*a, *b);
}

static const char *word_of(const struct fact *f)
{
    return f->q.perm == POLICY_BIND && f->q.local.kind == POLICY_ADDR_AUTO ? "autobind" : policy_perm_name(f->q.perm);
}

/* One program: what it did how often. The number of facts that are about it. */
static size_t put_program(FILE *to, struct fact *const *facts, size_t count)
{
    size_t i, n = 0;

    for (i = 0; i < count && !strcmp(facts[i]->comm, facts[0]->comm); i += n) {
        uint64_t times = 0;

        for (n = 0; i + n < count && !strcmp(facts[i + n]->comm, facts[0]->comm) && facts[i + n]->q.perm == facts[i]->q.perm; n++)
            times += fact_count(facts[i + n]);
        if (!i)
            fprintf(to, "# %s:", *facts[0]->comm ? plain_text(facts[0]->comm) : "(no name)");
        fprintf(to, "%s %s %llu", i ? "," : "", word_of(facts[i]), (unsigned long long)times);
    }
    fputc('\n', to);
    return i;
}

static void put_programs(FILE *to, const struct learned_rule *r)
{
    unsigned shown = 0, more = 0;

    qsort(r->facts, r->fact_count, sizeof(struct fact *), by_program);
    for (size_t i = 0, n; i < r->fact_count; i += n) {
        if (shown++ < LEARN_PROGRAMS) {
            n = put_program(to, r->facts + i, r->fact_count - i);
            continue;
        }
        for (n = 1; i + n < r->fact_count && !strcmp(r->facts[i + n]->comm, r->facts[i]->comm); n++)
            ;
        more++;
    }
    if (more)
        fprintf(to, "# and %u programs more\n", more);
}

/* An address that the rule does not name as it was. */
static bool is_hidden(const struct learned *l, const struct fact *f, const struct policy_addr *a)
{
    const struct name *n = name_of(l, a);

    if (f->q.perm == POLICY_BIND && a->kind == POLICY_ADDR_AUTO)
        return false;
    if (f->q.family == AF_INET || f->q.family == AF_INET6)
        return strstr(f->rule->tail, "-") && a->port;
    return n ? n->pattern : name_is_auto(a);
}

static void put_examples(FILE *to, const struct learned *l, const struct learned_rule *r)
{
    const char **names = allocate((r->fact_count + 1) * sizeof *names);
    size_t count = 0, shown = 0, all = 0;
    const struct policy_addr *a;

    for (size_t i = 0; i < r->fact_count; i++)
        if (rule_speaks_of(r->facts[i], &a) && is_hidden(l, r->facts[i], a))
            names[count++] = plain_name(a);
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++)
        if (!i || strcmp(names[i], names[i - 1])) {
            if (all++ < LEARN_EXAMPLES)
                fprintf(to, "%s%s", shown++ ? ", " : "# such as ", names[i]);
        }
    if (all > shown)
        fprintf(to, " and %zu more", all - shown);
    if (all)
        fputc('\n', to);
    free(names);
}

static void put_remarks(FILE *to, const struct learned *l, const struct learned_rule *r)
{
    const struct policy_addr *a;
    const struct name *n;

    for (size_t i = 0; i < r->fact_count; i++)
        if (rule_speaks_of(r->facts[i], &a) && (n = name_of(l, a)) && n->refused) {
            fputs("# as it was: a pattern for all that changes in it would be too wide\n", to);
            break;
        }
    if (strstr(r->tail, " addr=none peer=(addr=none)"))
        fputs("# neither end has a name, as of a socketpair\n", to);
    for (size_t i = 0; i < r->fact_count; i++)
        if (!r->facts[i]->lost)
            return;
    fputs("# was not there; without this rule the answer would be another one\n", to);
}

static void put_rule(FILE *to, const struct learned *l, const struct learned_rule *r, bool comments)
{
    if (comments) {
        fputc('\n', to);
        put_programs(to, r);
        put_examples(to, l, r);
        put_remarks(to, l, r);
        if (r->key_to_house)
            fprintf(to, "# sunshim: allow key: it was asked for; %s\n", r->key_to_house);
    }
    rule_write(to, r);
    fputc('\n', to);
}

/* --- Before and after ---------------------------------------------------- */

static unsigned programs(const struct learned *l)
{
    const char **names = allocate((l->fact_count + 1) * sizeof *names);
    unsigned count = 0;

    for (size_t i = 0; i < l->fact_count; i++)
        names[i] = l->facts[i]->comm;
    qsort(names, l->fact_count, sizeof *names, by_text);
    for (size_t i = 0; i < l->fact_count; i++)
        count += !i || strcmp(names[i], names[i - 1]);
    free(names);
    return count;
}

static bool makes_inet(const struct learned *l)
{
    for (size_t i = 0; i < l->fact_count; i++) {
        const struct policy_query *q = &l->facts[i]->q;

        if (q->perm == POLICY_CREATE && (q->family == AF_INET || q->family == AF_INET6))
            return true;
    }
    return false;
}

static void put_head(FILE *to, const struct learned *l, const struct old_policy *old)
{
    unsigned count = programs(l);

    if (old->text)
        fputs("\n# Added by sunshim learn:\n", to);
    else
        fputs("# Learned by sunshim from\n", to);
    fprintf(to, "#     %s\n", plain_text(l->how));
    if (!l->calls)
        return;
    fprintf(to, "# %llu call%s of %u program%s in %u run%s. Each rule is needed there; above it stands who\n"
                "# did what how often.\n",
            (unsigned long long)l->calls, l->calls == 1 ? "" : "s", count, count == 1 ? "" : "s", l->runs, l->runs == 1 ? "" : "s");
    if (!old->text && !makes_inet(l))
        fputs("# sunshim: allow inet: nobody used it, and nobody may\n", to);
}

/* Those that what is extended has not got from here before. */
static void put_variables(FILE *to, const struct learned *l, const char *rules, const struct old_policy *old, bool comments)
{
    const char *line = names_variables(l, rules);
    bool first = comments;

    for (size_t len; *line; line += len) {
        len = strcspn(line, "\n") + 1;
        if (old->text && memmem(old->text, old->len, line, len - 1)) /* whatever ends its lines */
            continue;
        if (first)
            fputs("\n# What changes from run to run: as many bytes as were seen, of numbers at most so many digits.\n", to);
        first = false;
        fwrite(line, 1, len, to);
    }
}

/* Calls that need no rule, but somebody may wonder. */
static void put_lost(FILE *to, const struct learned *l)
{
    const char **names = allocate((l->fact_count + 1) * sizeof *names);
    size_t count = 0;

    for (size_t i = 0; i < l->fact_count; i++) {
        const struct fact *f = l->facts[i];

        if (f->lost && !f->skip && f->rule->dropped)
            names[count++] = format_new("%s: %s %s", plain_text(f->comm), policy_perm_name(f->q.perm),
                                        plain_name(f->q.perm == POLICY_BIND ? &f->q.local : &f->q.peer));
    }
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        if (!i)
            fputs("\n# Not there when it was looked for, which needs no rule:\n", to);
        if (!i || strcmp(names[i], names[i - 1]))
            fprintf(to, "#     %s\n", names[i]);
    }
    free(names);
}

static char *rules_text(const struct learned *l, bool comments)
{
    char *out;
    size_t size;
    FILE *to = open_memstream(&out, &size);

    if (!to)
        exit(fail("out of memory"));
    for (size_t i = 0; i < l->rule_count; i++)
        if (!l->rules[i]->dropped)
            put_rule(to, l, l->rules[i], comments);
    if (comments)
        put_lost(to, l);
    fclose(to);
    return out;
}

/* Lines end as those before them do. */
static void put_lines(FILE *to, const char *text, const struct old_policy *old)
{
    const char *end = old->text ? memchr(old->text, '\n', old->len) : NULL;
    bool returns = end && end > old->text && end[-1] == '\r';

    for (; *text; text++) {
        if (returns && *text == '\n')
            fputc('\r', to);
        fputc(*text, to);
    }
}

static char *new_text(const struct learned *l, const struct old_policy *old, bool comments)
{
    char *out, *rules = rules_text(l, comments);
    size_t size;
    FILE *to = open_memstream(&out, &size);

    if (!to)
        exit(fail("out of memory"));
    if (comments)
        put_head(to, l, old);
    put_variables(to, l, rules, old, comments);
    fputs(rules, to);
    if (comments && !old->text && !l->rule_count)
        fputs("\n# No socket call was seen.\ndeny all,\n", to);
    fclose(to);
    free(rules);
    return out;
}

char *learned_text(const struct learned *l, const struct old_policy *old, bool comments)
{
    char *out, *more = new_text(l, old, comments);
    size_t size;
    FILE *to;

    if (!old->text)
        return more;
    if (!(to = open_memstream(&out, &size)))
        exit(fail("out of memory"));
    fwrite(old->text, 1, old->len, to);
    if (old->len && old->text[old->len - 1] != '\n')
        put_lines(to, "\n", old);
    put_lines(to, more, old);
    fclose(to);
    free(more);
    return out;
}
