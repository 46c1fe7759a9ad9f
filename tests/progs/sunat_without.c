/* sunat_without WHAT DIR: libsunat's calls where the usual way through /proc is none. DIR is empty and is so afterwards.
 * Prints "as it should be". WHAT:
 *     full      no free descriptor
 *     noproc    no /proc (who starts it has taken it away)
 *     chroot    no /proc, in a chroot (as root) */
#include "tests/progs/sunat_try.h"

#include <sys/resource.h>

static const char *top; /* DIR, absolute; "" in a chroot */
static int dir;         /* an O_PATH descriptor of it; it is the working directory as well */

enum { PATHS = 4 };

static const char *path_of(int i)
{
    static char *made[PATHS];

    if (!made[0])
        made[0] = strdup("s"), made[1] = deep_name(300, 101), made[2] = deep_name(200, 255), made[3] = deep_name(3000, 100);
    return made[i];
}

struct set {
    int server[PATHS], client[PATHS], nofollow[PATHS], gram, sender, anonymous, linkable, pin;
};

static struct set make_set(void)
{
    struct set s = {.gram = new_socket(SOCK_DGRAM), .sender = new_socket(SOCK_DGRAM), .anonymous = new_socket(SOCK_STREAM)};

    s.linkable = new_socket(SOCK_STREAM);
    for (int i = 0; i < PATHS; i++) {
        s.server[i] = new_socket(SOCK_STREAM), s.client[i] = new_socket(SOCK_STREAM), s.nofollow[i] = new_socket(SOCK_STREAM);
        make_parents(dir, path_of(i));
    }
    return s;
}

static void close_set(struct set *s)
{
    for (int i = 0; i < PATHS; i++)
        close(s->server[i]), close(s->client[i]), close(s->nofollow[i]);
    close(s->gram), close(s->sender), close(s->anonymous), close(s->linkable), close(s->pin);
}

/* Connects by a path, or fails where there is no way: a long last component needs /proc. */
static bool connected(const struct set *s, int from, int i, bool proc)
{
    if (proc || i != 2) {
        must_give(0, sunat_connect(from, s->client[i], path_of(i), 0));
        must_give(0, sunat_connect(from, s->nofollow[i], path_of(i), AT_SYMLINK_NOFOLLOW));
        return true;
    }
    must_fail(ENAMETOOLONG, sunat_connect(from, s->client[i], path_of(i), 0));
    must_fail(ENAMETOOLONG, sunat_connect(from, s->nofollow[i], path_of(i), AT_SYMLINK_NOFOLLOW));
    must_fail(ENAMETOOLONG, send_byte(from, s->sender, path_of(i), 0, 0));
    return false;
}

static void bind_and_connect(const struct set *s, int from, bool proc)
{
    char byte;

    for (int i = 0; i < PATHS; i++) {
        must_give(0, sunat_bind(from, s->server[i], path_of(i), 0));
        must(listen(s->server[i], 5) == 0);
        if (!connected(s, from, i, proc))
            must(renameat(dir, path_of(i), dir, "short") == 0 && sunat_connect(from, s->client[i], "short", 0) == 0 &&
                 sunat_connect(from, s->nofollow[i], "short", 0) == 0 && renameat(dir, "short", dir, path_of(i)) == 0);
        must_fail(EADDRINUSE, sunat_bind(from, s->anonymous, path_of(i), 0));
        must_fail(ENOENT, sunat_connect(from, s->anonymous, "missing", 0));
        must_fail(ENOENT, sunat_bind(from, s->anonymous, "missing/s", 0));
        must(unlinkat(dir, path_of(i), 0) == 0);
    }
    must_give(0, sunat_bind(from, s->gram, path_of(1), 0));
    must_give(1, send_byte(from, s->sender, path_of(1), 0, 0));
    must(recv(s->gram, &byte, 1, MSG_DONTWAIT) == 1 && unlinkat(dir, path_of(1), 0) == 0);
}

/* What a client sends its server gets: they are connected as they should be. */
static void check_pairs(const struct set *s)
{
    for (int i = 0; i < PATHS; i++)
        must(arrives(s->client[i], s->server[i]) && arrives(s->nofollow[i], s->server[i]));
}

static void each_start(void (*in_between)(const struct set *s, int from))
{
    for (int i = 0; i < 2; i++) {
        struct set s = make_set();
        s.pin = sunat_bind_anonat(dir, s.linkable, SUNAT_LINKABLE);
        must(s.pin >= 0);
        in_between(&s, i ? dir : AT_FDCWD);
        check_pairs(&s);
        close_set(&s);
        clear(*top ? top : ".");
    }
}

static void while_full(const struct set *s, int from)
{
    const struct rlimit few = {200, 200};
    int more[200], n = 0;

    must(setrlimit(RLIMIT_NOFILE, &few) == 0 && listen(s->linkable, 5) == 0);
    while ((more[n] = dup(0)) >= 0)
        n++;
    must(errno == EMFILE);
    bind_and_connect(s, from, true);
    must_fail(EMFILE, sunat_bind_anonat(dir, s->anonymous, 0));
    must_fail(EMFILE, sunat_bind_anonat(dir, s->anonymous, SUNAT_LINKABLE));
    must_fail(EMFILE, sunat_bind_anon(s->anonymous, 0));
    must_give(0, sunat_link(s->pin, from, "name"));
    must_give(0, sunat_connect(s->pin, s->anonymous, "", AT_EMPTY_PATH));
    must(unlinkat(dir, "name", 0) == 0);
    while (n > 0)
        close(more[--n]);
    must(arrives(s->anonymous, s->linkable));
}

static void full(void)
{
    each_start(while_full);
}

static void while_without(const struct set *s, int from)
{
    int before = descriptors();

    must(access("/proc/self", F_OK) < 0);
    bind_and_connect(s, from, false);
    int pin = sunat_bind_anonat(dir, s->anonymous, 0), fd = new_socket(SOCK_STREAM);
    struct stat st;
    must(pin >= 0 && fstat(pin, &st) == 0 && st.st_nlink == 0 && listen(s->anonymous, 5) == 0);
    must_fail(ENOSYS, sunat_connect(pin, fd, "", AT_EMPTY_PATH));
    must_fail(ENOSYS, sunat_unlink(s->pin));
    close(pin), close(fd);
    must(descriptors() == before);
}

static void noproc(void)
{
    each_start(while_without);
}

static void in_chroot(void)
{
    must(chroot(".") == 0);
    top = "";
    noproc();
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"full", full}, {"noproc", noproc}, {"chroot", in_chroot}};

    if (argc != 3)
        return 2;
    top = try_set_out(argv[2], &dir);
    return try_part(parts, sizeof parts / sizeof *parts, argv[1], dir);
}
