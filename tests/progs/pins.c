/* pins DIR: what this kernel does with socket files that a descriptor is open on (O_PATH), which libsunat builds on.
 * Prints a line for each experiment: what is documented for the privileges it runs with, and what was found. Ends
 * with "as documented", or with the number of lines that say "otherwise" and status 1. Works in DIR, an empty
 * directory, and leaves nothing there. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE 0x89E0
#endif

/* What the experiments begin with: a listening socket called "first" and a descriptor of its file. */
static int listener, pin;

#define must(ok) \
    do { \
        if (!(ok)) { \
            fprintf(stderr, "pins: line %d: not so: %s (%s)\n", __LINE__, #ok, strerrorname_np(errno)); \
            exit(2); \
        } \
    } while (0)

/* --- Steps: each returns 0 or what errno says --- */

static int result(int ret)
{
    return ret < 0 ? errno : 0;
}

static struct sockaddr_un named(const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    must(strlen(name) < sizeof un.sun_path);
    strcpy(un.sun_path, name);
    return un;
}

static int connect_to(const char *name)
{
    const struct sockaddr_un un = named(name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    must(fd >= 0);
    int found = result(connect(fd, (const void *)&un, sizeof un));
    close(fd);
    return found;
}

static const char *through(int fd)
{
    static char path[64];

    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", fd);
    return path;
}

static int connect_through(int fd)
{
    return connect_to(through(fd));
}

static int link_empty(int fd)
{
    return result(linkat(fd, "", AT_FDCWD, "second", AT_EMPTY_PATH));
}

static int link_through(int fd)
{
    return result(linkat(AT_FDCWD, through(fd), AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
}

static void unlinked(const char *name)
{
    must(unlink(name) == 0);
}

/* The same privileges, but not the credentials that the descriptor was opened with. */
static int with_new_credentials(int (*step)(int))
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct caps[2];
        must(syscall(SYS_capget, &head, caps) == 0 && syscall(SYS_capset, &head, caps) == 0);
        _exit(step(pin));
    }
    must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* --- Experiments --- */

static int pin_with_name(void)
{
    return connect_through(pin);
}

static int pin_without_name(void)
{
    unlinked("first");
    return connect_through(pin);
}

static int pin_without_permission(void)
{
    must(chmod("first", 0) == 0);
    unlinked("first");
    return connect_through(pin);
}

static int pin_of_closed(void)
{
    unlinked("first");
    close(listener);
    return connect_through(pin);
}

static int descriptor_of_listener(void)
{
    return connect_through(listener);
}

static int link_of_name(void)
{
    int found = result(link("first", "second"));

    return found ? found : connect_to("second");
}

static int link_outlives_name(void)
{
    must(link("first", "second") == 0);
    unlinked("first");
    return connect_to("second");
}

static int empty_while_named(void)
{
    int found = link_empty(pin);

    return found ? found : connect_to("second");
}

static int empty_new_credentials(void)
{
    return with_new_credentials(link_empty);
}

static int through_while_named(void)
{
    int found = link_through(pin);

    return found ? found : connect_to("second");
}

static int through_new_credentials(void)
{
    return with_new_credentials(link_through);
}

static int through_other_name(void)
{
    must(link("first", "other") == 0);
    unlinked("first");
    return link_through(pin);
}

static int empty_without_name(void)
{
    unlinked("first");
    return link_empty(pin);
}

static int through_without_name(void)
{
    unlinked("first");
    return link_through(pin);
}

static int file_of_socket(void)
{
    unlinked("first");
    int fd = ioctl(listener, SIOCUNIXFILE), found = result(fd);
    if (found)
        return found;
    found = connect_through(fd);
    close(fd);
    return found;
}

static int bind_below(int dir)
{
    char name[96];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(name, sizeof name, "%s/second", through(dir));
    const struct sockaddr_un un = named(name);
    int found = result(bind(fd, (const void *)&un, sizeof un));
    close(fd);
    close(dir);
    return found;
}

static int bind_in_directory(void)
{
    return bind_below(open(".", O_PATH | O_DIRECTORY));
}

static int bind_in_deleted(void)
{
    must(mkdir("other", 0700) == 0);
    int dir = open("other", O_PATH | O_DIRECTORY);
    must(rmdir("other") == 0);
    return bind_below(dir);
}

/* --- The table --- */

static bool capable(int cap)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];

    must(syscall(SYS_capget, &head, caps) == 0);
    return caps[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

/* Linux 6.10 lets those link an empty path who opened the descriptor. */
static bool links_for_opener(void)
{
    struct utsname u;
    int major, minor;

    must(uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2);
    return major > 6 || (major == 6 && minor >= 10);
}

static int run_one(int (*experiment)(void))
{
    const struct sockaddr_un un = named("first");

    unlink("first"), unlink("second"), unlink("other"), rmdir("other");
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    must(bind(listener, (const void *)&un, sizeof un) == 0 && listen(listener, 10) == 0);
    pin = open("first", O_PATH | O_CLOEXEC);
    must(pin >= 0);
    int found = experiment();
    close(listener);
    close(pin);
    unlink("first"), unlink("second"), unlink("other");
    return found;
}

static const char *word(int err)
{
    return err ? strerrorname_np(err) : "works";
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]))
        return 2;
    bool search = capable(CAP_DAC_READ_SEARCH);
    const struct {
        const char *what;
        int (*experiment)(void);
        int documented;
    } table[] = {
        {"connect through an O_PATH descriptor of the file", pin_with_name, 0},
        {"  its name unlinked", pin_without_name, 0},
        {"  its name unlinked, mode 0000", pin_without_permission, capable(CAP_DAC_OVERRIDE) ? 0 : EACCES},
        {"  its name unlinked, the listening socket closed", pin_of_closed, ECONNREFUSED},
        {"connect through the listening descriptor", descriptor_of_listener, ECONNREFUSED},
        {"link(2) of the name, connect by the second", link_of_name, 0},
        {"  the first unlinked", link_outlives_name, 0},
        {"linkat(fd, AT_EMPTY_PATH) while there is a name", empty_while_named, search || links_for_opener() ? 0 : ENOENT},
        {"  with other credentials than at the open", empty_new_credentials, search ? 0 : ENOENT},
        {"linkat(/proc/.../fd/N) while there is a name", through_while_named, 0},
        {"  with other credentials than at the open", through_new_credentials, 0},
        {"  another name than the one that was opened", through_other_name, 0},
        {"linkat(fd, AT_EMPTY_PATH) after the last unlink", empty_without_name, ENOENT},
        {"linkat(/proc/.../fd/N) after the last unlink", through_without_name, ENOENT},
        {"ioctl(SIOCUNIXFILE), connect through what it gives", file_of_socket, capable(CAP_NET_ADMIN) ? 0 : EPERM},
        {"bind below a directory's descriptor", bind_in_directory, 0},
        {"  the directory deleted", bind_in_deleted, ENOENT},
    };
    struct utsname u;
    int otherwise = 0;

    must(uname(&u) == 0);
    printf("Linux %s, uid %u\n%-52s %-14s %s\n", u.release, geteuid(), "experiment", "documented", "found");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int found = run_one(table[i].experiment);
        bool as_said = found == table[i].documented;
        printf("%-52s %-14s %s%s\n", table[i].what, word(table[i].documented), word(found), as_said ? "" : "  <- otherwise");
        otherwise += !as_said;
    }
    if (otherwise)
        printf("Linux %s does otherwise in %d of these\n", u.release, otherwise);
    else
        printf("all %zu as documented\n", sizeof table / sizeof *table);
    return otherwise > 0;
}
