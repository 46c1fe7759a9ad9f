/* Texts with variables, to all their values. */
#include "variable.h"

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
        else if (*at == '@' && at + 1 < end && at[1] == '{' && read_reference(at, end, name, after))
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
    text = p->block->name ? literal_text(p, p->block->name, p->block->name_len) : span_of("-", 1);
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
    struct variable *v = find_variable(p, name, false);
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
