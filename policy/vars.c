/* Variables: @{name} holds a list of values, each of which is tried; $name is
 * true or false. A variable is worked out where it is used; changing it after
 * that is an error, since the rules above would not see the change. */
#include "parse.h"

#include <string.h>

struct variable {
    struct variable *next;
    struct span name;
    bool boolean, truth;
    bool predefined;        /* may be set again */
    bool per_profile;       /* @{profile_name}, or made of it */
    bool used, busy;
    struct raw *first, *last;
    const struct name *values; /* worked out, for block number `serial` */
    unsigned serial, count;
};

/* A value as written. */
struct raw {
    struct raw *next;
    struct span text;
    bool literal; /* no variables in it */
};

static unsigned hash(struct span name)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)name.at[i]) * 16777619u;
    return (h ^ h >> 16) % 64;
}

static struct variable *find(const struct parser *p, struct span name, bool boolean)
{
    struct variable *v = p->variables[hash(name)];

    while (v && !(v->boolean == boolean && v->name.len == name.len && memcmp(v->name.at, name.at, name.len) == 0))
        v = v->next;
    return v;
}

static struct variable *add(struct parser *p, struct span name, bool boolean)
{
    struct variable *v, **at = &p->variables[hash(name)];

    if (p->variable_count >= VARIABLES_MAX) {
        say_error(p, name, NULL, "more than %u variables", (unsigned long)VARIABLES_MAX);
        return NULL;
    }
    v = ARENA_NEW(p->arena, struct variable);
    if (!v) {
        say_nomem(p);
        return NULL;
    }
    p->variable_count++;
    v->name = name;
    v->boolean = boolean;
    v->next = *at;
    *at = v;
    return v;
}

static bool add_value(struct parser *p, struct variable *v, struct span text, bool literal)
{
    struct raw *r = ARENA_NEW(p->arena, struct raw);

    if (!r)
        return say_nomem(p);
    r->text = text;
    r->literal = literal;
    if (v->last)
        v->last->next = r;
    else
        v->first = r;
    v->last = r;
    return true;
}

/* --- Predefined ---------------------------------------------------------- */

/* The text with everything escaped that means something in a glob. */
static struct span literal(struct parser *p, const char *text, size_t len)
{
    char *copy = arena_alloc(p->arena, 2 * len + 1, 1);
    size_t n = 0;

    for (size_t i = 0; copy && i < len; i++) {
        if (text[i] && strchr("*?[]{}^,\\\"", text[i]))
            copy[n++] = '\\';
        copy[n++] = text[i];
    }
    return span_of(copy, n);
}

static bool predefine(struct parser *p, const char *name, const char *value)
{
    struct variable *v = add(p, span_of(name, strlen(name)), false);

    if (!v)
        return false;
    v->predefined = true;
    if (!value)
        return true;
    struct span text = literal(p, value, strlen(value));
    return text.at ? add_value(p, v, text, true) : say_nomem(p);
}

bool define_predefined(struct parser *p)
{
    const struct policy_input *in = p->in;

    if (!predefine(p, "profile_name", NULL) || !predefine(p, "HOME", in->home) ||
        !predefine(p, "uid", in->uid) || !predefine(p, "XDG_RUNTIME_DIR", in->runtime_dir) ||
        !predefine(p, "TMPDIR", in->tmpdir))
        return false;
    find(p, span_of("profile_name", 12), false)->per_profile = true;
    return true;
}

/* --- Definitions --------------------------------------------------------- */

/* At '@' or '$': the name of `@{name}` or `@name`. False: not a variable. */
static bool reference(const char *at, const char *end, struct span *name, const char **after)
{
    bool braces = at + 1 < end && at[1] == '{';
    const char *start = at + 1 + braces, *stop = start;

    if (start >= end || !is_alpha(*start))
        return false;
    while (stop < end && is_word(*stop))
        stop++;
    if (braces && (stop == end || *stop != '}'))
        return false;
    *name = span_of(start, (size_t)(stop - start));
    *after = stop + braces;
    return true;
}

