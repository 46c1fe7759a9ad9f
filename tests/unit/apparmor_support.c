#include "tests/unit/apparmor_support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct chunk {
    struct chunk *next;
    _Alignas(16) unsigned char bytes[];
};

static void *keep(struct compiled *c, size_t size)
{
    struct chunk *chunk = calloc(1, sizeof *chunk + size);
    if (!chunk)
        return NULL;
    chunk->next = c->chunks;
    c->chunks = chunk;
    return chunk->bytes;
}

static void *more(void *ctx, size_t *size)
{
    if (*size < 1 << 20)
        *size = 1 << 20;
    return keep(ctx, *size);
}

static int read_file(void *ctx, const char *path, struct policy_file *out)
{
    struct stat st;
    if (stat(path, &st))
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    char *text = keep(ctx, (size_t)st.st_size + 1);
    out->text = text;
    out->len = fread(text, 1, (size_t)st.st_size, f);
    fclose(f);
    return 0;
}

static int list_directory(void *ctx, const char *path, struct policy_file *out)
{
    DIR *d = opendir(path);
    if (!d)
        return -errno;
    size_t size = 0, used = 0;
    char *names = NULL;
    for (struct dirent *e; (e = readdir(d));) {
        size_t len = strlen(e->d_name) + 1;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (used + len > size)
            names = realloc(names, size = 2 * (used + len));
        memcpy(names + used, e->d_name, len);
        used += len;
    }
    closedir(d);
    char *kept = keep(ctx, used + 1);
    if (used)
        memcpy(kept, names, used);
    free(names);
    *out = (struct policy_file){kept, used};
    return 0;
}

static void remember(void *ctx, const struct policy_diag *d)
{
    struct compiled *c = ctx;
    if (d->severity == POLICY_NOTE)
        return;
    c->errors += d->severity == POLICY_ERROR;
    size_t used = strlen(c->messages);
    snprintf(c->messages + used, sizeof c->messages - used, "%s:%u:%u: %s\n", d->file ? d->file : "-", d->line,
             d->column, d->message);
}

void compile_policy(struct compiled *c, const char *name, const char *text, size_t len, const char *dir,
                    const char *const *search, unsigned flags)
{
    *c = (struct compiled){.arena = {.more = more}};
    c->arena.ctx = c;
    struct policy_files files = {c, read_file, list_directory};
    struct policy_input in = {
        .name = name, .text = text, .len = len, .dir = dir, .files = &files, .search = search,
        .home = "/home/u", .uid = "1000", .runtime_dir = "/run/user/1000", .tmpdir = "/tmp",
        .flags = flags, .report = remember, .report_ctx = c,
    };
    c->status = policy_compile(&in, &c->arena, &c->blob, &c->len);
}

void compiled_free(struct compiled *c)
{
    for (struct chunk *next, *k = c->chunks; k; k = next) {
        next = k->next;
        free(k);
    }
    c->chunks = NULL;
}

char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "re");
    cr_assert(f, "%s: %s", path, strerror(errno));
    char *text = NULL;
    size_t size = 0;
    FILE *copy = open_memstream(&text, &size);
    for (int c; (c = getc(f)) != EOF;)
        putc(c, copy);
    fclose(f);
    fclose(copy);
    if (len)
        *len = size;
    return text;
}

int each_row(const char *table, void (*row)(void *ctx, char *line), void *ctx)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", APPARMOR_TABLES, table);
    char *text = slurp(path, NULL), *rest = text;
    int rows = 0;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line && strncmp(line, "# ", 2)) {
            row(ctx, line);
            rows++;
        }
    free(text);
    return rows;
}

static uint32_t unescape(const char *text, char *out)
{
    uint32_t len = 0;
    for (unsigned byte; *text; text++)
        if (sscanf(text, "\\x%2x", &byte) == 1) {
            out[len++] = (char)byte;
            text += 3;
        } else {
            out[len++] = *text;
        }
    return len;
}

static struct policy_addr address(const char *name, char *bytes)
{
    if (!name || !strcmp(name, "?"))
        return (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    if (!strcmp(name, "none"))
        return (struct policy_addr){.kind = POLICY_ADDR_NONE};
    if (!strcmp(name, "auto"))
        return (struct policy_addr){.kind = POLICY_ADDR_AUTO};
    bool abstract = *name == '@';
    uint32_t len = unescape(name + abstract, bytes);
    return (struct policy_addr){
        .kind = abstract ? POLICY_ADDR_ABSTRACT : POLICY_ADDR_PATHNAME, .len = len, .bytes = bytes};
}

bool allowed(const struct policy *p, const struct question *q)
{
    char local[512], peer[512];
    struct policy_query query = {
        .perm = q->perm, .family = q->family, .type = q->type, .protocol = q->protocol,
        .local = address(q->local, local), .peer = address(q->peer, peer), .label = q->label,
    };
    struct policy_verdict v;
    policy_decide(p, &query, &v);
    return v.outcome == POLICY_ALLOWED || v.outcome == POLICY_AUDITED;
}
