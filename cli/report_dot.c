/* The graph of processes and sockets, for Graphviz. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

/* In a quoted string of DOT: a backslash would begin an escape, and Graphviz reads &...; as
 * HTML does. */
static void put_text(const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if (*text == '&')
            fputs("&amp;", stdout);
        else
            putchar(*text);
}

static void put_string(const struct report *r, uint32_t n)
{
    char *text = report_shown(strings_get(&r->strings, n), strings_len(&r->strings, n));

    put_text(text);
    free(text);
}

static void put_process(const struct report *r, uint32_t i)
{
    const struct process *p = process_at(r, i);

    printf("  p%" PRIu32 " [shape=octagon, style=filled, fillcolor=\"#e6eefb\", color=\"#6d90cc\", label=\"", i);
    put_string(r, p->comm);
    printf("%s%" PRId64 "\"", strings_len(&r->strings, p->comm) ? "\\n" : "", p->pid);
    if (p->exe) {
        fputs(", tooltip=\"", stdout);
        put_string(r, p->exe);
        putchar('"');
    }
    puts(p->seen ? "];" : ", penwidth=0.5];");
}

static void put_place(const struct report *r, uint32_t i)
{
    const struct place *p = place_at(r, i);

    printf("  s%" PRIu32 " [fillcolor=\"#eef4ea\", color=\"#7fa06b\", label=\"", i);
    put_string(r, p->name);
    fputs("\\n", stdout);
    put_string(r, p->family);
    putchar(' ');
    put_string(r, p->type);
    puts("\"];");
}

/* --- Lines: all that a process and a socket had to do with each other is one ------------------ */

struct line {
    const struct link **at;
    uint32_t count;
};

static int by_ends(const void *a, const void *b)
{
    const struct link *x = *(const struct link *const *)a, *y = *(const struct link *const *)b;

    if (x->process != y->process)
        return x->process < y->process ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x > y) - (x < y);
}

static uint64_t times(const struct link *l)
{
    uint64_t n = l->calls > l->denied + l->injected + l->other ? l->calls : l->denied + l->injected + l->other;

    return n > l->leaked ? n : l->leaked;
}

static struct link sum_of(struct line line)
{
    struct link sum = *line.at[0];

    for (uint32_t i = 1; i < line.count; i++) {
        sum.calls += line.at[i]->calls, sum.failed += line.at[i]->failed;
        sum.denied += line.at[i]->denied, sum.injected += line.at[i]->injected, sum.leaked += line.at[i]->leaked;
    }
    return sum;
}

/* Arrows go from who asked to who answered, and to who was left with a socket. */
static bool answers(struct line line)
{
    for (uint32_t i = 0; i < line.count; i++) {
        uint32_t verb = line.at[i]->verb;

        if (verb == VERB_BIND || verb == VERB_LISTEN || verb == VERB_ACCEPT || verb == VERB_HELD || verb == VERB_LEAK)
            return true;
    }
    return false;
}

/* As the page has it: whoever made what leaked did not do wrong by what else it did with it. */
static bool open_line(struct line line)
{
    for (uint32_t i = 0; i < line.count; i++)
        if (line.at[i]->verb == VERB_LEAK)
            return true;
    return line.count == 1 && line.at[0]->verb == VERB_MADE;
}

static void put_line(struct line line)
{
    const struct link sum = sum_of(line);
    const char *style = open_line(line) ? ", style=dashed, color=\"#a35000\""
                        : sum.denied ? ", color=\"#c01c28\", fontcolor=\"#c01c28\", arrowhead=tee"
                        : sum.injected ? ", color=\"#813d9c\", fontcolor=\"#813d9c\""
                        : sum.calls && sum.failed == sum.calls ? ", style=dotted" : "";

    if (answers(line))
        printf("  s%" PRIu32 " -> p%" PRIu32, sum.place, sum.process);
    else
        printf("  p%" PRIu32 " -> s%" PRIu32, sum.process, sum.place);
    fputs(" [label=\"", stdout);
    for (uint32_t i = 0; i < line.count; i++) {
        printf("%s%s", i ? "\\n" : "", verb_words[line.at[i]->verb]);
        if (times(line.at[i]) > 1)
            printf(" %" PRIu64, times(line.at[i]));
    }
    if (sum.denied)
        printf("\\ndenied %" PRIu64, sum.denied);
    if (sum.injected)
        printf("\\ninjected %" PRIu64, sum.injected);
    printf("\"%s];\n", style);
}

static void put_lines(const struct report *r)
{
    const struct link **all = allocate((r->links.count + 1) * sizeof *all);

    for (uint32_t i = 0; i < r->links.count; i++)
        all[i] = link_at(r, i);
    qsort(all, r->links.count, sizeof *all, by_ends);
    for (uint32_t from = 0, to; from < r->links.count; from = to) {
        for (to = from + 1; to < r->links.count && all[to]->process == all[from]->process && all[to]->place == all[from]->place;)
            to++;
        put_line((struct line){all + from, to - from});
    }
    free(all);
}

void report_dot(struct report *r)
{
    bool *in_graph = allocate(r->processes.count + 1);

    puts("digraph sunshim {\n  graph [rankdir=LR, overlap=false];\n  node [fontname=\"sans-serif\", fontsize=11, shape=box, style=\"rounded,filled\"];\n"
         "  edge [fontname=\"sans-serif\", fontsize=9];");
    for (uint32_t i = 0; i < r->links.count; i++)
        in_graph[link_at(r, i)->process] = true;
    for (uint32_t i = 0; i < r->processes.count; i++)
        if (in_graph[i])
            put_process(r, i);
    in_graph = allocate(r->places.count + 1);
    for (uint32_t i = 0; i < r->links.count; i++)
        in_graph[link_at(r, i)->place] = true;
    for (uint32_t i = 0; i < r->places.count; i++)
        if (in_graph[i])
            put_place(r, i);
    put_lines(r);
    puts("}");
}
