#include "anon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "environment.h"
#include "include/sunat.h"
#include "pass.h"
#include "pin.h"

/* --- What we were started with ---------------------------------------------- */

/* The number in a variable; 0: there is none that makes sense. */
static int number_in(const char *variable)
{
    const char *value = getenv(variable);
    char *end;
    long n = value && *value >= '0' && *value <= '9' ? strtol(value, &end, 10) : 0;

    return n && !*end && n <= INT_MAX ? (int)n : 0;
}

static bool is_given(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags >= 0 && !(flags & FD_CLOEXEC);
}

void anon_find(struct listening *l)
{
    const char *names = getenv("LISTEN_FDNAMES");
    int said = number_in("LISTEN_FDS");

    /* In a run with --anon the library says so in each process; it may not have been in this one. */
    l->found = said && (number_in("LISTEN_PID") == getpid() ||
                        (environment_says("SUNSHIM_LISTEN") && pin_is_socket((int)(LISTEN_FIRST + (unsigned)said - 1))));
    l->names = l->found && names ? names : "";
    while (l->found && (int)l->given < said && is_given(LISTEN_FIRST + (int)l->given))
        l->given++;
    l->count = l->given;
}

/* The name of a socket in the list, "unknown" where it has none, as sd_listen_fds_with_names(3) says. */
static const char *name_given(const char *names, unsigned at)
{
    while (at-- > 0 && *names) {
        names += strcspn(names, ":");
        names += *names == ':';
    }
    return strcspn(names, ":") ? format_new("%.*s", (int)strcspn(names, ":"), names) : "unknown";
}

static void add_name(struct listening *l, const char *name)
{
    l->names = *l->names ? format_new("%s:%s", l->names, name) : name;
}

static void complete_names(struct listening *l)
{
    const char *before = l->names;

    l->names = "";
    for (unsigned i = 0; i < l->given; i++)
        add_name(l, name_given(before, i));
}

/* --- Ours ------------------------------------------------------------------- */

/* Puts the socket where the command will look for it. */
static int place(struct passed_one *one, int at)
{
    if (is_given(at))
        return fail("%s %s: the command is to find the socket as descriptor %d, which is in use: close it (%d<&-) or give "
                    "it another number",
                    one->option, one->arg, at, at);
    int fd = socket(AF_UNIX, one->type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail("%s %s: cannot make a socket: %s", one->option, one->arg, strerror(errno));
    one->fd = fd == at ? fd : dup3(fd, at, O_CLOEXEC);
    if (one->fd < 0)
        return fail("%s %s: cannot make it descriptor %d: %s", one->option, one->arg, at, strerror(errno));
    if (fd != at)
        close(fd);
    return 0;
}

static int bind_one(struct passed_one *one)
{
    if ((one->pin = sunat_bind_anon(one->fd, 0)) < 0)
        return fail("%s %s: cannot bind the socket to no name: %s", one->option, one->arg, strerror(errno));
    one->pin = pin_up(one->pin);
    if (one->type != SOCK_DGRAM && listen(one->fd, SOMAXCONN))
        return fail("%s %s: cannot listen: %s", one->option, one->arg, strerror(errno));
    return 0;
}

int anon_open(struct listening *l, struct passed_one *all, unsigned count)
{
    int status = 0;

    for (unsigned i = 0; i < count; i++)
        l->ours |= all[i].anon;
    if (!l->ours)
        return 0;
    complete_names(l);
    for (unsigned i = 0; i < count && !status; i++)
        if (all[i].anon && !(status = place(&all[i], LISTEN_FIRST + (int)l->count))) {
            l->count++;
            add_name(l, all[i].name);
        }
    for (unsigned i = 0; i < count && !status; i++)
        if (all[i].anon)
            status = bind_one(&all[i]);
    return status;
}

/* --- The command's ------------------------------------------------------------ */

/* They are at the end of the list. */
static const char *names_of_ours(const struct listening *l)
{
    const char *names = l->names;

    for (unsigned i = 0; i < l->given; i++)
        names += strcspn(names, ":") + 1;
    return names;
}

void anon_set(const struct listening *l)
{
    if (!l->found && !l->ours)
        return;
    if (l->ours || number_in("LISTEN_PID") != getpid())
        unsetenv("LISTEN_PIDFDID"); /* of the process that systemd started */
    environment_number("LISTEN_PID", getpid());
    if (!l->ours)
        return;
    for (unsigned i = l->given; i < l->count; i++)
        fcntl(LISTEN_FIRST + (int)i, F_SETFD, 0);
    environment_number("LISTEN_FDS", (int)l->count);
    setenv("LISTEN_FDNAMES", l->names, 1);
    setenv("SUNSHIM_LISTEN", names_of_ours(l), 1);
}

void anon_release(const struct listening *l)
{
    for (unsigned i = 0; i < l->count; i++)
        close(LISTEN_FIRST + (int)i);
}
