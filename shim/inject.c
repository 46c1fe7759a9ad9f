#include "inject.h"

#include <errno.h>

#include "address.h"
#include "domain.h"
#include "domain/counts.h"
#include "policy/layers.h"
#include "record.h"
#include "say.h"
#include "scope.h"
#include "sys.h"
#include "tally.h"

_Static_assert(COUNTS_INJECTS == POLICY_INJECTS_MAX, "a policy's rules have room in a run's counts");

/* The kernel empties it for a forked child, which counts from the beginning. */
static struct counts_inject *own_counts(uint32_t rules)
{
    size_t size = rules * sizeof(struct counts_inject);
    void *at = sys_map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (!at)
        say_fatal("inject", "no memory to count calls in");
    SYS3(SYS_madvise, at, (size + 4095) & ~(size_t)4095, MADV_WIPEONFORK);
    return at;
}

void inject_start(struct state *s, const char *domain)
{
    uint32_t total = 0, rules[RUNS_MAX] = {0};
    struct counts_inject *own;

    for (unsigned i = 0; i < s->layer_count; i++)
        total += policy_inject_count(&s->layers[i].policy);
    if (!total)
        return;
    s->injects = true;
    own = own_counts(total);
    for (unsigned i = 0; i < s->layer_count; i++) {
        struct active_layer *layer = &s->layers[i];
        uint32_t count = policy_inject_count(&layer->policy), *first = &rules[layer->up];
        void *at = count ? domain_counts(s, domain, layer->up) : NULL;

        if (count > COUNTS_INJECTS - *first)
            say_fatal("inject", "more than 256 inject rules");
        layer->own = count ? own : NULL;
        layer->shared = at ? counts_injects(at) + *first : layer->own;
        own += count;
        *first += count;
    }
}

static uint64_t count(const struct active_layer *layer, const struct policy_inject *i)
{
    uint64_t all = counts_hit(&layer->shared[i->number]);

    return i->each == POLICY_EACH_PROCESS && layer->own != layer->shared ? counts_hit(&layer->own[i->number]) : all;
}

static int act(struct facts *f, struct request *r, const struct active_layer *layer, const struct policy_inject *i,
               uint64_t hit)
{
    r->broken = true;
    r->delay = i->delay;
    r->limit = i->size;
    counts_fired(&layer->shared[i->number]);
    trace_note(r->trace, &layer->policy, i->rule, "INJECTED");
    facts_complete(f, r);
    record_injected(r->operation, &f->query, i, hit, &layer->policy);
    tally(COUNT_INJECTED);
    return -i->err;
}

/* On an IPv6 socket only the peer tells which family a call is about. */
static bool is_now(const struct policy_inject *i, const struct request *r, enum inject_when when)
{
    bool later = i->needs & ABOUT_PEER || r->family == AF_INET6;

    return when == INJECT_ONCE || later == (when == INJECT_PEER);
}

int inject(struct facts *f, struct request *r, enum inject_when when)
{
    const struct policy_inject *acts = NULL, *i;
    const struct active_layer *of = NULL;
    uint64_t nth = 0;

    for (unsigned n = 0; n < state->layer_count; n++) {
        const struct active_layer *layer = &state->layers[n];
        uint32_t at = 0;

        if (!layer->own)
            continue;
        if (policy_inject_needs(&layer->policy, f->query.perm, f->query.family) & SCOPE_NEEDS)
            scope_fill(f, r, layer);
        while ((i = policy_inject_next(&layer->policy, &f->query, &at))) {
            uint64_t hit = is_now(i, r, when) ? count(layer, i) : 0;

            if (acts || !hit || !policy_inject_fires(i, hit))
                continue;
            acts = i;
            of = layer;
            nth = hit;
        }
    }
    return acts ? act(f, r, of, acts, nth) : 0;
}

void inject_sleep(struct request *r)
{
    struct timespec end;

    if (!r->delay)
        return;
    SYS2(SYS_clock_gettime, CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(r->delay / 1000000000);
    end.tv_nsec += (long)(r->delay % 1000000000);
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    r->delay = 0;
    while (SYS4(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == -EINTR)
        ;
}

void inject_shorten(struct msghdr *msg, struct iovec *parts, size_t room, size_t limit)
{
    size_t n = 0, at = 0;

    for (; limit && n < room && at < msg->msg_iovlen; at++) {
        if (copy_in(&parts[n], &msg->msg_iov[at], sizeof *parts) < 0)
            return;
        if (parts[n].iov_len > limit)
            parts[n].iov_len = limit;
        limit -= parts[n].iov_len;
        n += parts[n].iov_len != 0;
    }
    msg->msg_iov = parts;
    msg->msg_iovlen = n;
}
