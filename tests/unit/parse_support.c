#include "tests/unit/parse_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    _Alignas(16) unsigned char bytes[];
};

static void *more(void *ctx, size_t *size)
{
    struct parsed *p = ctx;
    if (p->room && p->taken + *size > p->room)
        return NULL;
    p->taken += *size;
    struct chunk *c = calloc(1, sizeof *c + *size);
    cr_assert(c);
    c->next = p->chunks;
    p->chunks = c;
    return c->bytes;
}

static int read_file(void *ctx, const char *path, struct policy_file *out)
{
    struct parsed *p = ctx;
    for (const struct memory_file *f = p->files; f && f->path; f++)
        if (!strcmp(f->path, path)) {
            if (!f->text)
                return -EISDIR;
            *out = (struct policy_file){f->text, strlen(f->text)};
            return 0;
        }
    return strstr(path, "secret") ? -EACCES : -ENOENT;
}

static int list_directory(void *ctx, const char *path, struct policy_file *out)
{
    struct parsed *p = ctx;
    size_t size = 1, dir = strlen(path);
    for (const struct memory_file *f = p->files; f->path; f++)
        size += strlen(f->path) + 1;
    char *names = more(p, &size);
    size_t n = 0;
    for (const struct memory_file *f = p->files; f->path; f++)
        if (!strncmp(f->path, path, dir) && f->path[dir] == '/') {
            strcpy(names + n, f->path + dir + 1);
            n += strlen(names + n) + 1;
        }
    *out = (struct policy_file){names, n};
    return 0;
}

static void append(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *buffer, size_t size, const char *format, ...)
{
    size_t used = strlen(buffer);
    va_list args;
    va_start(args, format);
    vsnprintf(buffer + used, size - used, format, args);
    va_end(args);
}

static void check_place(const struct policy_diag *d)
{
    cr_expect(d->width >= 1);
    if (!d->line)
        return;
    cr_expect(d->column >= 1);
    cr_expect(d->column + d->width - 1 <= d->source_len + 1, "%u+%u in a line of %zu bytes: %s", d->column,
              d->width, d->source_len, d->message);
    cr_expect(!memchr(d->source, '\n', d->source_len));
}

static void remember(void *ctx, const struct policy_diag *d)
{
    static const char *const severities[] = {"", "warning: ", "note: "};
    struct parsed *p = ctx;
    check_place(d);
    if (strcmp(d->file, "p") != 0)
        append(p->says, sizeof p->says, "%s:", d->file);
    append(p->says, sizeof p->says, "%u:%u+%u %s%s%s%s\n", d->line, d->column, d->width,
           severities[d->severity], d->message, d->suggestion ? "; " : "", d->suggestion ? d->suggestion : "");
}

static void show_glob(struct parsed *p, const struct glob *g)
{
    static const char *const signs[] = {"", "*", "**", "?", "[]", "<", ">"};
    for (uint32_t i = 0; i < g->len; i += glob_step(g->code + i)) {
        uint8_t op = g->code[i];
        if (op < GLOB_QUOTE)
            append(p->rules, sizeof p->rules, "%s", signs[op]);
        else
            append(p->rules, sizeof p->rules, op == GLOB_QUOTE && g->code[i + 1] < 32 ? "\\%u" : "%c",
                   op == GLOB_QUOTE ? g->code[i + 1] : op);
    }
}

static void show_ip(struct parsed *p, const struct addr_cond *a)
{
    if (a->ip.family)
        append(p->rules, sizeof p->rules, "ip%d:", a->ip.family == 2 ? 4 : 6);
    for (int i = 0; i < (a->ip.family == 2 ? 4 : a->ip.family ? 16 : 0); i++)
        append(p->rules, sizeof p->rules, "%02x", a->ip.bytes[i]);
    if (a->ip.family)
        append(p->rules, sizeof p->rules, "/%u", a->ip.bits);
    if (a->port.low != 0 || a->port.high != 65535)
        append(p->rules, sizeof p->rules, "port%u-%u", a->port.low, a->port.high);
}

static void show_address(struct parsed *p, const char *name, const struct addr_cond *a)
{
    static const char *const kinds[] = {"", "none", "auto", "", "", "notpath", "pathname", "abstract"};
    if (a->match == ADDR_ANY)
        return;
    append(p->rules, sizeof p->rules, " %s=%s", name, kinds[a->match]);
    for (uint32_t i = 0; a->match == ADDR_GLOB && i < a->glob_count; i++) {
        append(p->rules, sizeof p->rules, "%s", i ? "|" : "");
        show_glob(p, &a->globs[i]);
    }
    if (a->match == ADDR_INET)
        show_ip(p, a);
}

#define EVERY ((POLICY_AUTOBIND - 1) | POLICY_INHERIT)

