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

    printf("  p%" PRIu32 " [shape=ellipse, label=\"", i);
    put_string(r, p->comm);
    printf("%s%" PRId64 "\"", strings_len(&r->strings, p->comm) ? "\\n" : "", p->pid);
    if (p->exe) {
        fputs(", tooltip=\"", stdout);
        put_string(r, p->exe);
        putchar('"');
    }
    puts(p->seen ? "];" : ", style=dotted];");
}

static void put_place(const struct report *r, uint32_t i)
{
    const struct place *p = place_at(r, i);

    printf("  s%" PRIu32 " [shape=box, style=rounded, label=\"", i);
    put_string(r, p->name);
    fputs("\\n", stdout);
    put_string(r, p->family);
    putchar(' ');
    put_string(r, p->type);
    puts("\"];");
}

/* Arrows go from who asked to who answered, and to who was left with a socket. */
static bool answers(uint32_t verb)
{
    return verb == VERB_BIND || verb == VERB_LISTEN || verb == VERB_ACCEPT || verb == VERB_RECEIVE || verb == VERB_HELD ||
           verb == VERB_LEAK;
}

static uint64_t times(const struct link *l)
{
    uint64_t n = l->calls > l->denied + l->injected + l->other ? l->calls : l->denied + l->injected + l->other;

    return n > l->leaked ? n : l->leaked;
}

static void put_link(const struct link *l)
{
    const char *style = l->leaked ? ", style=dashed, color=\"#b35900\""
                        : l->denied ? ", color=\"#c01c28\", fontcolor=\"#c01c28\""
                        : l->injected ? ", color=\"#813d9c\", fontcolor=\"#813d9c\""
                        : l->calls && l->failed == l->calls ? ", color=gray, fontcolor=gray" : "";

    if (answers(l->verb))
        printf("  s%" PRIu32 " -> p%" PRIu32, l->place, l->process);
    else
        printf("  p%" PRIu32 " -> s%" PRIu32, l->process, l->place);
    printf(" [label=\"%s", verb_words[l->verb]);
    if (times(l) > 1)
        printf(" %" PRIu64, times(l));
    if (l->denied)
        printf("\\ndenied %" PRIu64, l->denied);
    if (l->injected)
        printf("\\ninjected %" PRIu64, l->injected);
    printf("\"%s];\n", style);
}

void report_dot(struct report *r)
{
    bool *in_graph = allocate(r->processes.count + 1);

    puts("digraph sunshim {\n  graph [rankdir=LR];\n  node [fontname=\"sans-serif\", fontsize=11];\n"
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
    for (uint32_t i = 0; i < r->links.count; i++)
        put_link(link_at(r, i));
    puts("}");
}