/* The operator of an assignment at `at`: '=', or the first of += ?= := ; or 0. */
static char assignment(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (at < end && *at == '=' && !(at + 1 < end && at[1] == '='))
        return '=';
    if (at + 1 < end && at[1] == '=' && (*at == '+' || *at == '?' || *at == ':'))
        return *at;
    return 0;
}

bool at_assignment(const struct parser *p)
{
    struct span name;
    const char *after;

    return reference(p->src->at, p->src->end, &name, &after) && assignment(after, p->src->end);
}

bool at_reference(const struct parser *p)
{
    struct span name;
    const char *after;

    return reference(p->src->at, p->src->end, &name, &after);
}

/* To the values: 0 for the end of the line. */
static bool line_goes_on(struct parser *p)
{
    for (;;) {
        char c = peek(p);

        if (c == ' ' || c == '\t' || (c == '\r' && peek_at(p, 1) == '\n'))
            p->src->at++;
        else if (c == '\\' && (peek_at(p, 1) == '\n' || (peek_at(p, 1) == '\r' && peek_at(p, 2) == '\n')))
            p->src->at += peek_at(p, 1) == '\n' ? 2 : 3;
        else
            return !at_end(p) && c != '\n' && c != '#';
    }
}

static bool parse_values(struct parser *p, struct variable *v)
{
    unsigned count = 0;

    while (line_goes_on(p)) {
        struct span value;

        if (peek(p) == ',')
            return say_error(p, span_of(p->src->at, 1), NULL, "a variable's values are not ended by a comma");
        if (!take_value(p, false, &value) || !add_value(p, v, value, false))
            return false;
        count++;
    }
    if (!count)
        return say_error(p, v->name, NULL, "no value is given to @{%w}", &v->name);
    return true;
}

/* true and false in any case of letters, as AppArmor takes them. */
static bool spells(struct span word, const char *lower)
{
    size_t len = strlen(lower);

    for (size_t i = 0; i < word.len && word.len == len; i++)
        if ((word.at[i] | 0x20) != lower[i])
            return false;
    return word.len == len;
}

static bool parse_truth(struct parser *p, struct variable *v)
{
    struct span word;

    line_goes_on(p);
    word = take_word(p);
    v->truth = spells(word, "true");
    if (!v->truth && !spells(word, "false"))
        return say_error(p, word, NULL, "the value of $%w must be true or false", &v->name);
    if (line_goes_on(p))
        return say_unexpected(p, "the end of the line");
    return true;
}

static struct variable *defined(struct parser *p, struct span name, bool boolean, char op)
{
    struct variable *v = find(p, name, boolean);

    if (v && v->used) {
        say_error(p, name, "set it before the first rule that uses it",
                  "%s%w%s is changed after it was used", boolean ? "$" : "@{", &name, boolean ? "" : "}");
        return NULL;
    }
    if (op == '+' && !v) {
        say_error(p, name, NULL, "+= needs a variable that is already set; @{%w} is not", &name);
        return NULL;
    }
    if (op == '=' && v && !v->predefined) {
        say_error(p, name, boolean ? NULL : "use += to add values", "%s%w%s is already set", boolean ? "$" : "@{",
                  &name, boolean ? "" : "}");
        return NULL;
    }
    if (!v)
        return add(p, name, boolean);
    if (op != '+' && !(op == '?' && (v->first || boolean)))
        v->first = v->last = NULL;
    return v;
}

static bool read_assignment(struct parser *p)
{
    bool boolean = peek(p) == '$';
    struct span name;
    struct variable ignored = {0}, *v;
    const char *after;

    if (!reference(p->src->at, p->src->end, &name, &after))
        return say_unexpected(p, "a variable");
    char op = assignment(after, p->src->end);

    p->src->at = after;
    line_goes_on(p);
    p->src->at += op == '=' ? 1 : 2;
    if (boolean && op == '+')
        return say_error(p, name, NULL, "+= does not go with $%w, which is true or false", &name);
    v = find(p, name, boolean);
    bool keep = op == '?' && v && (v->first || boolean);
    if (!keep && !p->dead)
        v = defined(p, name, boolean, op);
    else
        v = &ignored; /* ?= of a variable that is set: read, and forgotten */
    if (!v) {
        v = &ignored;
        p->failed = true;
    }
    v->name = name;
    if (v != &ignored)
        v->predefined = v->per_profile = false;
    return boolean ? parse_truth(p, v) : parse_values(p, v);
}

