/* sunat_strangers DIR: sockets without a name and other users, with and without the descriptor (as root). DIR is empty
 * and is so afterwards. Prints "as it should be". */
#include "tests/progs/sunat_try.h"

#include <signal.h>
#include <sys/wait.h>

static const char *top; /* DIR, absolute */
static int dir;         /* an O_PATH descriptor of it */

enum { SERVER = 65534, STRANGER = 65533 };

static void become(uid_t uid)
{
    must(setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0);
}

static void pass(int over, int fd)
{
    char byte = 'x';
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    must(sendmsg(over, &m, 0) == 1);
}

static int passed(int over)
{
    char byte;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fd;

    must(recvmsg(over, &m, 0) == 1 && CMSG_FIRSTHDR(&m));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

/* A line of /proc/net/unix for each socket; whether its name can be used by whoever finds it. */
static int usable_names(void)
{
    FILE *f = fopen("/proc/net/unix", "r");
    char line[512], name[256];
    int tried = 0;

    must(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %255s", name) != 1 || !strstr(name, ".sunat-"))
            continue;
        const char *last = strrchr(name, '/'), *const places[] = {"", "/tmp/", "/dev/shm/", "/var/tmp/", "/run/", top};
        last = last ? last + 1 : name;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            char path[4400];
            int fd = new_socket(SOCK_STREAM);
            snprintf(path, sizeof path, "%s/%s", places[i], last);
            must(sunat_connect(AT_FDCWD, fd, i ? path : name, 0) == -1);
            snprintf(path, sizeof path, "%s/%s/%s", places[i], last, last);
            must(sunat_connect(AT_FDCWD, fd, path, 0) == -1);
            close(fd);
            tried += 2;
        }
    }
    fclose(f);
    return tried;
}

static void stranger(int over, pid_t server)
{
    char path[64];

    become(STRANGER);
    int pin = passed(over), kept = passed(over), fd = new_socket(SOCK_STREAM);
    must_give(0, sunat_connect(pin, fd, "", AT_EMPTY_PATH));
    close(fd);
    fd = new_socket(SOCK_STREAM);
    must_fail(EACCES, sunat_connect(kept, fd, "", AT_EMPTY_PATH)); /* permissions by the umask */
    must(write(over, "x", 1) == 1 && passed(over) >= 0); /* sunat_unlink was called */
    must_give(0, sunat_connect(kept, fd, "", AT_EMPTY_PATH));
    close(fd), close(pin), close(kept);
    must(usable_names() > 0);
    fd = new_socket(SOCK_STREAM);
    for (int n = 0; n < 64; n++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", server, n);
        must(sunat_connect(AT_FDCWD, fd, path, 0) == -1);
    }
    _exit(0);
}

static int waited(pid_t pid)
{
    int status;

    must(waitpid(pid, &status, 0) == pid);
    return status;
}

static void strangers(void)
{
    int ends[2];
    pid_t server, client;

    must(geteuid() == 0 && chmod(top, 01777) == 0);
    if ((server = fork()))
        must(waited(server) == 0);
    else {
        become(SERVER);
        umask(0777);
        int s = new_socket(SOCK_STREAM), k = new_socket(SOCK_STREAM), pin = sunat_bind_anonat(dir, s, 0);
        umask(077);
        int kept = sunat_bind_anonat(dir, k, SUNAT_LINKABLE);
        must(pin >= 0 && kept >= 0 && listen(s, 5) == 0 && listen(k, 5) == 0);
        must(usable_names() > 0); /* nor is it of use to the same user */
        _exit(0);
    }
    clear(top);
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    if (!(server = fork())) {
        become(SERVER);
        umask(0777);
        int s = new_socket(SOCK_STREAM), k = new_socket(SOCK_STREAM), pin = sunat_bind_anonat(dir, s, 0);
        umask(077);
        int kept = sunat_bind_anonat(dir, k, SUNAT_LINKABLE);
        must(pin >= 0 && kept >= 0 && listen(s, 5) == 0 && listen(k, 5) == 0);
        pass(ends[0], pin), pass(ends[0], kept);
        char byte;
        close(accept(s, NULL, NULL));
        must(read(ends[0], &byte, 1) == 1);
        must_give(0, sunat_unlink(kept));
        pass(ends[0], pin);
        close(accept(k, NULL, NULL));
        pause();
    }
    if (!(client = fork()))
        stranger(ends[1], server);
    must(waited(client) == 0);
    must(kill(server, SIGKILL) == 0);
    waited(server);
    must(entries(dir, ".") == 0 && chmod(top, 0755) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    must((top = realpath(argv[1], NULL)));
    umask(022);
    dir = directory(AT_FDCWD, top);
    strangers();
    puts("as it should be");
    return 0;
}
