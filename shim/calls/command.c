/* system and popen. The C library starts the shell from within, with the
 * environment as it is: what is missing there the shell exports, before it runs
 * the command. The shell itself then is not seen; it makes no socket calls. */
#include <unistd.h>

#include "calls.h"
#include "shim/follow.h"
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

/* 0 or -ENOMEM. */
static int prepare(struct command *c, const char *given)
{
    struct follow_plan plan;

    *c = (struct command){0};
    follow_look(&plan, environ);
    look(plan.lost);
    if (!plan.room)
        return 0;
    c->size = follow_exports(&plan, given, NULL);
    c->line = sys_map(c->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!c->line)
        return -ENOMEM;
    follow_exports(&plan, given, c->line);
    return 0;
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

    if (!command || state_pass())
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

    if (!command || state_pass())
        return real.popen(command, mode);
    if ((err = prepare(&c, command))) {
        errno = -err;
        return NULL;
    }
    void *f = real.popen(c.line ? c.line : command, mode);
    give_back(&c);
    return f;
}
