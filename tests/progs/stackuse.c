/* stackuse STACK-SIZE DIRECTORY [PREFIX]: makes each call in a thread with a stack of
 * that size, which was painted before, and prints
 *     CALL BYTES errno
 * how much of it the call used. What a call needs is made by system calls that
 * no policy sees, so that a policy may deny the call itself. PREFIX, a name for
 * DIRECTORY, goes in front of all names in calls. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/progs/raw.h"

enum { PAINT = 0xa7, SLACK = 192 }; /* what measure() itself may use */

static struct sockaddr_un server = {.sun_family = AF_UNIX}, dgram_server = {.sun_family = AF_UNIX},
                          fresh = {.sun_family = AF_UNIX};
static struct given {
    sa_family_t family;
    char path[1024];
    socklen_t len;
} to_server, to_dgram_server, to_fresh, to_long; /* the same as they are passed; and one of 200 letters */
static const char *prefix;
static int stream, listener, dgram, dgram_listener, two[2], named;
static char byte;
static struct iovec iov = {&byte, 1};
static struct msghdr to_dgram = {.msg_name = &to_dgram_server, .msg_iov = &iov, .msg_iovlen = 1};
static struct msghdr incoming = {.msg_iov = &iov, .msg_iovlen = 1};
static struct mmsghdr many[8], many_in[8];

