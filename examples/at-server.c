/* at-server DIRECTORY: makes the socket app.sock in a directory, however long the name of that is, and answers
 * once. The directory is opened once: renamed meanwhile, or replaced, it is still the one that is used.
 *
 *     cc -o at-server at-server.c $(pkg-config --cflags --libs sunat)
 *     ./at-server some/directory & ./at-client some/directory
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sunat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 2)
        return fputs("usage: at-server DIRECTORY\n", stderr), 2;
    int dir = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (dir < 0 || sunat_bind(dir, sock, "app.sock", 0) || listen(sock, 5))
        return perror(argv[1]), 1;
    int client = accept(sock, NULL, NULL);
    unlinkat(dir, "app.sock", 0);
    return client < 0 || dprintf(client, "hello from below %s\n", argv[1]) < 0;
}
