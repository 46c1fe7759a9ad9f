/* Stock programs and sockets without names, by `map NAME -> fd:...`.
 *
 * In the scripts, besides what harness.h says:
 *   $NAME     the name that clients are given; there is no such file, nor a directory for it
 *   hidden    looks at all sockets of this test's processes, as /proc/net/unix shows them: at least one
 *             listens, at least one is a connection to it, and none has a name that leads anywhere, or
 *             the mapped one. Prints "hidden", or the names that it found. `hidden anonymous`: none has
 *             any name but the unguessable ones of sunat_bind_anon
 *   talk TEXT COMMAND...  writes to a command, prints the first line it answers, and looks whether it is
 *             hidden meanwhile
 *   stop PID  ends what was started in the background, and waits for it */
#ifndef TESTS_E2E_FD_PROGRAMS_H
#define TESTS_E2E_FD_PROGRAMS_H

#include "tests/e2e/harness.h"

/* A client of a server that knows nothing: that made a file, whose name is then removed. */
struct fd_client {
    const char *setup;  /* once, without sunshim; or NULL */
    const char *server; /* starts it, without sunshim, as $server; waits until it is there */
    const char *socket; /* where; NULL: $T/s */
    const char *name;   /* $NAME; NULL: /run/nowhere/app.sock */
    const char *client; /* a script, all of it under sunshim */
    const char *says;   /* natively */
    const char *wants;  /* all that it prints */
    const char *record; /* the one in its log; NULL: there is none */
};

void check_fd_client(const struct fd_client *p);

#define FD_CLIENT(suite, name_, ...) \
    StockTest(suite, name_) \
    { \
        static const struct fd_client program = {__VA_ARGS__}; \
        check_fd_client(&program); \
    }

/* A server that is given its socket, and its clients, in one run. */
struct anon_server {
    const char *setup;  /* once, without sunshim; or NULL */
    const char *given;  /* options of sunshim run; NULL: one socket, reached as $NAME */
    const char *server; /* a command; in a script, $server is its process */
    const char *client; /* a script */
    const char *also;   /* rules that it needs beside those for sockets without names, or NULL */
    const char *says;   /* when it may not connect to such sockets */
    const char *wants;  /* all that it prints else */
};

void check_anon_server(const struct anon_server *p);

#define ANON_SERVER(suite, name, ...) \
    StockTest(suite, name) \
    { \
        static const struct anon_server program = {__VA_ARGS__}; \
        check_anon_server(&program); \
    }

#endif
