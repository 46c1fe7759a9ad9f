/* What doctor found, for people: the verdict first. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "doctor.h"
#include "who_print.h"

enum { ROWS_HEAD = 12, ROWS_TAIL = 8 }; /* of longer tables; the row of the limit always */

char *doctor_verdict(const struct doctor *d)
{
    const struct finding *worst = findings_worst(&d->findings);

    if (worst)
        return format_new("%s: %s", worst->severity == REMEDY ? "needs a remedy" : "does not work",
                          worst->what);
    if (d->walk.error)
        return format_new("works: nothing is there, and bind would make it");
    if (d->listening == LISTENING_UNKNOWN)
        return format_new("works, as far as can be seen: a socket's file is there");
    if (!d->bound)
        return format_new("works: a socket answers");
    return format_new("works: %s, %s", heading(d->bound), holders_line(&d->answer, d->bound->ino));
}

/* --- The table ------------------------------------------------------------------------- */

struct row {
    const char *name; /* with the slash behind it */
    size_t bytes, total;
};

static size_t rows_of(const struct doctor *d, struct row *rows)
{
    size_t count = 0, total = 0;

    for (const char *at = d->path; *at; at += rows[count++].bytes) {
        size_t n = strcspn(at, "/");

        n += strspn(at + n, "/");
        total += n;
        rows[count] = (struct row){format_new("%.*s", (int)n, at), n, total};
    }
    return count;
}

static bool is_at_limit(const struct row *r)
{
    return r->total > SUN_USABLE && r->total - r->bytes <= SUN_USABLE;
}

static void print_table(const struct doctor *d)
{
    struct row *rows = allocate((d->len + 1) * sizeof *rows);
    size_t count = rows_of(d, rows), left = 0;
    bool all = count <= ROWS_HEAD + ROWS_TAIL;

    puts("\n  bytes  total  component");
    for (size_t i = 0; i < count; i++) {
        if (!all && i >= ROWS_HEAD && i + ROWS_TAIL < count && !is_at_limit(&rows[i])) {
            left++;
            continue;
        }
        if (left)
            printf("                (%zu more)\n", left);
        left = 0;
        printf("%7zu%7zu  %s%s\n", rows[i].bytes, rows[i].total, shown_short(rows[i].name, 44),
               is_at_limit(&rows[i]) ? "   <- 107" : "");
    }
    putchar('\n');
}

/* --- The rest ------------------------------------------------------------------------------ */

/* Those of a circle once. */
static bool is_shown(const struct walk *w, unsigned link)
{
    for (unsigned i = 0; i < link; i++)
        if (!strcmp(w->links[i].name, w->links[link].name))
            return true;
    return false;
}

static void print_links(const struct walk *w)
{
    unsigned more = 0, lines = 0;

    for (unsigned i = 0; i < w->link_count; i++) {
        if (is_shown(w, i))
            continue;
        if (lines++ < LISTED_MAX)
            field("link", "%s -> %s", shown_short(w->links[i].name, 40), shown_short(w->links[i].target, 40));
        else
            more++;
    }
    if (more)
        field("link", "and %u more", more);
}

static void print_names(const struct doctor *d)
{
    const struct walk *w = &d->walk;

    field("path", "%s", shown_text(d->path));
    field("length", "%zu byte%s; an address holds %d, or %d without a NUL behind them", d->len,
          d->len == 1 ? "" : "s", SUN_USABLE, SUN_ROOM);
    if (*d->path != '/' && d->absolute)
        field("relative", "%zu bytes with the working directory: %s", strlen(d->absolute),
              shown_short(d->absolute, 40));
    print_links(w);
    if (d->bound)
        field("socket", "socket:[%u] %s, %s", d->bound->ino, heading(d->bound),
              holders_line(&d->answer, d->bound->ino));
}

void findings_print(const struct findings *f)
{
    static const char *const words[] = {"note", "problem", "problem"};

    for (unsigned i = 0; i < f->count; i++) {
        field(words[f->at[i].severity], "%s", f->at[i].what);
        for (unsigned k = 0; k < f->at[i].remedy_count; k++)
            field(k ? "  or" : "  do", "%s", f->at[i].remedies[k]);
    }
}

static char *result_of(const struct trial *t, int type)
{
    if (!t->error[type])
        return format_new("works");
    if (t->error[type] < 0)
        return format_new("not tried");
    return format_new("%s: %s", t->step[type],
                      strerrorname_np(t->error[type]) ? strerrorname_np(t->error[type]) : "?");
}

static void print_trials(const struct doctor *d)
{
    for (unsigned i = 0; i < d->trial_count; i++)
        field("tried", "%-16s stream %-22s dgram %s", d->trials[i].name, result_of(&d->trials[i], 0),
              result_of(&d->trials[i], 1));
}

void doctor_print(const struct doctor *d)
{
    printf("%s\n\n", doctor_verdict(d));
    print_names(d);
    print_table(d);
    findings_print(&d->findings);
    print_trials(d);
    for (unsigned i = 0; i < d->note_count; i++)
        field("unseen", "%s", d->notes[i]);
}
