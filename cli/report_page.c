/* The page: one file that holds its code, its libraries and what the logs say, and asks
 * nobody for anything. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli.h"
#include "report.h"
#include "report_assets.h"

struct page {
    FILE *out;
    struct report *report;
    char *const *logs;
    int log_count;
    char nonce[33]; /* what the page's own scripts have and nothing in its data can know */
};

/* --- Data ------------------------------------------------------------------------------------ */

/* A JSON string that is also harmless within a script element: neither an end of it nor a
 * comment can stand in it. report_shown() has taken out what else is special. */
static void put_json_text(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++)
        if (strchr("\"\\", *text))
            fprintf(out, "\\%c", *text);
        else if (strchr("<>&'", *text))
            fprintf(out, "\\u%04x", *text);
        else
            putc(*text, out);
    putc('"', out);
}

static void put_bytes(FILE *out, const void *bytes, size_t len)
{
    char *text = report_shown(bytes, len);

    put_json_text(out, text);
    free(text);
}

static void put_strings(const struct page *p)
{
    const struct strings *s = &p->report->strings;

    fputs(",\n\"strings\":[", p->out);
    for (uint32_t i = 0; i < s->count; i++) {
        fputs(i ? "," : "", p->out);
        put_bytes(p->out, strings_get(s, i), strings_len(s, i));
    }
    putc(']', p->out);
}

static void put_words(const struct page *p, const char *key, const char *const *words, int count)
{
    fprintf(p->out, ",\n\"%s\":[", key);
    for (int i = 0; i < count; i++)
        fprintf(p->out, "%s\"%s\"", i ? "," : "", words[i]);
    putc(']', p->out);
}

/* Times as the differences from one to the next. */
static void put_rows(const struct page *p)
{
    const struct report *r = p->report;
    int64_t before = r->row_count ? r->rows[0].time : 0;

    fprintf(p->out, ",\n\"count\":%" PRIu32 ",\"start\":%" PRId64 ",\"steps\":[", r->row_count, before);
    for (uint32_t i = 0; i < r->row_count; before = r->rows[i++].time)
        fprintf(p->out, "%s%" PRId64, i ? "," : "", r->rows[i].time - before);
    fputs("],\n\"kind\":[", p->out);
    for (uint32_t i = 0; i < r->row_count; i++)
        fprintf(p->out, "%s%d", i ? "," : "", r->rows[i].kind);
    fputs("],\n\"verb\":[", p->out);
    for (uint32_t i = 0; i < r->row_count; i++)
        fprintf(p->out, "%s%d", i ? "," : "", r->rows[i].verb);
    fputs("],\n\"process\":[", p->out);
    for (uint32_t i = 0; i < r->row_count; i++)
        fprintf(p->out, "%s%" PRId32, i ? "," : "", (int32_t)r->rows[i].process);
    fputs("],\n\"socket\":[", p->out);
    for (uint32_t i = 0; i < r->row_count; i++)
        fprintf(p->out, "%s%" PRId32, i ? "," : "", (int32_t)r->rows[i].place);
    putc(']', p->out);
}

static void put_column(const struct page *p, const struct column *c)
{
    const struct strings *s = &p->report->strings;

    fputs("{\"key\":", p->out);
    put_bytes(p->out, strings_get(s, c->key), strings_len(s, c->key));
    fprintf(p->out, ",\"number\":%s,\"rows\":[", c->number ? "true" : "false");
    if (c->count < p->report->row_count) /* otherwise all */
        for (uint32_t i = 0; i < c->count; i++)
            fprintf(p->out, "%s%" PRIu32, i ? "," : "", i ? c->row[i] - c->row[i - 1] : c->row[i]);
    fputs("],\"values\":[", p->out);
    for (uint32_t i = 0; i < c->count; i++)
        fprintf(p->out, "%s%" PRId64, i ? "," : "", c->value[i]);
    fputs("]}", p->out);
}

static void put_columns(const struct page *p)
{
    fputs(",\n\"columns\":[", p->out);
    for (uint32_t i = 0; i < p->report->column_count; i++) {
        fputs(i ? ",\n" : "\n", p->out);
        put_column(p, &p->report->columns[i]);
    }
    putc(']', p->out);
}

static void put_nodes(const struct page *p)
{
    const struct report *r = p->report;

    fputs(",\n\"processes\":[", p->out);
    for (uint32_t i = 0; i < r->processes.count; i++) {
        const struct process *w = process_at(r, i);

        fprintf(p->out, "%s[%" PRId64 ",%" PRId64 ",%" PRIu32 ",%" PRIu32 ",%d]", i ? "," : "", w->pid, w->ppid, w->comm, w->exe, w->seen);
    }
    fputs("],\n\"sockets\":[", p->out);
    for (uint32_t i = 0; i < r->places.count; i++) {
        const struct place *w = place_at(r, i);

        fprintf(p->out, "%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", i ? "," : "", w->name, w->family, w->type);
    }
    putc(']', p->out);
}

