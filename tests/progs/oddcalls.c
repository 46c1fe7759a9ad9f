/* oddcalls: a table of odd socket calls and what each answers, one a line:
 *     call arguments -> ret errno address addrlen
 * Run natively and under the shim, in the same fresh directory, the output must
 * not differ. errno is 7777 before every call and printed as "-" if it stays.
 *
 * Files it makes in the current directory: stream, dgram, seqpacket (bound, the
 * first and last listening), file, dir/, links to each, dangling, loop. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "oddcalls/oddcalls.h"

const int unix_types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
const char *const files[] = {"?", "stream", "dgram", "?", "?", "seqpacket"};

char *guard;
char tag[32];
int dgram_peer = -1;

static void make_files(void)
{
    for (int i = 0; i < 3; i++) {
        int type = unix_types[i], fd = new_socket(AF_UNIX, type);
        if (bind(fd, (void *)un_bytes(files[type], strlen(files[type])), (socklen_t)(3 + strlen(files[type]))))
            exit(2);
        if (type == SOCK_DGRAM)
            dgram_peer = fd;
        else if (listen(fd, 4000))
            exit(2);
        if (symlink(files[type], label("to-%s", files[type])))
            exit(2);
    }
    if (mkdir("dir", 0755) || symlink("dir", "to-dir") || symlink("file", "to-file") || symlink("nothing", "dangling") ||
        symlink("loop", "loop") || close(open("file", O_CREAT | O_WRONLY, 0644)))
        exit(2);
}

int main(int argc, char **argv)
{
    if (argc != 3 || chdir(argv[1]))
        return fprintf(stderr, "usage: oddcalls EMPTY-DIRECTORY NAME\n"), 2;
    snprintf(tag, sizeof tag, "%s", argv[2]);
    signal(SIGPIPE, SIG_IGN);
    alarm(100);
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_NONE))
        return 2;
    guard = pages + 4096;
    make_files();
    make_addresses();
    address_table();
    descriptor_table();
    names_table();
    for (int i = 0; i < 3; i++)
        bind_again(unix_types[i]);
    listen_table();
    accept_table();
    connect_table();
    full_backlog();
    sendmsg_table();
    mmsg_table();
    receive_table();
    recv_errors();
    pass_descriptor();
    socket_table();
    option_table();
    inet_table();
    return 0;
}
