/* Policy text -> compile -> decide, against the rules one by one. The last
 * bytes of the input make the queries, the first the flags. */
#include "fuzz.h"

#include <errno.h>

#include "policy/lint.h"

struct reports {
    unsigned errors;
};

static void report(void *ctx, const struct policy_diag *d)
{
    struct reports *r = ctx;

    r->errors += d->severity == POLICY_ERROR;
    if (!d->file || !d->message || !*d->message || (d->line && (!d->column || !d->width)))
        abort();
    for (size_t i = 0; i < d->source_len; i++)
        if (d->source[i] == '\n')
            abort();
}

/* Two files that include each other and one that is not there. */
static int read_file(void *ctx, const char *path, struct policy_file *out)
{
    static const char a[] = "include \"b\"\nunix (create),\n", b[] = "unix (connect) peer=(addr=/b),\n";

    (void)ctx;
    if (strlen(path) && path[strlen(path) - 1] == 'a')
        *out = (struct policy_file){a, sizeof a - 1};
    else if (strlen(path) && path[strlen(path) - 1] == 'b')
        *out = (struct policy_file){b, sizeof b - 1};
    else
        return -ENOENT;
    return 0;
}

static int list_files(void *ctx, const char *path, struct policy_file *out)
{
    (void)ctx;
    (void)path;
    (void)out;
    return -ENOTDIR;
}

/* Rules `map`, one after another: the result, or 0. */
static long slow_map(const struct policy *p, bool back, const char *path, size_t len, char *to)
{
    const struct blob_profile *profile = blob_profile(p);
    const struct blob_map *m = BLOB_TABLE(p->blob, struct blob_map, BLOB_MAPS) + profile->maps, *best = NULL;
    const char *texts = blob_at(p->blob, BLOB_STRINGS);

    for (uint32_t i = 0; i < profile->map_count; i++) {
        uint32_t name = back ? m[i].to : m[i].name, n = back ? m[i].to_len : m[i].name_len;
        uint32_t least = !best ? 0 : back ? best->to_len : best->name_len;
        bool is_path = texts[name] == '/'; /* the name of a descriptor is nobody's path */
        bool fits = is_path && n <= len && !memcmp(texts + name, path, n) && (n == len || (m[i].below && path[n] == '/'));

        if (fits && (!best || n > least || (n == least && (m[i].below < best->below ||
                                                           (m[i].below == best->below && m[i].source < best->source)))))
            best = &m[i];
    }
    if (!best)
        return 0;
    size_t n = back ? best->to_len : best->name_len, head = back ? best->name_len : best->to_len;
    memcpy(to, texts + (back ? best->name : best->to), head);
    memcpy(to + head, path + n, len - n);
    if (!(head + len - n))
        to[head++] = '/';
    return (long)(head + len - n);
}

/* What is wanted: sound names, each once. */
static void passed(const struct policy *p)
{
    const char *name, *first = NULL;
    uint32_t rule;

    for (unsigned i = 0; i < 8 && (name = policy_map_passed(p, i, &rule)) != NULL; i++) {
        if (!policy_passed_name(name, strlen(name)) || rule >= policy_rule_count(p) ||
            (first && !strcmp(first, name)))
            abort();
        first = first ? first : name;
    }
}

/* Names that the policy has, with something behind them; the library maps "//" and "/./" as '/'. */
static void map(const struct policy *p, struct input *in)
{
    static char path[8192], wanted[16384], to[16384];
    const char *target;

    for (unsigned i = 0; i < 4 && (target = policy_map_target(p, i)) != NULL; i++) {
        const struct blob_profile *profile = blob_profile(p);
        const struct blob_map *m = BLOB_TABLE(p->blob, struct blob_map, BLOB_MAPS) + profile->maps + i;
        bool back = input_byte(in) % 2;
        size_t len = (size_t)sprintf(path, "%s", back ? target : (const char *)blob_at(p->blob, BLOB_STRINGS) + m->name);
        for (unsigned n = input_byte(in) % 4; n; n--)
            path[len++] = "/ab"[input_byte(in) % 3];
        path[len] = '\0';
        if (strstr(path, "//") || strstr(path, "/./"))
            continue;
        long should = slow_map(p, back, path, len, wanted);
        long is = (back ? policy_unmap : policy_map)(p, path, len, to, sizeof to);
        bool tied = back; /* of one rule with several FROM the first counts, and they have one number */
        if (is != should && !tied)
            abort();
        if (!tied && is && memcmp(to, wanted, (size_t)is))
            abort();
        if (tied && !is != !should)
            abort();
    }
}

static void decide(const void *blob, size_t len, struct input in)
{
    struct policy p;
    uint8_t local[64], peer[64];

    if (policy_open(&p, blob, len))
        abort();
    const struct blob_header *h = blob;
    passed(&p);
    for (uint32_t profile = 0; profile < h->tables[BLOB_PROFILES].count && profile < 3; profile++) {
        p.profile = profile;
        struct input again = in;
        map(&p, &again);
        again = in;
        for (int i = 0; i < 8; i++) {
            struct policy_query q = input_query(&again, local, peer);
            check_decision(&p, &q);
        }
    }
}

/* What can be said against it: of each rule, by rules that are there. */
static void lint(struct policy_input in, struct memory *m)
{
    struct lint_room room = {.arena = &m->arena};
    struct lint_verdict *v;
    struct ruleset set;
    enum lint_side side;

    in.report = NULL;
    if (policy_parse(&in, &m->arena, &set) || !(v = ARENA_ARRAY(&m->arena, struct lint_verdict, set.source_count + 1)) ||
        lint_rules(&set, in.name, &room, v))
        return; /* no memory */
    for (uint32_t i = 0; i < set.source_count; i++) {
        if ((v[i].use != LINT_USED && !v[i].other_count) || v[i].other_count > LINT_OTHERS)
            abort();
        for (unsigned k = 0; k < v[i].other_count; k++)
            if (v[i].others[k] >= set.source_count || v[i].others[k] == i)
                abort();
    }
    for (uint32_t i = 0; i < set.profile_count && i < 3; i++)
        for (uint32_t k = 0; k < set.profiles[i].rule_count && k < 8; k++) {
            lint_never(&set, &set.profiles[i], &set.profiles[i].rules[k], &side);
            lint_wide(&room, &set.profiles[i].rules[k], &side);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const search[] = {"/search", NULL};
    const struct policy_files files = {.read = read_file, .list = list_files};
    struct reports reports = {0};
    struct memory m;
    const void *blob;
    size_t len;

    if (!size)
        return 0;
    struct policy_input in = {.name = "fuzz",
                              .text = (const char *)data + 1,
                              .len = size - 1,
                              .dir = "/dir",
                              .files = &files,
                              .search = search,
                              .home = "/home/u",
                              .uid = "1000",
                              .runtime_dir = "/run/user/1000",
                              .flags = data[0] & 7,
                              .report = report,
                              .report_ctx = &reports};
    memory_start(&m);
    int err = policy_compile(&in, &m.arena, &blob, &len);
    if (!err) {
        decide(blob, len, (struct input){data, size});
        lint(in, &m);
    } else if (!reports.errors)
        abort(); /* refused without a word */
    memory_end(&m);
    return 0;
}