/* The links that no row stands for: what others' records say of a process. */
static void put_strangers(const struct page *p)
{
    const struct report *r = p->report;
    bool first = true;

    fputs(",\n\"others\":[", p->out);
    for (uint32_t i = 0; i < r->links.count; i++) {
        const struct link *l = link_at(r, i);

        if (l->verb != VERB_MADE && process_at(r, l->process)->seen)
            continue;
        fprintf(p->out, "%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64 "]", first ? "" : ",", l->process, l->place, l->verb,
                l->other + l->leaked);
        first = false;
    }
    putc(']', p->out);
}

static void put_rules(const struct page *p)
{
    const struct report *r = p->report;

    fputs(",\n\"rules\":[", p->out);
    for (uint32_t i = 0; i < r->rules.count; i++) {
        const struct rule_use *u = rule_at(r, i);

        fprintf(p->out, "%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%d,%" PRIu64 ",%" PRIu64 "]", i ? "," : "", u->where,
                u->file, u->line, u->text, !u->known ? 0 : u->deny ? 2 : u->inject ? 3 : 1, u->calls, u->records);
    }
    putc(']', p->out);
}

static void put_data(const struct page *p)
{
    fputs("{\"version\":1,\"program\":\"sunshim " SUNSHIM_VERSION "\",\"logs\":[", p->out);
    for (int i = 0; i < p->log_count; i++) {
        fputs(i ? "," : "", p->out);
        put_bytes(p->out, p->logs[i], strlen(p->logs[i]));
    }
    fprintf(p->out, "],\"skipped\":%" PRIu64, p->report->skipped);
    put_words(p, "kinds", kind_words, KINDS);
    put_words(p, "verbs", verb_words, VERBS);
    put_strings(p);
    put_nodes(p);
    put_strangers(p);
    put_rules(p);
    put_rows(p);
    put_columns(p);
    fputs("}\n", p->out);
}

/* --- The rest ---------------------------------------------------------------------------------- */

static void put_asset(const struct page *p, const struct asset *a)
{
    fwrite(a->start, 1, (size_t)(a->end - a->start), p->out);
}

static void put_styles(const struct page *p)
{
    for (const struct asset *a = assets_style; a->start; a++)
        put_asset(p, a);
}

static void put_licences(const struct page *p)
{
    for (const struct asset *a = assets_licences; a->start; a++)
        put_asset(p, a);
}

static void put_scripts(const struct page *p, const struct asset *list)
{
    for (const struct asset *a = list; a->start; a++) {
        fprintf(p->out, "<script nonce=\"%s\">", p->nonce);
        put_asset(p, a);
        fputs("</script>\n", p->out);
    }
}

static void put_libraries(const struct page *p)
{
    put_scripts(p, assets_libraries);
}

static void put_code(const struct page *p)
{
    put_scripts(p, assets_code);
}

static void put_nonce(const struct page *p)
{
    fputs(p->nonce, p->out);
}

static const struct {
    const char *name;
    void (*put)(const struct page *p);
} parts[] = {{"nonce", put_nonce},         {"style", put_styles}, {"data", put_data},
             {"licences", put_licences},   {"libraries", put_libraries}, {"code", put_code}};

/* Puts in what `name` of `len` bytes stands for. */
static void put_part(const struct page *p, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strlen(parts[i].name) == len && !memcmp(parts[i].name, name, len))
            parts[i].put(p);
}

static void put_page(const struct page *p)
{
    const char *at = asset_page.start, *open, *close;

    while ((open = memmem(at, (size_t)(asset_page.end - at), "{{", 2)) &&
           (close = memmem(open, (size_t)(asset_page.end - open), "}}", 2))) {
        fwrite(at, 1, (size_t)(open - at), p->out);
        put_part(p, open + 2, (size_t)(close - open - 2));
        at = close + 2;
    }
    fwrite(at, 1, (size_t)(asset_page.end - at), p->out);
}

static int make_nonce(char nonce[33])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return fail("no random bytes: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int report_page(struct report *r, char *const *logs, int count, const char *path)
{
    struct page p = {.report = r, .logs = logs, .log_count = count};
    bool standard = !strcmp(path, "-"), bad;

    if (make_nonce(p.nonce))
        return EXIT_SUNSHIM;
    if (!(p.out = standard ? stdout : fopen(path, "we")))
        return fail("cannot write %s: %s", path, strerror(errno));
    put_page(&p);
    if (standard)
        return 0; /* main() says whether that could be written */
    bad = ferror(p.out) != 0;
    if (fclose(p.out) || bad)
        return fail("cannot write %s: %s", path, strerror(errno));
    return 0;
}
