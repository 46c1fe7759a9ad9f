/* Rules `map FROM -> TO,`: many of them, against a slow search, and in damaged policies. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/map_support.h"
#include "tests/unit/parse_support.h"

/* Every rule, one after another. */
struct slow {
    char from[64], to[64];
    bool below;
};

static long slow_map(const struct slow *rules, unsigned count, bool back, const char *path, char *out)
{
    size_t best = 0;
    long result = 0;

    for (unsigned i = 0; i < count; i++) {
        const char *name = back ? rules[i].to : rules[i].from, *to = back ? rules[i].from : rules[i].to;
        size_t len = strlen(name), rank = 2 * len + !rules[i].below;

        if (*name == 'f')
            continue; /* a descriptor's name is nobody's path */
        if (rules[i].below ? strncmp(path, name, len) || (path[len] && path[len] != '/') : strcmp(path, name) != 0)
            continue;
        if (rank + 1 <= best)
            continue;
        best = rank + 1;
        strcpy(stpcpy(out, to), path + len);
        result = (long)strlen(out);
    }
    return result;
}

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % below;
}

/* Few names, so that many are below others. */
static void random_name(char *to, char top)
{
    static const char *const parts[] = {"a", "b", "ab", "a-", "a.b", "c"};
    char *at = to + sprintf(to, "/%c", top);

    for (unsigned n = 1 + chance(4); n; n--)
        at += sprintf(at, "/%s", parts[chance(6)]);
}

static bool is_taken(const struct slow *rules, unsigned count, const struct slow *r)
{
    for (unsigned i = 0; i < count; i++)
        if (rules[i].below == r->below && strcmp(rules[i].from, r->from) == 0)
            return true;
    return false;
}

static unsigned random_rules(struct slow *rules, unsigned most, char *text)
{
    unsigned n = 0;

    text += sprintf(text, "allow all,\n");
    for (unsigned i = 0; i < most; i++) {
        struct slow *r = &rules[n];

        random_name(r->from, 'f');
        random_name(r->to, 't');
        r->below = chance(2);
        if (!r->below && chance(3) == 0)
            sprintf(r->to, "fd:%u", chance(20));
        if (is_taken(rules, n, r))
            continue;
        text += sprintf(text, "map %s%s -> %s%s,\n", r->from, r->below ? "/" : "", r->to, r->below ? "/" : "");
        n++;
    }
    return n;
}

Test(map, all_rules_one_after_another_say_the_same, .timeout = 60)
{
    static struct slow rules[200];
    static char text[200 * 140];
    char path[80], to[256], wanted[256];

    for (unsigned round = 0; round < 150; round++) {
        unsigned n = random_rules(rules, 2 + chance(198), text), hits = 0;
        struct compiled *c = compile(text);

        for (unsigned i = 0; i < 400; i++) {
            bool back = i % 2;
            random_name(path, back ? 't' : 'f');
            if (back && chance(8) == 0)
                sprintf(path, "fd:%u", chance(20));
            if (chance(8) == 0)
                strcat(path, "/");
            long is = (back ? policy_unmap : policy_map)(&c->policy, path, strlen(path), to, sizeof to);
            long should = slow_map(rules, n, back, path, wanted);
            cr_assert(is == should && (!is || strcmp(to, wanted) == 0), "%s%s: %ld %s, not %ld %s, of\n%s", path,
                      back ? " back" : "", is, is ? to : "", should, should ? wanted : "", text);
            hits += is > 0;
        }
        cr_expect_gt(hits, 0);
        release(c);
    }
}

Test(map, ten_thousand_are_searched, .timeout = 60)
{
    enum { MANY = 10000 };
    char *text = malloc(MANY * 80 + 100), path[80], wanted[80];
    size_t n = (size_t)sprintf(text, "allow all,\n");

    for (int i = 0; i < MANY; i++) /* in no order */
        n += (size_t)sprintf(text + n, "map /s/%d%s -> /long/directory/%d%s,\n", i * 7919 % MANY, i % 2 ? "/" : "", i,
                             i % 2 ? "/" : "");
    struct compiled *c = compile(text);
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "/s/%d%s", i * 7919 % MANY, i % 2 ? "/x" : "");
        snprintf(wanted, sizeof wanted, "/long/directory/%d%s", i, i % 2 ? "/x" : "");
        expect(c, policy_map, path, wanted);
        expect(c, policy_unmap, wanted, path);
    }
    expect(c, policy_map, "/s/10000", NULL);
    expect(c, policy_map, "/s/", NULL);
    release(c);
    free(text);
}

