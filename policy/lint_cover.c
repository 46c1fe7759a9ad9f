/* Whether one rule takes in another, condition by condition. */
#include "build.h"
#include "lint.h"

static bool families_cover(uint64_t big, uint64_t small)
{
    return rule_any_family(big) || !(small & ~big);
}

static bool types_cover(uint32_t big, uint32_t small)
{
    return !(small & ~big);
}

static bool all_paths(const struct addr_cond *c, bool paths)
{
    for (uint32_t i = 0; i < c->glob_count; i++)
        if ((c->globs[i].code[0] == '/') != paths)
            return false;
    return true;
}

static bool ip_covers(const struct ip_prefix *big, const struct ip_prefix *small)
{
    unsigned whole = big->bits / 8, rest = big->bits % 8;

    if (!big->family)
        return true;
    if (big->family != small->family || small->bits < big->bits || memcmp(big->bytes, small->bytes, whole) != 0)
        return false;
    return !rest || !((big->bytes[whole] ^ small->bytes[whole]) >> (8 - rest));
}

static bool inet_covers(const struct addr_cond *big, const struct addr_cond *small)
{
    return big->port.low <= small->port.low && small->port.high <= big->port.high && ip_covers(&big->ip, &small->ip);
}

static bool names_cover(struct lint_room *room, const struct addr_cond *big, const struct addr_cond *small)
{
    switch (big->match) {
    case ADDR_GLOB:
        return lint_globs_cover(room, big->globs, big->glob_count, small->globs, small->glob_count);
    case ADDR_NOT_PATHNAME:
    case ADDR_ABSTRACT:
        return all_paths(small, false);
    case ADDR_PATHNAME:
        return all_paths(small, true);
    default:
        return false;
    }
}

/* With bind addr=none means autobind, too. */
static bool addr_covers(struct lint_room *room, const struct addr_cond *big, const struct addr_cond *small, uint32_t perms)
{
    if (big->match == ADDR_ANY)
        return true;
    if (small->match == ADDR_GLOB)
        return names_cover(room, big, small);
    if (small->match == ADDR_INET)
        return big->match == ADDR_INET && inet_covers(big, small);
    if (big->match == small->match)
        return true;
    if (big->match == ADDR_NOT_PATHNAME)
        return small->match == ADDR_NONE || small->match == ADDR_AUTO || small->match == ADDR_ABSTRACT;
    return big->match == ADDR_NONE && small->match == ADDR_AUTO && perms == POLICY_BIND;
}

static bool texts_cover(struct lint_room *room, const struct glob *big, uint32_t big_count, const struct glob *small,
                        uint32_t count)
{
    return !big_count || (count && lint_globs_cover(room, big, big_count, small, count));
}

static bool numbers_cover(const struct rule *big, const struct rule *small)
{
    if (big->protocol >= 0 && big->protocol != small->protocol)
        return false;
    if ((big->bound && big->bound != small->bound) || (big->made && big->made != small->made))
        return false;
    if (big->uid_given && !(small->uid_given && small->uid == big->uid))
        return false;
    /* Of some descriptors only rules with fd= speak. */
    return big->fd_given == small->fd_given &&
           (!big->fd_given || (big->fd_low <= small->fd_low && small->fd_high <= big->fd_high));
}

bool lint_rule_covers(struct lint_room *room, const struct rule *big, const struct rule *small)
{
    return families_cover(big->families, small->families) && types_cover(big->types, small->types) &&
           numbers_cover(big, small) && addr_covers(room, &big->local, &small->local, small->perms) &&
           addr_covers(room, &big->peer, &small->peer, small->perms) &&
           texts_cover(room, big->labels, big->label_count, small->labels, small->label_count) &&
           texts_cover(room, big->exes, big->exe_count, small->exes, small->exe_count);
}
