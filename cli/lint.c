#include "lint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "coverage.h"

/* What was found out about one rule of the source. */
struct finding {
    struct lint_verdict verdict;
    uint32_t rules, never; /* rules it became; those that match nothing */
    const char *why, *hint; /* of those */
    enum lint_side side, wide_side;
    const char *wide;
    bool is_deny, is_inject;
};

/* --- Reading once more --------------------------------------------------- */

static void note_file(struct lint *l, const char *name, const struct policy_file *file)
{
    l->files = enlarged(l->files, l->file_count * sizeof *l->files, (l->file_count + 1) * sizeof *l->files);
    l->files[l->file_count++] = (struct lint_file){name, file->text, file->len};
}

static int read_noting(void *ctx, const char *path, struct policy_file *out)
{
    struct lint *l = ctx;
    int err = policy_files.read(policy_files.ctx, path, out);

    if (!err)
        note_file(l, format_new("%s", path), out);
    return err;
}

static int list(void *ctx, const char *path, struct policy_file *out)
{
    (void)ctx;
    return policy_files.list(policy_files.ctx, path, out);
}

/* The rules as they were before they were compiled. Everything was said about errors. */
static bool parse(struct lint *l)
{
    struct policy_input in = l->loaded->input;
    struct policy_file top = {in.text, in.len};

    l->reader = (struct policy_files){.ctx = l, .read = read_noting, .list = list};
    l->arena = new_arena;
    l->room = (struct lint_room){.arena = &l->arena};
    in.files = &l->reader;
    in.report = NULL;
    in.flags &= ~(unsigned)POLICY_INPUT_NOTES;
    note_file(l, in.name, &top);
    return !policy_parse(&in, &l->arena, &l->set);
}

/* --- Saying it ----------------------------------------------------------- */

static void emit(struct lint *l, enum policy_severity severity, enum warning w, uint32_t source, enum lint_side side,
                 const char *message, const char *suggestion)
{
    const struct rule_source *s = &l->set.sources[source];
    struct policy_diag d = {.severity = severity, .file = s->file, .line = s->line, .suggestion = suggestion};
    const char *at;
    size_t len;

    if ((l->allowed | lint_allowed_at(l, s)) & 1u << w)
        return;
    lint_condition(s, side, &at, &len);
    lint_place(l, s, &d, at, len);
    d.message = format_new("%s [%s]", message, lint_names[w]);
    diag_print(&l->loaded->count, &d);
}

static void warn(struct lint *l, enum warning w, uint32_t source, enum lint_side side, const char *message,
                 const char *suggestion)
{
    emit(l, POLICY_WARNING, w, source, side, message, suggestion);
}

void lint_whole(struct lint *l, enum warning w, const char *message)
{
    const char *file = l->loaded->input.name;

    if ((l->allowed | lint_allowed_in(l, file)) & 1u << w)
        return;
    diag_file(file, POLICY_WARNING, format_new("%s [%s]", message, lint_names[w]));
    l->loaded->count.warnings++;
}

/* "a:1, b:2 and c:3" */
static const char *others(const struct lint *l, const struct lint_verdict *v)
{
    const char *all = "";

    for (unsigned i = 0; i < v->other_count; i++) {
        const struct rule_source *s = &l->set.sources[v->others[i]];
        const char *before = !i ? "" : i + 1 == v->other_count ? " and " : ", ";

        all = format_new("%s%s%s:%u", all, before, s->file, s->line);
    }
    return all;
}

static void say_verdict(struct lint *l, uint32_t source, const struct finding *f)
{
    const char *names = others(l, &f->verdict);
    const char *s = f->verdict.other_count == 1 ? "s" : "";

    switch (f->verdict.use) {
    case LINT_USED:
        return;
    case LINT_SHADOWED:
        warn(l, WARN_SHADOWED, source, LINT_WHOLE,
             f->verdict.acted ? format_new("never acts: %s act%s on all of this before it", names, s)
             : f->is_inject   ? format_new("never acts: %s den%s all of this", names, *s ? "ies" : "y")
             : f->is_deny ? format_new("never decides: %s den%s all of this before it", names, *s ? "ies" : "y")
                          : format_new("allows nothing: %s den%s all of this", names, *s ? "ies" : "y"),
             NULL);
        return;
    case LINT_DUPLICATE:
        warn(l, WARN_DUPLICATE, source, LINT_WHOLE, format_new("says the same as %s", names), NULL);
        return;
    case LINT_REDUNDANT:
        warn(l, WARN_REDUNDANT, source, LINT_WHOLE,
             f->is_deny ? format_new("changes nothing: %s den%s all of this", names, *s ? "ies" : "y")
                        : format_new("changes nothing: %s allow%s all of this", names, s),
             NULL);
    }
}

static void say_wide(struct lint *l, uint32_t source, const struct finding *f)
{
    const char *what = !strcmp(f->wide, "/")   ? "takes in names in every directory"
                       : !strcmp(f->wide, "@") ? "takes in abstract names of anybody"
                                               : format_new("takes in whatever anybody has in %s", f->wide);

    warn(l, WARN_WIDE, source, f->wide_side, what, "say more of the name, or '# sunshim: allow wide' behind the rule");
}

static void say_keys(struct lint *l, uint32_t source, const struct lint_key *keys, unsigned count)
{
    const struct lint_key *first = NULL;
    const char *more = "";
    unsigned n = 0;

    for (unsigned i = 0; i < count; i++)
        if (keys[i].source == source && n++ == 0)
            first = &keys[i];
    if (!n)
        return;
    if (n > 1)
        more = format_new("; and %u more like it", n - 1);
    warn(l, WARN_KEY, source, LINT_PEER, format_new("opens %s: %s%s", first->name, first->why, more),
         "if that is meant, say '# sunshim: allow key' behind the rule");
}