/* An assignment is a line: whatever is wrong with it, the next line is another. */
bool parse_variable(struct parser *p)
{
    struct source *s = p->src;
    const char *nl;

    if (read_assignment(p))
        return true;
    nl = s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;
    p->rule_end = s->at = nl ? nl : s->end;
    return false;
}

int variable_truth(struct parser *p, struct span name)
{
    struct variable *v = find(p, name, true);

    if (!v) {
        say_error(p, name, NULL, "$%w is not set", &name);
        return -1;
    }
    v->used = true;
    return v->truth;
}

bool variable_defined(const struct parser *p, struct span name, bool boolean)
{
    struct variable *v = find(p, name, boolean);

    if (v)
        v->used = true;
    return v && (boolean || v->first || v->per_profile);
}

/* --- Expansion ----------------------------------------------------------- */

/* A text split at its variables: literal, variable, literal, ... */
struct parts {
    unsigned count; /* of variables */
    struct span literal[REFERENCES_MAX + 1];
    const struct name *first[REFERENCES_MAX], *now[REFERENCES_MAX];
};

static const struct name *values_of(struct parser *p, struct span name, struct span where, unsigned depth,
                                    bool *per_profile);

/* The variable with the nearest name, as it is written; NULL if none is near. */
static const char *nearest(struct parser *p, struct span name)
{
    struct guess g = guess_for(name);
    const struct variable *best = NULL;
    char text[80];
    struct text t;

    for (unsigned i = 0; i < 64; i++)
        for (const struct variable *v = p->variables[i]; v; v = v->next) {
            unsigned was = g.distance;

            if (v->boolean || v->name.len >= sizeof text - 3 || (!v->first && !v->per_profile))
                continue;
            t = text_into(text, sizeof text);
            text_bytes(&t, v->name.at, v->name.len);
            guess_try(&g, text_done(&t));
            best = g.distance < was ? v : best;
        }
    if (!best)
        return NULL;
    t = text_into(text, sizeof text);
    text_str(&t, "@{");
    text_bytes(&t, best->name.at, best->name.len);
    text_byte(&t, '}');
    return arena_text(p->arena, text, text_len(&t));
}

static bool say_unknown(struct parser *p, struct span name, struct span where)
{
    struct guess g = {.best = nearest(p, name)};
    char hint[SUGGESTION_MAX];

    return say_error(p, where, guess_text(&g, hint), "the variable @{%w} is not set", &name);
}

/* The next variable in [at, end); NULL when there is none. */
static const char *next_reference(const char *at, const char *end, struct span *name, const char **after)
{
    for (; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '@' && at + 1 < end && at[1] == '{' && reference(at, end, name, after))
            return at;
    }
    return NULL;
}

static bool split(struct parser *p, struct span text, struct span where, unsigned depth, struct parts *parts,
                  bool *per_profile)
{
    const char *at = text.at, *end = text.at + text.len, *ref, *after;
    struct span name;

    parts->count = 0;
    while ((ref = next_reference(at, end, &name, &after)) != NULL) {
        if (parts->count == REFERENCES_MAX)
            return say_error(p, where, NULL, "more than %u variables in one name",
                             (unsigned long)REFERENCES_MAX);
        /* The variable itself is the better place to point at, where it can be seen. */
        bool seen = text.at >= p->src->text && text.at < p->src->end && depth == 0;
        struct span here = seen ? span_of(ref, (size_t)(after - ref)) : where;
        const struct name *values = values_of(p, name, here, depth + 1, per_profile);

        if (!values)
            return false;
        parts->literal[parts->count] = span_of(at, (size_t)(ref - at));
        parts->first[parts->count] = parts->now[parts->count] = values;
        parts->count++;
        at = after;
    }
    parts->literal[parts->count] = span_of(at, (size_t)(end - at));
    return true;
}

