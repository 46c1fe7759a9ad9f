/* anon-client TEXT: says something to the server whose descriptor $SERVER_FD names, and prints what it answers.
 *
 *     cc -o anon-client anon-client.c $(pkg-config --cflags --libs sunat)
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *number = getenv("SERVER_FD");
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[512];
    if (argc < 2 || !number)
        return fputs("usage: anon-server anon-client TEXT\n", stderr), 2;
    /* An empty path: the socket that the descriptor itself is open on. */
    if (sunat_connect(atoi(number), sock, "", AT_EMPTY_PATH))
        return perror("anon-client: connect"), 1;
    if (write(sock, argv[1], strlen(argv[1])) < 0)
        return perror("anon-client: write"), 1;
    for (ssize_t len; (len = read(sock, answer, sizeof answer)) > 0;)
        fwrite(answer, 1, (size_t)len, stdout);
    return 0;
}
