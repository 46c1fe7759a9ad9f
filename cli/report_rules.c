/* Which rules there are, and which of them decided anything. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "load.h"
#include "report.h"

/* --- As records name them -------------------------------------------------------------------- */

static struct rule_use *use_of(struct report *r, const char *where, size_t len)
{
    struct rule_use u = {.where = strings_add(&r->strings, where, len)};

    for (size_t colon = len; colon-- > 0;)
        if (where[colon] == ':') {
            u.line = (uint32_t)strtoul(where + colon + 1, NULL, 10);
            u.file = strings_add(&r->strings, where, colon);
            break;
        }
    const uint32_t n = many_add(&r->rules, &u, sizeof u, RULE_KEY);

    return rule_at(r, n);
}

/* Where the name of the first rule of a list ends: before a newline, or a comma behind a
 * line's number. Files may have commas in their names. */
static size_t first_rule(const char *list)
{
    size_t len = 0;

    for (; list[len] && list[len] != '\n'; len++)
        if (list[len] == ':') {
            size_t digits = strspn(list + len + 1, "0123456789");

            if (digits && (!list[len + 1 + digits] || strchr(",\n", list[len + 1 + digits])))
                return len + 1 + digits;
        }
    return len;
}

void report_rule_seen(struct report *r, const struct record *rec)
{
    const struct field *rule = record_field(rec, "rule");
    const char *at = record_text(rec, "rules");
    bool traced = record_is(rec, "TRACE");

    for (size_t len; *at; at += len + (at[len] != '\0')) {
        len = first_rule(at);
        if (len)
            use_of(r, at, len)->calls++;
    }
    if (rule && !rule->word && rule->len)
        *(traced ? &use_of(r, rule->value, rule->len)->calls : &use_of(r, rule->value, rule->len)->records) += 1;
}

/* --- As policies have them ------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The name under which records speak of the file `path`: its own, another way to it, or else
 * that of a file which is called the same. */
static const char *recorded_name(const struct report *r, const char *path)
{
    const char *same = NULL, *alike = NULL;
    char *real = realpath(path, NULL);

    for (uint32_t i = 0; i < r->rules.count; i++) {
        const char *file = strings_get(&r->strings, rule_at(r, i)->file);
        char *other;

        if (rule_at(r, i)->known)
            continue;
        if (!strcmp(file, path))
            same = file;
        if (!same && real && (other = realpath(file, NULL))) {
            same = strcmp(other, real) ? NULL : file;
            free(other);
        }
        if (!strcmp(last_part(file), last_part(path)))
            alike = file;
    }
    free(real);
    return same ? same : alike ? alike : path;
}

/* A name that policies have been asked for, and what it is called in records. */
struct known_file {
    const char *path;
    char *recorded;
};

static const char *recorded(const struct report *r, struct known_file *known, const char *path)
{
    if (!known->path || strcmp(known->path, path) != 0)
        *known = (struct known_file){path, format_new("%s", recorded_name(r, path))};
    return known->recorded;
}

static void add_rules(struct report *r, const struct policy *p)
{
    uint32_t count = policy_rule_count(p);
    struct known_file known = {0};
    struct policy_rule_info info;

    for (uint32_t i = 0; i < count; i++) {
        char *where;
        struct rule_use *u;

        if (!policy_rule(p, i, &info))
            continue;
        where = format_new("%s:%u", recorded(r, &known, info.file), info.line);
        u = use_of(r, where, strlen(where));
        u->known = true;
        u->deny = info.deny;
        u->inject = info.inject;
        if (!u->text)
            u->text = strings_add(&r->strings, info.text, info.text_len);
        free(where);
    }
}

static int add_policy(struct report *r, const struct options *o, const struct source *s)
{
    struct loaded l;
    int status = load_one(o, s, POLICY_INPUT_KEEP_TEXT, &l);

    if (!status)
        add_rules(r, &l.policy);
    return status;
}

/* One that a record names: it may be gone, or be no policy any more, and nobody asked for it. */
static void try_policy(struct report *r, const struct options *o, const char *path)
{
    struct policy_input in = load_input(o, POLICY_INPUT_KEEP_TEXT);
    struct arena arena = new_arena;
    struct policy_file file;
    struct policy policy;
    const char *slash = strrchr(path, '/');
    const void *blob;
    size_t len;

    if (policy_files.read(NULL, path, &file))
        return;
    in.report = NULL;
    in.name = format_new("%s", path);
    in.text = file.text;
    in.len = file.len;
    in.dir = slash ? format_new("%.*s", slash == path ? 1 : (int)(slash - path), path) : ".";
    if (!policy_compile(&in, &arena, &blob, &len) && !policy_open(&policy, blob, len))
        add_rules(r, &policy);
}

static bool is_known(const struct report *r, uint32_t file)
{
    for (uint32_t i = 0; i < r->rules.count; i++)
        if (rule_at(r, i)->known && rule_at(r, i)->file == file)
            return true;
    return false;
}

/* The policies as such, before the files that they include. */
static void try_named(struct report *r, const struct options *o)
{
    for (uint32_t i = 0; i < r->column_count; i++) {
        const struct column *c = &r->columns[i];
        int64_t last = 0;

        if (c->number || strcmp(strings_get(&r->strings, c->key), "policy") != 0)
            continue;
        for (uint32_t at = 0; at < c->count; at++)
            if (c->value[at] != last && !is_known(r, (uint32_t)(last = c->value[at])))
                try_policy(r, o, strings_get(&r->strings, (uint32_t)last));
    }
}

int report_rules(struct report *r, const struct options *named)
{
    int status = 0;
    uint32_t seen;

    for (unsigned i = 0; i < named->source_count; i++)
        status |= add_policy(r, named, &named->sources[i]);
    if (named->source_count)
        return status;
    try_named(r, named);
    seen = r->rules.count;
    for (uint32_t i = 0; i < seen; i++)
        if (!rule_at(r, i)->known && rule_at(r, i)->file && !is_known(r, rule_at(r, i)->file))
            try_policy(r, named, strings_get(&r->strings, rule_at(r, i)->file));
    return 0;
}