static bool join(struct parser *p, const struct parts *parts, struct span where, struct name **last)
{
    struct name *n = ARENA_NEW(p->arena, struct name);
    size_t len = parts->literal[parts->count].len, at = 0;
    char *text;

    for (unsigned i = 0; i < parts->count; i++)
        len += parts->literal[i].len + parts->now[i]->len;
    if (len > POLICY_NAME_MAX)
        return say_error(p, where, NULL, "a name of %u bytes; the limit is %u", (unsigned long)len,
                         (unsigned long)POLICY_NAME_MAX);
    p->expanded_bytes += len + 1;
    if (p->expanded_bytes > POLICY_TEXT_MAX)
        return say_error(p, where, NULL, "variables expand to more than %u bytes in all",
                         (unsigned long)POLICY_TEXT_MAX);
    text = arena_alloc(p->arena, len + 1, 1);
    if (!n || !text)
        return say_nomem(p);
    for (unsigned i = 0; i <= parts->count; i++) {
        memcpy(text + at, parts->literal[i].at, parts->literal[i].len);
        at += parts->literal[i].len;
        if (i < parts->count) {
            memcpy(text + at, parts->now[i]->text, parts->now[i]->len);
            at += parts->now[i]->len;
        }
    }
    *n = (struct name){.text = text, .len = len};
    (*last)->next = n;
    *last = n;
    return true;
}

/* The next combination of values, the last variable turning fastest. */
static bool turn(struct parts *parts)
{
    for (unsigned i = parts->count; i-- > 0;) {
        parts->now[i] = parts->now[i]->next;
        if (parts->now[i])
            return true;
        parts->now[i] = parts->first[i];
    }
    return false;
}

/* Appends all values of `text` behind *last. */
static bool expand_into(struct parser *p, struct span text, struct span where, unsigned depth,
                        struct name **last, bool *per_profile)
{
    struct parts parts;

    if (!split(p, text, where, depth, &parts, per_profile))
        return false;
    do
        if (!join(p, &parts, where, last))
            return false;
    while (turn(&parts));
    return true;
}

static const struct name *profile_name(struct parser *p)
{
    struct name *n = ARENA_NEW(p->arena, struct name);
    struct span text;

    p->named = true;
    text = p->block->name ? literal(p, p->block->name, p->block->name_len) : span_of("-", 1);
    if (!n || !text.at) {
        say_nomem(p);
        return NULL;
    }
    *n = (struct name){.text = text.at, .len = text.len};
    return n;
}

static const struct name *values_of(struct parser *p, struct span name, struct span where, unsigned depth,
                                    bool *per_profile)
{
    struct variable *v = find(p, name, false);
    struct name head = {0}, *last = &head;

    if (v && v->per_profile && !v->first) {
        *per_profile = v->used = true;
        return profile_name(p);
    }
    if (!v || !v->first) {
        if (v && v->predefined)
            say_error(p, where, NULL, "@{%w} is not known here: nothing in the environment says it", &name);
        else
            say_unknown(p, name, where);
        return NULL;
    }
    v->used = true;
    if (v->values && (!v->per_profile || v->serial == p->serial)) {
        *per_profile |= v->per_profile;
        p->named |= v->per_profile;
        return v->values;
    }
    if (v->busy || depth > VARIABLE_DEPTH) {
        if (v->busy)
            say_error(p, where, NULL, "the variable @{%w} is made of itself", &name);
        else
            say_error(p, where, NULL, "variables within variables more than %u deep",
                      (unsigned long)VARIABLE_DEPTH);
        return NULL;
    }
    v->busy = true;
    v->per_profile = false;
    for (struct raw *r = v->first; r; r = r->next) {
        struct parts plain = {.literal[0] = r->text};

        if (r->literal ? !join(p, &plain, where, &last)
                       : !expand_into(p, r->text, where, depth, &last, &v->per_profile)) {
            v->busy = false;
            return NULL;
        }
    }
    v->busy = false;
    v->values = head.next;
    v->serial = p->serial;
    *per_profile |= v->per_profile;
    return v->values;
}

const struct name *expand(struct parser *p, struct span text)
{
    struct name head = {0}, *last = &head;
    bool per_profile = false;

    return expand_into(p, text, text, 0, &last, &per_profile) ? head.next : NULL;
}
