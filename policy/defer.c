/* @{profile_name} in rules outside profiles: each profile gets its own version
 * of such a rule. They are rare, so the text is simply read once more. */
#include "parse.h"

struct deferred {
    struct deferred *next;
    struct source source; /* as it stood at the rule */
    struct prefix around;
    uint32_t rule_source;
};

bool defer_rule(struct parser *p, const struct prefix *around)
{
    struct deferred *d;

    if (!p->named || p->block != &p->bare || p->dead || p->again || p->rule_source == UINT32_MAX)
        return true;
    d = ARENA_NEW(p->arena, struct deferred);
    if (!d)
        return say_nomem(p);
    d->source = *p->src;
    d->source.at = p->rule_at;
    if (around)
        d->around = *around;
    d->rule_source = p->rule_source;
    *p->last_deferred = d;
    p->last_deferred = &d->next;
    return true;
}

static void read_for(struct parser *p, struct block *b, struct deferred *d)
{
    struct source source = d->source, *before = p->src;

    p->block = b;
    p->src = &source;
    begin_rule(p, source.at);
    p->rule_source = d->rule_source;
    parse_rule(p, &d->around);
    p->src = before;
}

void read_deferred(struct parser *p)
{
    p->again = true;
    for (struct block *b = p->blocks; b && p->deferred; b = b->next) {
        p->serial++;
        for (struct deferred *d = p->deferred; d && !p->stop; d = d->next)
            read_for(p, b, d);
    }
    p->again = false;
    p->block = &p->bare;
    p->src = NULL;
}