static void do_socket(void) { close(socket(AF_UNIX, SOCK_STREAM, 0)); }
static void do_socketpair(void) { int p[2]; if (!socketpair(AF_UNIX, SOCK_STREAM, 0, p)) close(p[0]), close(p[1]); }
static void do_bind(void) { bind(stream, (void *)&to_fresh, to_fresh.len); }
static void do_bind_long(void) { bind(stream, (void *)&to_long, to_long.len); }
static void do_autobind(void) { bind(dgram, (void *)&fresh, sizeof(sa_family_t)); }
static void do_listen(void) { listen(listener, 3); }
static void do_accept(void) { accept(listener, NULL, NULL); }
static void do_accept4(void) { accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
static void do_connect(void) { connect(stream, (void *)&to_server, to_server.len); }
static void do_send(void) { send(two[0], "x", 1, MSG_NOSIGNAL); }
static void do_sendto(void) { sendto(dgram, "x", 1, MSG_NOSIGNAL, (void *)&to_dgram_server, to_dgram_server.len); }
static void do_sendmsg(void) { sendmsg(dgram, &to_dgram, MSG_NOSIGNAL); }
static void do_sendmmsg(void) { sendmmsg(dgram, many, 8, MSG_NOSIGNAL); }
static void do_recv(void) { recv(two[1], &byte, 1, MSG_DONTWAIT); }
static void do_recvfrom(void) { recvfrom(dgram_listener, &byte, 1, MSG_DONTWAIT, NULL, NULL); }
static void do_recvmsg(void) { recvmsg(dgram_listener, &incoming, MSG_DONTWAIT); }
static void do_recvmmsg(void) { recvmmsg(dgram_listener, many_in, 8, MSG_DONTWAIT, NULL); }
static void do_getsockname(void) { struct sockaddr_un a; socklen_t n = sizeof a; getsockname(listener, (void *)&a, &n); }
static void do_getpeername(void) { struct sockaddr_un a; socklen_t n = sizeof a; getpeername(two[0], (void *)&a, &n); }
static char got_name[2048];
static void do_own_name(void) { socklen_t n = sizeof got_name; getsockname(named, (void *)got_name, &n); }
static void do_accept_name(void) { socklen_t n = sizeof got_name; accept(listener, (void *)got_name, &n); }
static void do_recvfrom_name(void) { socklen_t n = sizeof got_name; recvfrom(dgram_listener, &byte, 1, MSG_DONTWAIT, (void *)got_name, &n); }
static void do_getsockopt(void) { int v; socklen_t n = sizeof v; getsockopt(stream, SOL_SOCKET, SO_TYPE, &v, &n); }
static void do_setsockopt(void) { int v = 1; setsockopt(dgram, SOL_SOCKET, SO_PASSCRED, &v, sizeof v); }
static void do_shutdown(void) { shutdown(two[0], SHUT_RD); }
/* None is there to be executed, or can be; the environment has to be completed. */
static char *argv_of[] = {(char *)"x", NULL}, *environment[] = {(char *)"A=1", (char *)"LD_PRELOAD=/nowhere.so", NULL};
static char big[200001], *too_big[] = {big, NULL};
static pid_t child;
static void do_execve(void) { execve("/nowhere", argv_of, environment); }
static void do_execv(void) { execv("/nowhere", argv_of); }
static void do_execvp(void) { execvp("sunshim-nowhere", argv_of); }
static void do_execvpe(void) { execvpe("sunshim-nowhere", argv_of, environment); }
static void do_execl(void) { execl("/nowhere", "x", "y", (char *)NULL); }
static void do_execlp(void) { execlp("sunshim-nowhere", "x", "y", (char *)NULL); }
static void do_execle(void) { execle("/nowhere", "x", "y", (char *)NULL, environment); }
static void do_execveat(void) { execveat(AT_FDCWD, "/nowhere", argv_of, environment, 0); }
static void do_fexecve(void) { fexecve(stream, argv_of, environment); }
static void do_foreign(void) { execve("foreign", argv_of, environment); }
static void do_foreign_at(void) { execveat(AT_FDCWD, "foreign", argv_of, environment, 0); }
static void do_foreign_name(void) { execvpe("foreign", argv_of, too_big); }
static void do_script(void) { execve("script", argv_of, environment); }
static void do_spawn(void) { errno = posix_spawn(&child, "/nowhere", NULL, NULL, argv_of, environment); }
static void do_spawnp(void) { errno = posix_spawnp(&child, "sunshim-nowhere", NULL, NULL, argv_of, environment); }
static void do_spawn_foreign(void) { errno = posix_spawn(&child, "foreign", NULL, NULL, argv_of, environment); }
static void do_syscall(void) { syscall(SYS_connect, stream, &to_server, to_server.len); }

/* Not there, but for a policy that leads /s/ here. */
static struct stat st;
static char resolved[4096];
static void do_stat(void) { stat("/s/script", &st); }
static void do_open(void) { close(open("/s/script", O_RDONLY)); }
static void do_rename(void) { rename("/s/script", "/s/script.old"); }
static void do_unlink(void) { unlink("/s/script.old"); }
static void do_realpath(void) { if (!realpath("/s/script", resolved)) resolved[0] = '\0'; }

static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {
    {"socket", do_socket}, {"socketpair", do_socketpair}, {"bind", do_bind}, {"autobind", do_autobind},
    {"listen", do_listen}, {"accept", do_accept}, {"accept4", do_accept4}, {"connect", do_connect}, {"send", do_send},
    {"sendto", do_sendto}, {"sendmsg", do_sendmsg}, {"sendmmsg", do_sendmmsg}, {"recv", do_recv},
    {"recvfrom", do_recvfrom}, {"recvmsg", do_recvmsg}, {"recvmmsg", do_recvmmsg}, {"getsockname", do_getsockname},
    {"getpeername", do_getpeername}, {"getsockopt", do_getsockopt}, {"setsockopt", do_setsockopt},
    {"shutdown", do_shutdown}, {"syscall", do_syscall}, {"execve", do_execve}, {"execv", do_execv},
    {"execvp", do_execvp}, {"execvpe", do_execvpe}, {"execl", do_execl}, {"execlp", do_execlp}, {"execle", do_execle},
    {"execveat", do_execveat}, {"fexecve", do_fexecve}, {"execve-foreign", do_foreign},
    {"execveat-foreign", do_foreign_at}, {"execvpe-foreign", do_foreign_name}, {"execve-script", do_script},
    {"posix_spawn", do_spawn}, {"posix_spawnp", do_spawnp}, {"posix_spawn-foreign", do_spawn_foreign},
    {"stat", do_stat}, {"open", do_open}, {"realpath", do_realpath}, {"rename", do_rename}, {"unlink", do_unlink},
    {"bind-long", do_bind_long}, {"getsockname-own", do_own_name}, {"accept-name", do_accept_name},
    {"recvfrom-name", do_recvfrom_name},
};

static int raw_socket(int type)
{
    return (int)raw(SYS_socket, AF_UNIX, type | SOCK_NONBLOCK, 0, 0, 0);
}

static int bound(int type, const struct sockaddr_un *name)
{
    int fd = raw_socket(type);
    unlink(name->sun_path);
    if (raw(SYS_bind, fd, (long)name, sizeof *name, 0, 0))
        exit(3);
    return fd;
}

/* One whose own name is a long one, too, and a message from it. */
static void make_named(void)
{
    named = raw_socket(SOCK_DGRAM);
    if (bind(named, (void *)&to_long, to_long.len) == 0)
        raw(SYS_connect, named, (long)&dgram_server, sizeof dgram_server, 0, 0);
    raw(SYS_write, named, (long)"x", 1, 0, 0);
    unlink(to_long.path);
}

/* Fresh sockets, and something to accept and to receive. */
static void make_ready(void)
{
    unlink(fresh.sun_path);
    stream = raw_socket(SOCK_STREAM), dgram = raw_socket(SOCK_DGRAM);
    listener = bound(SOCK_STREAM, &server), dgram_listener = bound(SOCK_DGRAM, &dgram_server);
    raw(SYS_listen, listener, 8, 0, 0, 0);
    raw(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, (long)two, 0);
    raw(SYS_write, two[0], (long)"x", 1, 0, 0);
    if (prefix)
        make_named();
    int client = raw_socket(SOCK_STREAM), sender = raw_socket(SOCK_DGRAM);
    raw(SYS_connect, client, (long)&server, sizeof server, 0, 0);
    raw(SYS_connect, sender, (long)&dgram_server, sizeof dgram_server, 0, 0);
    for (int i = 0; i < 3; i++)
        raw(SYS_write, sender, (long)"x", 1, 0, 0);
}

static void make_unready(void)
{
    for (int fd = 3; fd < 40; fd++)
        raw(SYS_close, fd, 0, 0, 0, 0);
}

static char *stack;
static size_t stack_size;
static int call_errno;

/* Paints what lies below this frame, calls, and looks how far that went. */
static void *measure(void *which)
{
    /* A number, for the compiler may assume that no pointer leaves its object. */
    size_t room = (uintptr_t)__builtin_frame_address(0) - SLACK - (uintptr_t)stack;
    volatile char *bytes = stack;
    for (size_t i = 0; i < room; i++)
        bytes[i] = (char)PAINT;
    errno = 0;
    calls[(intptr_t)which].call();
    call_errno = errno;
    for (size_t i = 0; i < room; i++)
        if (bytes[i] != (char)PAINT)
            return (void *)(room - i + SLACK);
    return NULL;
}

static size_t use_of(int which)
{
    pthread_attr_t attr;
    pthread_t thread;
    void *used;
    pthread_attr_init(&attr);
    stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED || pthread_attr_setstack(&attr, stack, stack_size) ||
        pthread_create(&thread, &attr, measure, (void *)(intptr_t)which) || pthread_join(thread, &used))
        exit(4);
    munmap(stack, stack_size);
    return (size_t)used;
}

