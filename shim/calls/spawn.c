/* posix_spawn and posix_spawnp. They return in the process that called them, so
 * that an environment with more in it (follow.h) and short names (shorten.h) can be
 * mapped: the child has replaced or ended itself by then. */
#include <spawn.h>
#include <unistd.h>

#include "calls.h"
#include "shim/follow.h"
#include "shim/shorten.h"
#include "shim/sys.h"
#include "shim/unseen.h"

struct spawn {
    int (*call)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
                char *const[]);
    pid_t *pid;
    const char *path;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
    char *const *argv;
    bool search;
};

static int perform(const struct spawn *s, char *const *envp)
{
    return s->call(s->pid, s->path, s->actions, s->attributes, s->argv, envp);
}

static int spawn_followed(const struct spawn *s, char *const *envp)
{
    struct follow_plan plan;

    follow_look(&plan, envp);
    const struct unseen u = {.dir = AT_FDCWD, .path = s->path, .search = s->search, .lost = plan.lost};
    if (s->path)
        unseen_look(&u);
    if (!plan.room)
        return perform(s, envp);
    void *room = sys_map(plan.room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!room)
        return ENOMEM;
    int err = perform(s, follow_fill(&plan, room));
    sys_unmap(room, plan.room);
    return err;
}

static int spawn_shorten(const struct spawn *s, char *const *envp)
{
    struct spawn with = *s;
    struct shorten_plan plan;

    shorten_look(&plan, s->path, s->argv, envp);
    if (plan.unreadable)
        return perform(s, envp);
    if (!plan.room)
        return spawn_followed(s, envp);
    void *room = sys_map(plan.room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!room)
        return ENOMEM;
    shorten_fill(&plan, room, &with.argv, &envp);
    int err = spawn_followed(&with, envp);
    sys_unmap(room, plan.room);
    return err;
}

static int spawn(const struct spawn *s, char *const *envp)
{
    return shorten_on() ? spawn_shorten(s, envp) : spawn_followed(s, envp);
}

INTERPOSED int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                           const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    const struct spawn s = {real.posix_spawn, pid, path, actions, attributes, argv, false};

    return state_leaves() ? real.posix_spawn(pid, path, actions, attributes, argv, envp) : spawn(&s, envp);
}

INTERPOSED int posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    const struct spawn s = {real.posix_spawnp, pid, name, actions, attributes, argv, true};

    return state_leaves() ? real.posix_spawnp(pid, name, actions, attributes, argv, envp) : spawn(&s, envp);
}