/* Each starts the next: the way up is long, and comes to an end. */
Test(map, names_may_start_each_other, .timeout = 60)
{
    char *text = malloc(3000 * 3100), *at = text + sprintf(text, "allow all,\n"), name[3100];

    memset(name, 'a', sizeof name);
    name[0] = '/';
    for (int i = 2; i < 3000; i += 3)
        at += sprintf(at, "map \"%.*s/\" -> /t%d/,\n", i, name, i);
    struct compiled *c = compile(text);
    name[9] = '\0';
    expect(c, policy_map, name, NULL);
    strcpy(name + 8, "/x");
    expect(c, policy_map, name, "/t8/x");
    release(c);
    free(text);
}

static void check_result(const char *to, long len)
{
    cr_assert(len <= 0 || *to == '/' || (!strncmp(to, "fd:", 3) && policy_passed_name(to + 3, (size_t)len - 3)), "%s", to);
}

static void use(const struct policy *from)
{
    struct policy p = *from;
    char to[PATH_MAX];
    static const char *const paths[] = {"/s/x",       "/s/in/ner/a", "//s", "/very/long/directory/a", "/top", "/zzz", "/",
                                        "/run/a.sock", "/run/b.sock", "/c"};
    size_t seen = 0;
    uint32_t rule;
    const char *name;

    for (uint32_t i = 0; i < 3 && i < policy_profile_count(&p); i++) {
        p.profile = i;
        for (size_t n = 0; n < sizeof paths / sizeof *paths; n++) {
            check_result(to, policy_map(&p, paths[n], strlen(paths[n]), to, sizeof to));
            policy_unmap(&p, paths[n], strlen(paths[n]), to, sizeof to);
            policy_map_rule(&p, paths[n], strlen(paths[n]), to, sizeof to);
        }
        for (unsigned n = 0; n < 100 && policy_map_target(&p, n); n++)
            seen += strlen(policy_map_target(&p, n));
    }
    for (unsigned n = 0; n < 100 && (name = policy_map_passed(&p, n, &rule)) != NULL; n++)
        cr_assert(policy_passed_name(name, strlen(name)), "%s", name);
    __asm__ volatile("" : : "r"(seen));
}

/* What a damaged policy says may be nonsense, but reading it stays within it. */
Test(map, a_damaged_byte_never_leads_out_of_the_policy, .timeout = 120)
{
    static const uint8_t hurt[] = {0x01, 0x80, 0xff, 0x10};
    struct compiled *c = compile("map /s/ -> /very/long/directory/,\nmap /s/in/ner/ -> /elsewhere/,\nmap /s/x -> /other/x,\n"
                                 "map /top/ -> /,\nallow all,\nprofile a { map /a -> /b, map /c -> fd:c, }\nprofile b { }\n"
                                 "map /run/a.sock -> fd:db,\nmap /run/b.sock -> fd:web,\n");
    size_t size = (c->len + 4095) & ~(size_t)4095;
    uint8_t *map = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *copy = map + size - c->len;
    unsigned opened = 0;
    struct policy p;

    cr_assert_neq(map, MAP_FAILED);
    mprotect(map + size, 4096, PROT_NONE);
    memcpy(copy, c->blob, c->len);
    for (size_t at = 0; at < c->len; at++)
        for (size_t i = 0; i < sizeof hurt; i++) {
            uint8_t was = copy[at];

            copy[at] ^= hurt[i];
            if (policy_open(&p, copy, c->len) == 0) {
                use(&p);
                opened++;
            }
            copy[at] = was;
        }
    cr_expect_gt(opened, 0);
    munmap(map, size + 4096);
    release(c);
}

Test(map, memory_may_run_out_anywhere, .timeout = 60)
{
    static struct parsed p;
    static const char text[] = "@{v} = /x /y\nmap @{v}/s/ -> /t/,\nmap /a -> /b,\nallow all,\n"
                               "profile q { map /c -> /d, map @{v}/e -> fd:e, }";
    unsigned failed = 0;

    for (size_t room = 16; room < 1u << 16; room += 64) {
        p.room = room;
        parse_policy(&p, text, strlen(text));
        cr_expect(p.status == 0 || (p.status == -ENOMEM && strstr(p.says, "out of memory")), "%d %s", p.status, p.says);
        failed += p.status != 0;
        parsed_free(&p);
    }
    cr_expect_gt(failed, 0);
}
