/* One socket, bound and reached: the trial that each remedy goes through. Also what
 * --try runs under the library, as a program of its own ("doctor --trial"). */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

enum { SECONDS = 20 };

struct address {
    struct sockaddr *name;
    socklen_t len;
};

/* Whole, however long it is. '@' begins an abstract name. */
static struct address make_address(const char *text)
{
    size_t len = strlen(text), head = offsetof(struct sockaddr_un, sun_path);
    struct sockaddr_un *un = allocate(head + len + SUN_ROOM);

    un->sun_family = AF_UNIX;
    memcpy((char *)un + head, text, len);
    if (*text == '@')
        *((char *)un + head) = '\0';
    return (struct address){(struct sockaddr *)un, (socklen_t)(head + len + (*text != '@'))};
}

static int failed(const char **step, const char *call)
{
    *step = call;
    return errno;
}

static int exchange_stream(int server, int client, const struct address *a, const char **step)
{
    char byte = 'x';
    int accepted;

    if (listen(server, 1))
        return failed(step, "listen");
    if (connect(client, a->name, a->len))
        return failed(step, "connect");
    if ((accepted = accept(server, NULL, NULL)) < 0)
        return failed(step, "accept");
    if (send(client, &byte, 1, MSG_NOSIGNAL) != 1)
        return failed(step, "send");
    return recv(accepted, &byte, 1, 0) == 1 ? 0 : failed(step, "recv");
}

static int exchange_dgram(int server, int client, const struct address *a, const char **step)
{
    char byte = 'x';

    if (sendto(client, &byte, 1, 0, a->name, a->len) != 1)
        return failed(step, "sendto");
    return recv(server, &byte, 1, 0) == 1 ? 0 : failed(step, "recv");
}

int trial_run(int type, const char *text, const char **step)
{
    struct address a = make_address(text);
    int server = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    alarm(SECONDS);
    if (server < 0 || client < 0)
        return failed(step, "socket");
    if (bind(server, a.name, a.len))
        return failed(step, "bind");
    return type == SOCK_STREAM ? exchange_stream(server, client, &a, step)
                               : exchange_dgram(server, client, &a, step);
}

int doctor_trial(const char *type, const char *path)
{
    const char *step = "-";

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int err = trial_run(!strcmp(type, "dgram") ? SOCK_DGRAM : SOCK_STREAM, path, &step);
    printf("%d %s\n", err, step);
    return 0;
}
