#include "tests/e2e/leaky.h"

struct run tracked(const char *options, const char *makes, const char *hook)
{
    put("hook", text("#!/bin/sh\n%s\n", hook));
    return run(text(DAEMON "chmod +x hook; \"$SUNSHIM\" run %s -- ./leakyd %s -- ./hook", options, makes));
}

struct run judged(const char *policy, const char *options, const char *makes, const char *hook)
{
    put("leaks.policy", policy);
    return tracked(text("-p $T/leaks.policy %s", options), makes, hook);
}

char *told(const struct run *r, const char *name, int column)
{
    char *copy = text("\n%s", r->out), *line = strstr(copy, text("\n%s ", name));

    cr_assert(line, "leakyd says nothing of \"%s\"\n%s", name, run_report(r));
    line++;
    for (; column; column--)
        line += strcspn(line, " ") + 1;
    return text("%.*s", (int)strcspn(line, " \n"), line);
}

char *record(const struct run *r, const char *kind, const char *comm, const char *name)
{
    char *line;

    for (int n = 0; (line = record_line(r->err, n)) != NULL; n++)
        if (strstr(line, text("sunshim=\"%s\"", kind)) && strstr(line, text(" comm=\"%s\"", comm)) &&
            strstr(line, text(" fd=%s ", told(r, name, FD))))
            return line;
    cr_assert(line, "no %s record about %s in %s\n%s", kind, name, comm, run_report(r));
    return line;
}

char *leak(const struct run *r, const char *comm, const char *name)
{
    return record(r, "LEAK", comm, name);
}

int about(const struct run *r, const char *kind, const char *comm)
{
    return lines_with(r->err, text("sunshim=\"%s\"", kind), text(" comm=\"%s\"", comm), NULL);
}
