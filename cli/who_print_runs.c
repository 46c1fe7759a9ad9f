/* What is known of processes and runs, for people. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "who_print.h"

enum { COMMAND_MAX = 120 };

/* --- One process --------------------------------------------------------------------------------- */

void print_process(const struct answer *a)
{
    const struct run *run = runs_of_process((struct runs *)&a->runs, a->process);

    printf("process %d  %s  %s\n", a->process, shown_text(process_comm(a->process)),
           shown_text(process_exe(a->process)));
    if (run)
        field("run", "%s", shown_text(run->dir));
    for (size_t i = 0; i < a->own.count; i++) {
        char *fd = format_new("fd %d%s", a->own.at[i].fd, a->own.at[i].cloexec ? "" : " *");
        struct sock *s = socket_of(a, a->own.at[i].ino);

        printf("  %-9s ", fd);
        if (s)
            print_short(a, s);
        else
            printf("socket:[%u]\n", a->own.at[i].ino);
    }
    puts("  * stays open on exec");
}

/* --- Runs ------------------------------------------------------------------------------------------- */

static char *command_of(const struct run *r)
{
    size_t len;
    char *args = run_command_line(r, &len), *line = format_new("%s", "");

    for (char *at = args; args && at < args + len; at += strlen(at) + 1)
        line = format_new("%s %s", line, *at ? shown_text(at) : "''");
    size_t end = COMMAND_MAX;
    if (strlen(line) <= end)
        return line;
    while (((unsigned char)line[end] & 0xc0) == 0x80) /* a character stays whole */
        end--;
    return format_new("%.*s...", (int)end, line);
}

static void print_launcher(const struct run *r)
{
    if (!r->launched)
        field("launcher", "not known");
    else
        field("launcher", "%d%s", r->launcher,
              r->there     ? command_of(r)
              : r->foreign ? " in another process id namespace"
                           : " (has ended)");
    if (r->since.tv_sec)
        field("since", "%s", shown_time(r->since.tv_sec));
}

static void print_pids(const struct run *r)
{
    printf("  %-9s %u", "processes", r->pid_count);
    for (unsigned i = 0; i < r->pid_count && i < LISTED_MAX; i++)
        printf("%s%d %s", i ? ", " : ": ", r->pids[i], shown_text(process_comm(r->pids[i])));
    puts(r->pid_count > LISTED_MAX ? ", ..." : "");
}

static void print_layers(const struct run *r)
{
    printf("  %-9s ", "policies");
    for (unsigned i = 0; i < r->layer_count; i++)
        printf("%s%s%s%s", i ? ", " : "", shown_text(r->layers[i].name), r->layers[i].complain ? " (complain)" : "",
               r->layers[i].up ? " (outer)" : "");
    puts(r->layer_count ? "" : "none");
}

static void print_counts(const struct run *r)
{
    static const struct {
        enum count which;
        const char *word;
    } words[] = {{COUNT_DENIED, "denied"},   {COUNT_ALLOWED, "would be denied"}, {COUNT_AUDIT, "audited"},
                 {COUNT_HINT, "hints"},      {COUNT_LEAK, "leaked"},             {COUNT_UNSEEN, "not seen"},
                 {COUNT_TRUNCATED, "cut"},   {COUNT_DROPPED, "records lost"},
                 {COUNT_OUTSIDE, "binds not remembered"}};
    struct counts_unseen u;
    bool any = false;

    if (!r->counts)
        return;
    printf("  %-9s ", "counts");
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (counts_get(r->counts, words[i].which)) {
            printf("%s%ju %s", any ? ", " : "", (uintmax_t)counts_get(r->counts, words[i].which), words[i].word);
            any = true;
        }
    puts(any ? "" : "nothing happened");
    for (unsigned i = 0; counts_unseen_get(r->counts, i, &u); i++)
        field("not seen", "%s (%s)", shown_text(u.path), shown_text(u.why));
}

void print_run(const struct run *r)
{
    puts(shown_text(r->dir));
    print_launcher(r);
    if (r->owner != geteuid())
        field("uid", "%u", r->owner);
    print_pids(r);
    print_layers(r);
    field("memory", "%s",
          r->has_table ? r->has_ring ? "table, ring" : "table" : r->has_ring ? "ring" : "none");
    if (r->outer)
        field("inside", "%s", shown_text(r->outer));
    print_counts(r);
}

/* The sockets that a run knows and that still exist. */
void print_run_sockets(const struct answer *a)
{
    for (size_t i = 0; i < a->found_count; i++) {
        if (!i)
            putchar('\n');
        print_short(a, a->found[i]);
    }
}

void print_runs(const struct answer *a)
{
    bool any = false;

    for (unsigned i = 0; i < a->runs.count; i++) {
        if (!run_lives(&a->runs.at[i]))
            continue;
        if (any)
            putchar('\n');
        any = true;
        print_run(&a->runs.at[i]);
    }
    if (!any)
        puts("no runs");
}