/* The 'allow all,' behind a rule from the command line (load_rule_text()), which nobody wrote. */
static bool is_ours(const struct lint *l, uint32_t source)
{
    return !strncmp(l->set.sources[source].file, "--rule", 6) && source + 1 == l->set.source_count;
}

static void say_unused(struct lint *l, uint32_t source, const struct finding *f)
{
    const struct rule_source *s = &l->set.sources[source];

    if (coverage_of(l->coverage, s->file, s->line) || is_ours(l, source))
        return;
    if (f->is_inject)
        warn(l, WARN_UNUSED, source, LINT_WHOLE, "acted on no call", NULL);
    else if (f->is_deny)
        emit(l, POLICY_NOTE, WARN_UNUSED, source, LINT_WHOLE, "denied no call", NULL);
    else if (coverage_traced(l->coverage))
        warn(l, WARN_UNUSED, source, LINT_WHOLE, "no call needed this rule", NULL);
}

static void say_rule(struct lint *l, uint32_t source, const struct finding *f, const struct lint_key *keys,
                     unsigned key_count)
{
    if (!f->rules)
        return; /* a map */
    if (f->never == f->rules) {
        warn(l, WARN_NEVER, source, f->side, format_new("never matches: %s", f->why), f->hint);
        return;
    }
    say_verdict(l, source, f);
    if (f->wide)
        say_wide(l, source, f);
    say_keys(l, source, keys, key_count);
    if (l->coverage && f->verdict.use == LINT_USED)
        say_unused(l, source, f);
}

/* --- Finding out --------------------------------------------------------- */

/* create comes off every rule that has an address, and is about none. */
static void look_at(struct lint *l, const struct profile *p, const struct rule *r, struct finding *f)
{
    enum lint_side side = LINT_WHOLE;
    const char *hint = NULL, *why = lint_never(&l->set, p, r, &side);

    if (!why)
        why = lint_link(r, &side, &hint);
    f->is_deny = r->deny;
    f->is_inject = r->inject;
    if (r->perms != POLICY_CREATE || why) {
        f->rules++;
        f->never += why != NULL;
    }
    if (why && !f->why) {
        f->why = why;
        f->hint = hint;
        f->side = side;
    }
    if (!f->wide)
        f->wide = lint_wide(&l->room, r, &f->wide_side);
}

static bool find(struct lint *l, struct finding *all)
{
    struct lint_verdict *v = allocate((l->set.source_count + 1) * sizeof *v);

    if (lint_rules(&l->set, l->loaded->input.name, &l->room, v))
        return false;
    for (uint32_t i = 0; i < l->set.source_count; i++)
        all[i] = (struct finding){.verdict = v[i]};
    for (uint32_t i = 0; i < l->set.profile_count; i++)
        for (uint32_t k = 0; k < l->set.profiles[i].rule_count; k++) {
            const struct rule *r = &l->set.profiles[i].rules[k];

            look_at(l, &l->set.profiles[i], r, &all[r->source]);
        }
    for (uint32_t i = 0; i < l->set.profile_count; i++) /* a rule of nothing but create */
        for (uint32_t k = 0; k < l->set.profiles[i].rule_count; k++)
            if (!all[l->set.profiles[i].rules[k].source].rules)
                all[l->set.profiles[i].rules[k].source].rules = 1;
    free(v);
    return true;
}

/* --- All of it ----------------------------------------------------------- */

static void say_profiles(struct lint *l)
{
    for (uint32_t i = 1; i < l->set.profile_count; i++) {
        const char *hint, *why = lint_link_profile(&l->set.profiles[i], &hint);

        if (why)
            lint_whole(l, WARN_NEVER,
                       format_new("profile %s is never chosen: %s; %s", l->set.profiles[i].name, why, hint));
    }
}

bool lint_policy(struct lint *l, struct loaded *loaded, unsigned allowed, const struct coverage *coverage)
{
    const struct lint_key *keys;
    struct finding *all;
    unsigned key_count;
    bool *needed;

    *l = (struct lint){.loaded = loaded, .allowed = allowed, .coverage = coverage};
    if (!parse(l))
        return false;
    all = allocate((l->set.source_count + 1) * sizeof *all);
    needed = allocate(l->set.source_count + 1);
    if (!find(l, all))
        return false;
    key_count = lint_keys(l, &keys);
    for (uint32_t i = 0; i < l->set.source_count; i++)
        if (!strcmp(l->set.sources[i].file, loaded->input.name))
            say_rule(l, i, &all[i], keys, key_count);
    for (uint32_t i = 0; i < l->set.source_count; i++)
        needed[i] = !all[i].rules || all[i].verdict.use == LINT_USED;
    lint_includes(l, needed);
    say_profiles(l);
    if (l->room.gave_up)
        diag_file(loaded->input.name, POLICY_NOTE, "there are too many rules to compare all of them with each other");
    free(all);
    free(needed);
    return true;
}

/* --- Coverage ------------------------------------------------------------ */

static void print_text(const char *text, size_t len)
{
    bool blank = false;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            blank = true;
            continue;
        }
        if (blank)
            putchar(' ');
        blank = false;
        putchar(c < ' ' || c == 0x7f ? '?' : c);
    }
    putchar('\n');
}

void lint_print_coverage(const struct lint *l)
{
    for (uint32_t i = 0; i < l->set.source_count; i++) {
        const struct rule_source *s = &l->set.sources[i];
        uint64_t n = coverage_of(l->coverage, s->file, s->line);

        printf("%10" PRIu64 "  ", n);
        printf("%s:%u  ", s->file, s->line);
        print_text(s->text, s->text_len);
    }
}
