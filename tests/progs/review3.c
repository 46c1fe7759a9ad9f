/* review3 CASE: calls that once were judged wrongly by what a run remembers, or
 * ended the program. Each prints a word per call: ok, or the errno's name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(long ret)
{
    printf("%s ", ret < 0 ? strerrorname_np(errno) : "ok");
}

static int must(int ret)
{
    if (ret < 0) {
        perror("review3");
        exit(2);
    }
    return ret;
}

/* Control data whose length leads out of it. */
static void long_control(void)
{
    union {
        struct cmsghdr head;
        char bytes[64];
    } control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                                    .msg_controllen = sizeof control}};
    static const size_t lengths[] = {CMSG_LEN(sizeof control), 1 << 20, (size_t)-1};
    int pair[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        control.head.cmsg_len = lengths[i];
        say(sendmsg(pair[0], &m.msg_hdr, 0));
        say(sendmmsg(pair[0], &m, 1, 0));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"long-control", long_control},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && argc == 2; i++)
        if (!strcmp(argv[1], cases[i].name)) {
            cases[i].run();
            return 0;
        }
    return 2;
}
