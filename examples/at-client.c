/* at-client DIRECTORY: prints what the server of app.sock in a directory says, however long the name of that is.
 * The call is FreeBSD's connectat; sunat_connect(dir, sock, "app.sock", 0) does the same.
 *
 *     cc -o at-client at-client.c $(pkg-config --cflags --libs sunat)
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sunat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "app.sock"};
    char text[512];
    if (argc != 2)
        return fputs("usage: at-client DIRECTORY\n", stderr), 2;
    int dir = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (dir < 0 || connectat(dir, sock, (struct sockaddr *)&name, sizeof name))
        return perror(argv[1]), 1;
    for (ssize_t len; (len = read(sock, text, sizeof text)) > 0;)
        fwrite(text, 1, (size_t)len, stdout);
    return 0;
}
