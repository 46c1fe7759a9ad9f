/* What doctor found, for tools. */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "json.h"
#include "who_print.h"

static const char *const verdicts[] = {"works", "remedy", "none"};

static void put_components(const struct doctor *d)
{
    size_t n, total = 0;

    json_array("components");
    for (const char *at = d->path; *at; at += n) {
        n = strcspn(at, "/");
        n += strspn(at + n, "/");
        total += n;
        json_object(NULL);
        json_bytes("name", at, n);
        json_unsigned("bytes", n);
        json_unsigned("total", total);
        json_end();
    }
    json_end();
}

static void put_links(const struct walk *w)
{
    json_array("links");
    for (unsigned i = 0; i < w->link_count; i++) {
        json_object(NULL);
        json_string("name", w->links[i].name);
        json_string("target", w->links[i].target);
        json_end();
    }
    json_end();
}

void findings_json(const struct findings *f)
{
    static const char *const words[] = {"note", "remedy", "none"};

    json_array("findings");
    for (unsigned i = 0; i < f->count; i++) {
        json_object(NULL);
        json_string("finding", f->at[i].word);
        json_string("severity", words[f->at[i].severity]);
        json_string("what", f->at[i].what);
        json_array("do");
        for (unsigned k = 0; k < f->at[i].remedy_count; k++)
            json_string(NULL, f->at[i].remedies[k]);
        json_end();
        json_end();
    }
    json_end();
}

static void put_result(const char *key, const struct trial *t, int type)
{
    json_object(key);
    json_bool("tried", t->error[type] >= 0);
    json_bool("works", !t->error[type]);
    if (t->error[type] > 0) {
        json_string("call", t->step[type]);
        json_string("errno", strerrorname_np(t->error[type]) ? strerrorname_np(t->error[type]) : "?");
    }
    json_end();
}

static void put_trials(const struct doctor *d)
{
    json_array("tried");
    for (unsigned i = 0; i < d->trial_count; i++) {
        json_object(NULL);
        json_string("remedy", d->trials[i].name);
        put_result("stream", &d->trials[i], 0);
        put_result("dgram", &d->trials[i], 1);
        json_end();
    }
    json_end();
}

static void put_socket(const struct doctor *d)
{
    if (!d->bound)
        return;
    json_object("socket");
    json_unsigned("inode", d->bound->ino);
    json_string("type", sock_type(d->bound) ? sock_type(d->bound) : "?");
    json_string("state", sock_state(d->bound));
    json_end();
}

void doctor_print_json(const struct doctor *d)
{
    json_object(NULL);
    json_string("verdict", verdicts[doctor_status(d)]);
    json_string("summary", doctor_verdict(d));
    json_bytes("path", d->path, d->len);
    json_unsigned("length", d->len);
    json_unsigned("limit", SUN_USABLE);
    if (*d->path != '/' && d->absolute)
        json_string("absolute", d->absolute);
    put_components(d);
    put_links(&d->walk);
    put_socket(d);
    findings_json(&d->findings);
    put_trials(d);
    json_array("notes");
    for (unsigned i = 0; i < d->note_count; i++)
        json_string(NULL, d->notes[i]);
    json_end();
    json_end();
    json_done();
}
