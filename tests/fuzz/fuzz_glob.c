/* Globs, one a line, then a name: the index against glob_match, and glob_match
 * the quick way against the bounded way. */
#include "fuzz.h"

static struct glob globs[64];
static struct addr_cond conds[64];
static struct rule rules[64];
static struct rule_source sources[64];

static uint32_t parse_lines(struct memory *m, const char *text, const char *end, const char **name)
{
    uint32_t n = 0;

    for (const char *line = text, *stop; (stop = memchr(line, '\n', (size_t)(end - line))); line = stop + 1) {
        const char *why = NULL;
        size_t at = 0;
        *name = stop + 1;
        if (n == 64)
            continue;
        int err = glob_parse(&m->arena, GLOB_ADDR, line, (size_t)(stop - line), &globs[n], &at, &why);
        if (err && (!why || at > (size_t)(stop - line)))
            abort();
        n += !err;
    }
    return n;
}

static void check_index(struct memory *m, uint32_t n, const struct policy_addr *addr, const bool *expected)
{
    for (uint32_t i = 0; i < n; i++) {
        conds[i] = (struct addr_cond){.match = ADDR_GLOB, .globs = &globs[i], .glob_count = 1};
        sources[i] = (struct rule_source){.file = "f", .line = i + 1};
        /* A type each, so that each can be asked about alone. */
        rules[i] = (struct rule){.families = 2, .perms = POLICY_CONNECT, .types = UINT32_MAX, .protocol = (int)i,
                                 .peer = conds[i], .source = i};
    }
    struct profile profile = {.rules = rules, .rule_count = n};
    struct ruleset set = {.profiles = &profile, .profile_count = 1, .sources = sources, .source_count = n};
    struct policy p;
    const void *blob;
    size_t len;
    if (policy_layout(&set, false, &m->arena, &blob, &len) || policy_open(&p, blob, len))
        abort();
    for (uint32_t i = 0; i < n; i++) {
        struct policy_query q = {.perm = POLICY_CONNECT, .family = 1, .type = 1, .protocol = (int)i, .peer = *addr};
        struct policy_verdict v;
        policy_decide(&p, &q, &v);
        if ((v.outcome == POLICY_ALLOWED) != expected[i] || (expected[i] && v.rule != i))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size, *name = text;
    bool expected[64];
    struct memory m;

    memory_start(&m);
    uint32_t n = parse_lines(&m, text, end, &name);
    if (name < end && n) {
        bool path = *name == '/';
        uint32_t len = (uint32_t)(end - name);
        struct policy_addr addr = {.kind = path ? POLICY_ADDR_PATHNAME : POLICY_ADDR_ABSTRACT,
                                   .bytes = path ? name : name + 1,
                                   .len = path ? len : len - 1};
        uint8_t *key = malloc(len);
        memcpy(key, name, len);
        key[0] = path ? '/' : 0;
        for (uint32_t i = 0; i < n; i++) {
            struct glob hard = globs[i];
            hard.hard = true;
            expected[i] = glob_match(&globs[i], key, len);
            if (expected[i] != glob_match(&hard, key, len) || expected[i] != glob_match_low(&hard, key, len))
                abort();
        }
        check_index(&m, n, &addr, expected);
        free(key);
    }
    memory_end(&m);
    return 0;
}
