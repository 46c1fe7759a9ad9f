/* system and popen. The C library starts the shell from within, with the
 * environment as it is: what is missing there (follow.h) or too long (shorten.h) the
 * shell exports, before it runs the command. The shell itself then is not seen; it makes no socket calls. */
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "domain/shorten.h"
#include "shim/follow.h"
#include "shim/shorten.h"
#include "shim/sys.h"
#include "shim/unseen.h"

/* stdlib.h and stdio.h have them; here nothing of those is used. */
int system(const char *command);
void *popen(const char *command, const char *mode);

struct command {
    char *line; /* NULL: as given */
    size_t size;
};

static void look(const char *lost)
{
    const struct unseen u = {.dir = AT_FDCWD, .path = "/bin/sh", .lost = lost};

    unseen_look(&u);
}

static void *map(size_t size)
{
    return sys_map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* The line that the shell gets, for an environment that was `was` (NULL: it is as it was).
 * 0 or -ENOMEM. */
static int write_line(struct command *c, const struct follow_plan *plan, char *const *was, const char *given, bool shorten)
{
    size_t len = strlen(given);

    c->size = follow_exports(plan, was, given, NULL);
    c->line = map(c->size);
    if (!c->line)
        return -ENOMEM;
    follow_exports(plan, was, given, c->line);
    if (shorten)
        shorten_line(c->line + c->size - 1 - len, len);
    return 0;
}

static int prepare_followed(struct command *c, char *const *envp, const char *given, bool shorten)
{
    struct follow_plan plan;

    follow_look(&plan, envp);
    look(plan.lost);
    if (!plan.room && !shorten && envp == environ)
        return 0;
    return write_line(c, &plan, envp == environ ? NULL : environ, given, shorten);
}

static int prepare_short(struct command *c, const char *given)
{
    bool shorten = shorten_worth(given, strlen(given));
    struct shorten_plan plan;
    char *const *argv, *const *envp;

    shorten_look(&plan, NULL, NULL, environ);
    if (!plan.room)
        return prepare_followed(c, environ, given, shorten);
    void *room = map(plan.room);
    if (!room)
        return -ENOMEM;
    shorten_fill(&plan, room, &argv, &envp);
    int err = prepare_followed(c, envp, given, shorten);
    sys_unmap(room, plan.room);
    return err;
}

/* 0 or -ENOMEM. */
static int prepare(struct command *c, const char *given)
{
    *c = (struct command){0};
    return shorten_on() ? prepare_short(c, given) : prepare_followed(c, environ, given, false);
}

static void give_back(void *command)
{
    const struct command *c = command;

    if (c->line)
        sys_unmap(c->line, c->size);
}

INTERPOSED int system(const char *command)
{
    struct command c;
    int status, err;

    if (!command || state_leaves())
        return real.system(command);
    if ((err = prepare(&c, command)))
        return fail(err);
    CLEANUP_PUSH(give_back, &c);
    status = real.system(c.line ? c.line : command);
    CLEANUP_POP();
    return status;
}

INTERPOSED void *popen(const char *command, const char *mode)
{
    struct command c;
    int err;

    if (!command || state_leaves())
        return real.popen(command, mode);
    if ((err = prepare(&c, command))) {
        errno = -err;
        return NULL;
    }
    void *f = real.popen(c.line ? c.line : command, mode);
    give_back(&c);
    return f;
}
