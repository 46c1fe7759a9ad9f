/* The report for other programs: docs/report.schema.json. */
#include <string.h>

#include "json.h"
#include "report.h"

static void put_string(const char *key, const struct report *r, uint32_t n)
{
    json_bytes(key, strings_get(&r->strings, n), strings_len(&r->strings, n));
}

static void put_time(const char *key, int64_t microseconds)
{
    if (microseconds)
        json_number(key, microseconds);
}

static void put_processes(const struct report *r)
{
    json_array("processes");
    for (uint32_t i = 0; i < r->processes.count; i++) {
        const struct process *p = process_at(r, i);

        json_object(NULL);
        json_unsigned("id", i);
        json_number("pid", p->pid);
        if (p->ppid >= 0)
            json_number("ppid", p->ppid);
        put_string("comm", r, p->comm);
        put_string("exe", r, p->exe);
        json_bool("recorded", p->seen);
        json_end();
    }
    json_end();
}

static void put_places(const struct report *r)
{
    json_array("sockets");
    for (uint32_t i = 0; i < r->places.count; i++) {
        const struct place *p = place_at(r, i);

        json_object(NULL);
        json_unsigned("id", i);
        put_string("name", r, p->name);
        put_string("family", r, p->family);
        put_string("type", r, p->type);
        json_end();
    }
    json_end();
}

static void put_links(const struct report *r)
{
    json_array("links");
    for (uint32_t i = 0; i < r->links.count; i++) {
        const struct link *l = link_at(r, i);

        json_object(NULL);
        json_unsigned("process", l->process);
        json_unsigned("socket", l->place);
        json_string("did", verb_words[l->verb]);
        json_unsigned("calls", l->calls);
        json_unsigned("failed", l->failed);
        json_unsigned("denied", l->denied);
        json_unsigned("injected", l->injected);
        json_unsigned("leaked", l->leaked);
        json_unsigned("bytes", l->bytes);
        json_unsigned("duration_ns", l->duration);
        json_end();
    }
    json_end();
}

/* What a record says under these keys, as it is there. */
static void put_fields(const struct report *r, uint32_t row, const char *const *keys)
{
    size_t len;

    for (; *keys; keys++) {
        const char *text = report_text(r, row, *keys, &len);

        if (text)
            json_bytes(*keys, text, len);
        else if (report_number(r, row, *keys, INT64_MIN) != INT64_MIN)
            json_number(*keys, report_number(r, row, *keys, 0));
    }
}

static void put_group(const struct report *r, const struct group *g, const char *const *keys)
{
    const struct row *w = &r->rows[g->first];

    json_object(NULL);
    json_unsigned("count", g->count);
    put_time("first_us", g->from);
    put_time("last_us", g->to);
    if (w->process != NOBODY)
        json_unsigned("process", w->process);
    if (w->place != NOBODY)
        json_unsigned("socket", w->place);
    put_fields(r, g->first, keys);
    json_end();
}

static void put_groups(struct report *r, const char *name, enum kind kind, const char *const *keys)
{
    uint32_t count;
    const struct group *groups = report_groups(r, kind, &count);

    json_array(name);
    for (uint32_t i = 0; i < count; i++)
        put_group(r, &groups[i], keys);
    json_end();
}

static void put_rules(const struct report *r)
{
    json_array("rules");
    for (uint32_t i = 0; i < r->rules.count; i++) {
        const struct rule_use *u = rule_at(r, i);

        json_object(NULL);
        put_string("file", r, u->file);
        json_unsigned("line", u->line);
        if (u->known) {
            put_string("text", r, u->text);
            json_string("kind", u->deny ? "deny" : u->inject ? "inject" : "allow");
        }
        json_unsigned("calls", u->calls);
        json_unsigned("records", u->records);
        json_end();
    }
    json_end();
}

static void put_counts(const struct report *r)
{
    json_object("records");
    for (int i = 0; i < KINDS; i++)
        json_unsigned(kind_words[i], r->kinds[i]);
    json_unsigned("skipped_lines", r->skipped);
    json_end();
}

void report_json(struct report *r, char *const *logs, int count)
{
    static const char *const denial[] = {"operation", "requested", "errno", "policy", "rule", "hint", NULL};
    static const char *const injection[] = {"operation", "requested", "errno", "delay_ns", "short", "rule", NULL};
    static const char *const leak[] = {"fd", "inode", "origin", "origin_pid", "origin_comm", "origin_process", "passed_pid", "hint", NULL};
    static const char *const hint[] = {"operation", "name", "addr", "intended", "errno", "info", "hint", NULL};

    json_object(NULL);
    json_number("version", 1);
    json_array("logs");
    for (int i = 0; i < count; i++)
        json_string(NULL, logs[i]);
    json_end();
    put_counts(r);
    if (r->row_count) {
        put_time("first_us", r->rows[0].time);
        put_time("last_us", r->rows[r->row_count - 1].time);
    }
    put_processes(r);
    put_places(r);
    put_links(r);
    put_groups(r, "denials", KIND_DENIED, denial);
    put_groups(r, "injections", KIND_INJECTED, injection);
    put_groups(r, "leaks", KIND_LEAK, leak);
    put_groups(r, "hints", KIND_HINT, hint);
    put_groups(r, "unseen", KIND_UNSEEN, hint);
    put_rules(r);
    json_end();
    json_done();
}