static void show_perms(struct parsed *p, uint32_t perms)
{
    if (perms == EVERY) {
        append(p->rules, sizeof p->rules, " every");
        return;
    }
    if ((perms | POLICY_CREATE) == EVERY) {
        append(p->rules, sizeof p->rules, " every-create");
        return;
    }
    for (int bit = 0; bit < POLICY_PERM_COUNT; bit++)
        if (perms >> bit & 1)
            append(p->rules, sizeof p->rules, " %s", policy_perm_name(1u << bit));
}

static void show_families(struct parsed *p, uint64_t families)
{
    if (families == (1ull << POLICY_FAMILIES) - 1) {
        append(p->rules, sizeof p->rules, "all");
        return;
    }
    if (families == (((1ull << POLICY_FAMILIES) - 1) & ~2ull)) {
        append(p->rules, sizeof p->rules, "all-unix");
        return;
    }
    const char *between = "";
    for (int i = 0; i < POLICY_FAMILIES; i++)
        if (families >> i & 1) {
            append(p->rules, sizeof p->rules, "%s%s", between, policy_family_name(i));
            between = "+";
        }
}

static void show_globs(struct parsed *p, const char *name, const struct glob *globs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        append(p->rules, sizeof p->rules, "%s", i ? "|" : name);
        show_glob(p, &globs[i]);
    }
}

static void show_rule(struct parsed *p, const struct rule *r)
{
    static const char *const scopes[] = {"", "inside", "outside"};
    append(p->rules, sizeof p->rules, "%s%s%s", r->quiet ? "quiet " : "", r->audit ? "audit " : "",
           r->deny ? "deny " : "");
    show_families(p, r->families);
    show_perms(p, r->perms);
    for (int type = 0; r->types != UINT32_MAX && type < 16; type++)
        if (r->types >> type & 1)
            append(p->rules, sizeof p->rules, " %s", policy_type_name(type) ? policy_type_name(type) : "none");
    if (r->protocol >= 0)
        append(p->rules, sizeof p->rules, " proto=%d", r->protocol);
    show_address(p, "addr", &r->local);
    show_address(p, "peer", &r->peer);
    show_globs(p, " label=", r->labels, r->label_count);
    show_globs(p, " exe=", r->exes, r->exe_count);
    if (r->uid_given)
        append(p->rules, sizeof p->rules, " uid=%u", r->uid);
    append(p->rules, sizeof p->rules, "%s%s%s%s", r->bound ? " bound=" : "", scopes[r->bound],
           r->made ? " made=" : "", scopes[r->made]);
    if (r->fd_given)
        append(p->rules, sizeof p->rules, " fd=%u-%u", r->fd_low, r->fd_high);
    if (r->names_inherit)
        append(p->rules, sizeof p->rules, " named");
    if (r->err)
        append(p->rules, sizeof p->rules, " errno=%d", r->err);
    append(p->rules, sizeof p->rules, "\n");
}

static void show_profile(struct parsed *p, const struct profile *profile)
{
    if (profile->name)
        append(p->rules, sizeof p->rules, "profile %s%s%s", profile->name, profile->complain ? " complain" : "",
               profile->default_allow ? " default_allow" : "");
    for (uint32_t i = 0; i < profile->attachment_count; i++) {
        append(p->rules, sizeof p->rules, i ? "|" : " at ");
        show_glob(p, &profile->attachments[i]);
    }
    if (profile->name)
        append(p->rules, sizeof p->rules, "\n");
    for (uint32_t i = 0; i < profile->rule_count; i++) {
        cr_assert(profile->rules[i].source < p->set.source_count);
        cr_expect(i == 0 || profile->rules[i - 1].source <= profile->rules[i].source, "not in file order");
        show_rule(p, &profile->rules[i]);
    }
}

void parse_policy(struct parsed *p, const char *text, size_t len)
{
    static const char *const search[] = {"/s1", "/s2", NULL};
    struct policy_files files = {p, read_file, list_directory};
    struct policy_input in = {
        .name = "p", .text = text, .len = len, .dir = "/d", .files = &files, .search = search,
        .home = "/home/a[b", .uid = "1000", .tmpdir = "/tmp/", .flags = p->flags,
        .report = remember, .report_ctx = p,
    };
    struct arena arena = {.more = more, .ctx = p};
    p->chunks = NULL;
    p->taken = 0;
    p->says[0] = p->rules[0] = '\0';
    p->status = policy_parse(&in, &arena, &p->set);
    cr_expect(p->status == 0 || p->says[0], "refused without a word");
    for (uint32_t i = 0; p->status == 0 && i < p->set.profile_count; i++)
        show_profile(p, &p->set.profiles[i]);
}

void parsed_free(struct parsed *p)
{
    for (struct chunk *next, *c = p->chunks; c; c = next) {
        next = c->next;
        free(c);
    }
    p->chunks = NULL;
}
