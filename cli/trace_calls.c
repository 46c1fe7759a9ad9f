#include <string.h>

#include "trace.h"

static const struct trace_call calls[] = {
    {"socket", ARGS_SOCKET, true},    {"socketpair", ARGS_SOCKET, true}, {"bind", ARGS_NAME, true},
    {"listen", ARGS_BACKLOG, true},   {"accept", ARGS_FD, true},         {"accept4", ARGS_FD, true},
    {"connect", ARGS_PEER, true},     {"send", ARGS_SIZE, true},         {"sendto", ARGS_TO, true},
    {"sendmsg", ARGS_TO, true},       {"sendmmsg", ARGS_MANY, true},     {"recv", ARGS_SIZE, true},
    {"recvfrom", ARGS_SIZE, true},    {"recvmsg", ARGS_SIZE, true},      {"recvmmsg", ARGS_MANY, true},
    {"getsockname", ARGS_FD, true},   {"getpeername", ARGS_FD, true},    {"getsockopt", ARGS_OPTION, true},
    {"setsockopt", ARGS_OPTION, true}, {"shutdown", ARGS_HOW, true},     {"inherit", ARGS_FD, false},
    {"exec", ARGS_NONE, false},
};
enum { CALLS = sizeof calls / sizeof *calls };
_Static_assert(sizeof calls / sizeof *calls <= (int)TRACE_CALLS_MAX, "a choice has a bit for each");

const struct trace_call *trace_call(const char *name)
{
    for (const struct trace_call *c = calls; c < calls + CALLS; c++)
        if (*c->name == *name && !strcmp(c->name, name))
            return c;
    return NULL;
}

unsigned trace_call_number(const struct trace_call *c)
{
    return (unsigned)(c - calls);
}

const struct trace_call *trace_call_at(unsigned number)
{
    return number < CALLS ? &calls[number] : NULL;
}