static void put_file(const char *name, const void *bytes, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd))
        exit(5);
}

/* A program that cannot run here, which is worth a record, and a script for it. */
static void put_programs(void)
{
    Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_EXEC,
                    .e_machine = 0xfeed, .e_version = EV_CURRENT};
    put_file("foreign", &h, sizeof h);
    put_file("script", "#!./foreign -x\n", 15);
}

static void name_all(void)
{
    const char *const names[] = {server.sun_path, dgram_server.sun_path, fresh.sun_path, NULL};
    struct given *const all[] = {&to_server, &to_dgram_server, &to_fresh, &to_long};

    for (int i = 0; i < 4; i++) {
        char *end = all[i]->path;

        all[i]->family = AF_UNIX;
        if (prefix)
            end = stpcpy(stpcpy(end, prefix), "/");
        if (names[i])
            end = stpcpy(end, names[i]);
        else
            memset(end, 'l', 200), end += prefix ? 200 : 20;
        *end = '\0';
        all[i]->len = (socklen_t)(end - all[i]->path + 3);
    }
    to_dgram.msg_namelen = to_dgram_server.len;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4 || chdir(argv[2]))
        return 2;
    put_programs();
    memset(big, 'x', sizeof big - 1);
    setenv("PATH", "/nowhere:.", 1);
    stack_size = strtoul(argv[1], NULL, 10);
    strcpy(server.sun_path, "server"), strcpy(dgram_server.sun_path, "dgram"), strcpy(fresh.sun_path, "fresh");
    prefix = argv[3];
    name_all();
    for (int i = 0; i < 8; i++) {
        many[i].msg_hdr = to_dgram;
        many_in[i].msg_hdr = incoming;
    }
    for (int i = 0; i < (int)(sizeof calls / sizeof *calls); i++) {
        make_ready();
        size_t used = use_of(i);
        printf("%s %zu %s\n", calls[i].name, used, strerrorname_np(call_errno) ? strerrorname_np(call_errno) : "-");
        make_unready();
    }
    return 0;
}
