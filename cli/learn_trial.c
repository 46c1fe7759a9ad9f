/* A policy is compiled, and calls are put to it as the library would put them. */
#include "learn_trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"

struct chunk {
    _Alignas(16) struct chunk *next;
};

static void *more(void *ctx, size_t *size)
{
    struct chunk **all = ctx, *c = calloc(1, sizeof *c + *size);

    if (!c)
        return NULL;
    c->next = *all;
    *all = c;
    return c + 1;
}

void trial_end(struct trial *t)
{
    for (struct chunk *next; t->memory; t->memory = next) {
        next = t->memory->next;
        free(t->memory);
    }
}

static const char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? format_new("%.*s", slash == path ? 1 : (int)(slash - path), path) : ".";
}

struct policy_input trial_input(const struct policy_input *around, const struct old_policy *old, const char *text)
{
    struct policy_input in = *around;

    in.name = old->text ? old->path : "learned policy";
    in.dir = old->text ? directory_of(old->path) : NULL;
    in.text = text;
    in.len = strlen(text);
    return in;
}

int trial_compile(struct trial *t, const struct policy_input *in)
{
    struct arena arena = {.more = more, .ctx = &t->memory};
    const void *blob;
    size_t len;

    t->memory = NULL;
    int err = policy_compile(in, &arena, &blob, &len);
    if (!err)
        err = policy_open(&t->policy, blob, len);
    if (err)
        trial_end(t);
    return err;
}

/* 0, or 125 after what is wrong was said. */
int trial_begin(struct trial *t, const struct policy_input *around, const struct old_policy *old, const char *text)
{
    struct policy_input in = trial_input(around, old, text);
    int err = trial_compile(t, &in);

    if (!err)
        return 0;
    return fail("%s: %s", in.name, err == -EINVAL ? "has errors" : strerror(-err));
}

/* --- One call ------------------------------------------------------------ */

/* What a verdict was not asked for: the kernel found no file before, or nobody came. */
static bool goes_unasked(const struct policy *p, const struct fact *f)
{
    uint32_t needs = policy_needs(p, f->q.perm, f->q.family);
    bool waits = f->q.perm == POLICY_ACCEPT || (f->q.perm == POLICY_RECEIVE && f->q.type == SOCK_DGRAM);

    if (f->lost)
        return needs & (f->q.perm == POLICY_BIND ? POLICY_NEEDS_LOCAL_PATH : POLICY_NEEDS_PEER_PATH);
    return f->idle && waits &&
           (needs & (POLICY_NEEDS_PEER | POLICY_NEEDS_PEER_PATH | POLICY_NEEDS_BOUND | POLICY_NEEDS_LABEL));
}

bool trial_passes(struct policy *p, const struct fact *f, struct policy_verdict *v)
{
    if (policy_profile_count(p) > 1 && policy_select(p, f->exe, NULL))
        return false;
    policy_decide(p, &f->q, v);
    return v->outcome == POLICY_ALLOWED || v->outcome == POLICY_AUDITED || goes_unasked(p, f);
}
