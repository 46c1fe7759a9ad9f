/* anon-server COMMAND...: runs a command beside a server without a name. The command, and what that starts, can
 * reach it by the descriptor that $SERVER_FD names; nobody else can: there is no file, and no name to guess.
 *     cc -o anon-server anon-server.c $(pkg-config --cflags --libs sunat)
 *     ./anon-server ./anon-client hello
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sunat.h>
#include <sys/prctl.h>
#include <unistd.h>

static void serve(int sock, pid_t command)
{
    char text[256];
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* ends with the command */
    signal(SIGPIPE, SIG_IGN);
    for (int client; getppid() == command && (client = accept(sock, NULL, NULL)) >= 0; close(client)) {
        ssize_t len = read(client, text, sizeof text);
        dprintf(client, "%.*s, and welcome\n", len > 0 ? (int)len : 0, text);
    }
}

int main(int argc, char **argv)
{
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), server = sunat_bind_anon(sock, 0);
    char number[12];
    pid_t command = getpid();
    if (argc < 2)
        return fputs("usage: anon-server COMMAND...\n", stderr), 2;
    if (server < 0 || listen(sock, 5))
        return perror("anon-server"), 125;
    if (fork() == 0)
        return serve(sock, command), 1;
    snprintf(number, sizeof number, "%d", server);
    setenv("SERVER_FD", number, 1);
    fcntl(server, F_SETFD, 0); /* stays open on exec */
    return execvp(argv[1], argv + 1), perror(argv[1]), 127;
}
