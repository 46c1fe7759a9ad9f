#include "explain_map.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Names may hold anything; a line stays one. */
static char *printable(const char *name, size_t len)
{
    char *out = allocate(len + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
    out[len] = '\0';
    return out;
}

static const char *say_step(const struct policy *p, uint32_t rule, const struct policy_addr *from, const char *to)
{
    struct policy_rule_info info = {.file = "?"};

    policy_rule(p, rule, &info);
    return format_new("mapped: %s -> %s by %s:%u\n", printable(from->bytes, from->len),
                      to ? printable(to, strlen(to)) : "a path that is too long", printable(info.file, strlen(info.file)),
                      info.line);
}

/* Which socket is behind it shows when it is passed. */
static const char *say_passed_peer(const char *name)
{
    return format_new("note: '%s' is what sunshim run --pass or --anon passes; rules are about the own name of the socket "
                      "behind it, which is not known here\n"
                      "note: where it has none, as with --anon, ask with peer_addr=none\n",
                      name);
}

static const char *say_passed_own(const char *name, uint32_t perm)
{
    return format_new("note: '%s' is what sunshim run --pass or --anon passes: bind finds the name taken (EADDRINUSE)\n%s", name,
                      perm & POLICY_PEER_PERMS ? "note: the name that is connected or sent to is peer_addr=\n" : "");
}

static const char *map_one(const struct policy *p, struct policy_addr *a, const char **passed)
{
    char *to = allocate(PATH_MAX);
    uint32_t rule = policy_map_rule(p, a->bytes, a->len, to, PATH_MAX);
    const char *line = "";

    if (rule != POLICY_RULE_NONE) {
        long len = policy_map(p, a->bytes, a->len, to, PATH_MAX);

        line = say_step(p, rule, a, len > 0 ? to : NULL);
        if (len > 0 && *to != '/') {
            a->kind = POLICY_ADDR_UNKNOWN;
            *passed = to + 3;
        } else if (len > 0) {
            *a = (struct policy_addr){.kind = a->kind, .bytes = to, .len = (uint32_t)len};
        }
    }
    return line;
}

static const char *map_end(const struct loaded *layers, unsigned count, struct policy_addr *a, const char **passed)
{
    const char *lines = "";

    while (count-- && a->kind == POLICY_ADDR_PATHNAME && a->bytes)
        lines = format_new("%s%s", lines, map_one(&layers[count].policy, a, passed));
    return lines;
}

const char *explain_map(const struct loaded *layers, unsigned count, struct policy_query *q)
{
    const char *own = NULL, *peer = NULL;
    const char *own_lines = map_end(layers, count, &q->local, &own), *peer_lines = map_end(layers, count, &q->peer, &peer);

    return format_new("%s%s%s%s", own_lines, peer_lines, own ? say_passed_own(own, q->perm) : "",
                      peer ? say_passed_peer(peer) : "");
}
