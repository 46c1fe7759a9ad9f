/* Definitions of variables. */
#include "variable.h"

static unsigned hash(struct span name)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)name.at[i]) * 16777619u;
    return (h ^ h >> 16) % 64;
}

struct variable *find_variable(const struct parser *p, struct span name, bool boolean)
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

struct span literal_text(struct parser *p, const char *text, size_t len)
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
    struct span text = literal_text(p, value, strlen(value));
    return text.at ? add_value(p, v, text, true) : say_nomem(p);
}

bool define_predefined(struct parser *p)
{
    const struct policy_input *in = p->in;

    if (!predefine(p, "profile_name", NULL) || !predefine(p, "HOME", in->home) ||
        !predefine(p, "uid", in->uid) || !predefine(p, "XDG_RUNTIME_DIR", in->runtime_dir) ||
        !predefine(p, "TMPDIR", in->tmpdir))
        return false;
    find_variable(p, span_of("profile_name", 12), false)->per_profile = true;
    return true;
}

/* --- Definitions --------------------------------------------------------- */

bool read_reference(const char *at, const char *end, struct span *name, const char **after)
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

    return read_reference(p->src->at, p->src->end, &name, &after) && assignment(after, p->src->end);
}

bool at_reference(const struct parser *p)
{
    struct span name;
    const char *after;

    return read_reference(p->src->at, p->src->end, &name, &after);
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
    struct variable *v = find_variable(p, name, boolean);

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

    if (!read_reference(p->src->at, p->src->end, &name, &after))
        return say_unexpected(p, "a variable");
    char op = assignment(after, p->src->end);

    p->src->at = after;
    line_goes_on(p);
    p->src->at += op == '=' ? 1 : 2;
    if (boolean && op == '+')
        return say_error(p, name, NULL, "+= does not go with $%w, which is true or false", &name);
    v = find_variable(p, name, boolean);
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
    struct variable *v = find_variable(p, name, true);

    if (!v) {
        say_error(p, name, NULL, "$%w is not set", &name);
        return -1;
    }
    v->used = true;
    return v->truth;
}

bool variable_defined(const struct parser *p, struct span name, bool boolean)
{
    struct variable *v = find_variable(p, name, boolean);

    if (v)
        v->used = true;
    return v && (boolean || v->first || v->per_profile);
}
