#include "findings.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "told.h"
#include "unseen.h"

struct finding {
    enum verdict_kind kind;
    enum verdict_result result;
    char *name, *message, *line; /* line: the first record */
    uint64_t times;
    struct finding *next;
};

static int compare(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind) : strcmp(x->name, y->name);
}

/* --- What a record is about --------------------------------------------------- */

/* A name as a word of a sentence. */
static char *quoted(const struct record *r, const char *key)
{
    const struct field *f = record_field(r, key);

    return f ? told_quoted(f->value, f->len) : NULL;
}

static void fill_decision(struct finding *f, const struct record *r, bool denied)
{
    char *call = told_call(r), *program = told_program(r), *who = told_who(r);
    const char *rule = record_text(r, "rule");
    bool none = !*rule || !strcmp(rule, "none");
    const char *verb = denied ? "was denied" : "would have been denied";

    f->kind = VERDICT_DENIED;
    f->result = denied ? VERDICT_FAILED : VERDICT_TOLD;
    f->name = format_new("%s by %s%s%s%s", call, program, none ? "" : " (", none ? "" : rule, none ? "" : ")");
    f->message = none ? format_new("%s: %s %s with %s: no rule allows it", who, call, verb, record_text(r, "errno"))
                      : format_new("%s: %s %s with %s by %s", who, call, verb, record_text(r, "errno"), rule);
    free(call), free(program), free(who);
}

static void fill_leak(struct finding *f, const struct record *r)
{
    char *address = told_address(r, false), *program = told_program(r), *who = told_who(r), *maker = told_word(r, "origin_comm");

    f->kind = VERDICT_LEAKED;
    f->name = format_new("%s socket %s%s%s inherited by %s", record_text(r, "family"), address ? address : "without a name",
                         maker ? " of " : "", maker ? maker : "", program);
    f->message = format_new("%s inherited descriptor %" PRId64 ", a socket that was not meant for it", who,
                            record_number(r, "fd", -1));
    free(address), free(program), free(who), free(maker);
}

static void fill_cut(struct finding *f, const struct record *r)
{
    char *intended = quoted(r, "intended"), *program = told_program(r), *who = told_who(r);

    f->kind = VERDICT_CUT;
    f->name = format_new("%s %s by %s", record_text(r, "operation"), intended, program);
    f->message = format_new("%s has cut this name to fit: %s", who, intended);
    free(intended), free(program), free(who);
}

static void fill_unseen(struct finding *f, const struct record *r)
{
    char *name = quoted(r, "name");

    f->kind = VERDICT_UNSEEN;
    f->name = format_new("%s", name ? name : "?");
    f->message = format_new("calls of %s are not seen: %s", name ? name : "?", record_text(r, "info"));
    free(name);
}

/* False: nothing went wrong. */
static bool fill(struct finding *f, const struct options *o, const struct record *r)
{
    f->result = VERDICT_FAILED;
    if (record_is(r, "DENIED") || record_is(r, "ALLOWED"))
        fill_decision(f, r, record_is(r, "DENIED"));
    else if (record_is(r, "LEAK"))
        fill_leak(f, r);
    else if (record_is(r, "HINT") && record_field(r, "intended") && strstr(record_text(r, "hint"), "was cut"))
        fill_cut(f, r);
    else if (record_is(r, "UNSEEN") && !unseen_allowed(o, record_text(r, "name")))
        fill_unseen(f, r);
    else
        return false;
    return true;
}

/* --- All of them ------------------------------------------------------------------ */

static void keep(struct findings *all, const struct finding *one, const char *line, size_t len)
{
    struct finding *f = allocate(sizeof *f);

    *f = *one;
    f->times = 1;
    f->line = format_new("%.*s", (int)(len && line[len - 1] == '\n' ? len - 1 : len), line);
    if (!tsearch(f, &all->known, compare))
        exit(fail("out of memory"));
    if (!all->last)
        all->last = &all->first;
    *all->last = f;
    all->last = &f->next;
    all->count++;
}

void findings_see(struct findings *all, const struct options *o, const struct record *r, const char *line, size_t len)
{
    struct finding one = {.times = 0}, **known;

    if (record_is(r, "TRACE") || !fill(&one, o, r))
        return;
    known = tfind(&one, &all->known, compare);
    if (!known && all->count < FINDINGS_MAX) {
        keep(all, &one, line, len);
        return;
    }
    if (known)
        (*known)->times++;
    else
        all->unlisted++;
    free(one.name), free(one.message);
}

const char *findings_unseen(const struct findings *all)
{
    for (const struct finding *f = all->first; f; f = f->next)
        if (f->kind == VERDICT_UNSEEN)
            return f->name;
    return NULL;
}

void findings_judge(const struct findings *all, struct verdicts *v)
{
    for (const struct finding *f = all->first; f; f = f->next)
        verdict_add(v, (struct verdict){
            .kind = f->kind, .result = f->result, .name = f->name, .details = f->line,
            .message = f->times > 1 ? format_new("%s (%" PRIu64 " times)", f->message, f->times) : f->message,
        });
    if (all->unlisted)
        verdict_add(v, (struct verdict){
            .kind = VERDICT_OTHER, .result = VERDICT_FAILED,
            .name = format_new("more than %d different findings", FINDINGS_MAX),
            .message = format_new("%" PRIu64 " more are not listed", all->unlisted),
        });
}
