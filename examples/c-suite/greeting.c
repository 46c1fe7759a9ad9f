/* A test of a program with a socket, as CTest and Meson run it: a server below TMPDIR, and a
 * client that greets it. CMakeLists.txt and meson.build say how it runs under sunshim. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int greet(const struct sockaddr_un *server)
{
    int s = socket(AF_UNIX, SOCK_STREAM, 0);

    return connect(s, (const struct sockaddr *)server, sizeof *server) || send(s, "hello", 5, 0) != 5;
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    struct sockaddr_un server = {.sun_family = AF_UNIX};
    char said[6] = "";
    int s = socket(AF_UNIX, SOCK_STREAM, 0), c, status;

    snprintf(server.sun_path, sizeof server.sun_path, "%s/greeting-%d", tmp ? tmp : "/tmp", (int)getpid());
    assert(!bind(s, (struct sockaddr *)&server, sizeof server) && !listen(s, 1));
    if (!fork())
        _exit(greet(&server));
    assert((c = accept(s, NULL, NULL)) >= 0 && recv(c, said, 5, MSG_WAITALL) == 5 && !strcmp(said, "hello"));
    assert(wait(&status) > 0 && !status);
    return unlink(server.sun_path) != 0;
}
