/* sunat_paths WHAT DIR: libsunat's calls with paths of all lengths, descriptors of all kinds, and what else they
 * take. DIR is empty and is so afterwards. Prints "as it should be". WHAT:
 *     lengths    paths of 1 to 4,000 bytes, and of PATH_MAX
 *     longest    all just below PATH_MAX
 *     last       last components of 1 to 256 bytes, and others of 255 and 256
 *     dirfds     descriptors of directories, of others, of none
 *     symlinks   as last component, and before */
#include "tests/progs/sunat_try.h"

#include <limits.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static const char *top; /* DIR, absolute */
static int dir;         /* an O_PATH descriptor of it; it is the working directory as well */

/* --- Lengths --- */

/* A socket comes into being there, is reached, leaves nothing but itself. */
static void works_at(int type, int dirfd, const char *path)
{
    char *up = strdup(path), *slash = strrchr(up, '/');
    struct stat st;

    if (slash)
        slash[1] = '\0';
    int before = descriptors(), there = entries(dirfd, slash ? up : "."), server = serving(type, dirfd, path);
    must(fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) && st.st_nlink == 1);
    must(entries(dirfd, slash ? up : ".") == there + 1);
    must(reaches(server, dirfd, path, 0) && reaches(server, dirfd, path, AT_SYMLINK_NOFOLLOW));
    must(reaches(server, dirfd, path, AT_EMPTY_PATH));
    int again = new_socket(type);
    must_fail(EADDRINUSE, sunat_bind(dirfd, again, path, 0));
    close(again);
    if (type == SOCK_DGRAM) {
        char got;
        must_give(1, send_byte(dirfd, server, path, 0, 0));
        must(recv(server, &got, 1, MSG_DONTWAIT) == 1);
    }
    must(unlinkat(dirfd, path, 0) == 0);
    close(server);
    free(up);
    must(descriptors() == before);
}

static void too_long(int dirfd, const char *path)
{
    int stream = new_socket(SOCK_STREAM), gram = new_socket(SOCK_DGRAM), pin = sunat_bind_anonat(dir, new_socket(SOCK_STREAM), SUNAT_LINKABLE);

    must(pin >= 0);
    must_fail(ENAMETOOLONG, sunat_bind(dirfd, stream, path, 0));
    must_fail(ENAMETOOLONG, sunat_connect(dirfd, stream, path, 0));
    must_fail(ENAMETOOLONG, sunat_connect(dirfd, stream, path, AT_EMPTY_PATH));
    must_fail(ENAMETOOLONG, send_byte(dirfd, gram, path, 0, 0));
    must_fail(ENAMETOOLONG, sunat_link(pin, dirfd, path));
    must_give(0, sunat_unlink(pin));
    close(stream), close(gram), close(pin);
}

static void of_length(size_t bytes, size_t component, int type)
{
    char *path = deep_name(bytes, component);

    make_parents(dir, path);
    works_at(type, dir, path);
    works_at(type, AT_FDCWD, path);
    clear(top);
    free(path);
}

static void lengths(void)
{
    static const size_t some[] = {1, 2, 50, 106, 107, 108, 109, 110, 111, 126, 127, 128, 129, 300, 1000, 4000};
    char *absolute = malloc(PATH_MAX + 1), *path;

    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        for (size_t t = 0; t < 3; t++)
            of_length(some[i], t == 0 ? 50 : t == 1 ? 255 : 101, types[t]);
    path = deep_name(PATH_MAX - 2 - strlen(top), 199);
    make_parents(dir, path);
    sprintf(absolute, "%s/%s", top, path);
    must(strlen(absolute) == PATH_MAX - 1);
    works_at(SOCK_STREAM, AT_FDCWD, absolute);
    works_at(SOCK_STREAM, -1, absolute);
    works_at(SOCK_DGRAM, dir, absolute);
    clear(top);
    for (size_t bytes = PATH_MAX; bytes < 200000; bytes = bytes * 3 / 2) {
        too_long(dir, deep_name(bytes, 100)), too_long(AT_FDCWD, deep_name(bytes, 100));
        char *slashes = deep_name(bytes, 1);
        for (char *at = slashes; at[1]; at++)
            *at = '/';
        too_long(dir, slashes);
    }
}

/* What a policy with rules about paths cannot judge below a descriptor: with the directory it is too long. */
static void longest(void)
{
    for (size_t bytes = 4060; bytes < PATH_MAX; bytes++)
        of_length(bytes, 200, types[bytes % 3]);
}

static void last(void)
{
    for (size_t bytes = 1; bytes < 256; bytes += bytes < 84 || (bytes > 111 && bytes < 251) ? 20 : 1)
        for (size_t t = 0; t < 3; t++)
            of_length(bytes, 255, types[t]);
    char *path = deep_name(256, 1000), *below = malloc(600);
    too_long(dir, path);
    sprintf(below, "%s/s", path);
    too_long(dir, below);
    path[255] = '\0';
    sprintf(below, "%s/%sn", path, path);
    make_parents(dir, below);
    too_long(dir, below);
    below[strlen(below) - 1] = '\0';
    works_at(SOCK_STREAM, dir, below);
    clear(top);
}

/* --- Descriptors --- */

static void refused_with(int err, int dirfd, const char *path)
{
    int fd = new_socket(SOCK_STREAM), gram = new_socket(SOCK_DGRAM), before = descriptors();

    must_fail(err, sunat_bind(dirfd, fd, path, 0));
    must_fail(err, sunat_connect(dirfd, fd, path, 0));
    must_fail(err, sunat_connect(dirfd, fd, path, AT_SYMLINK_NOFOLLOW));
    must_fail(err, send_byte(dirfd, gram, path, 0, 0));
    must(descriptors() == before);
    close(fd), close(gram);
}

/* No directories; and an absolute path, with which nobody looks. */
static void no_directory(int err, int dirfd, const char *absolute)
{
    char *longer = deep_name(200, 255), *deep = deep_name(300, 100);

    refused_with(err, dirfd, "s");
    refused_with(err, dirfd, longer);
    refused_with(err, dirfd, deep);
    must_fail(err, sunat_bind_anonat(dirfd, new_socket(SOCK_STREAM), 0));
    works_at(SOCK_STREAM, dirfd, absolute);
    free(longer), free(deep);
}

static void deleted(void)
{
    must(mkdirat(dir, "gone", 0755) == 0);
    int gone = directory(dir, "gone"), readable = openat(dir, "gone", O_RDONLY | O_DIRECTORY);

    must(unlinkat(dir, "gone", AT_REMOVEDIR) == 0);
    for (int i = 0; i < 2; i++) {
        int fd = i ? gone : readable;
        refused_with(ENOENT, fd, "s");
        refused_with(ENOENT, fd, deep_name(200, 255));
        refused_with(ENOENT, fd, deep_name(300, 100));
        must_fail(ENOENT, sunat_bind_anonat(fd, new_socket(SOCK_STREAM), 0));
        works_at(SOCK_STREAM, fd, "../s"); /* the way up is still there */
        close(fd);
    }
}

static void dirfds(void)
{
    int ends[2], readable = openat(dir, ".", O_RDONLY | O_DIRECTORY), file = openat(dir, "file", O_CREAT | O_RDWR, 0644);
    char absolute[PATH_MAX];

    must(mkdirat(dir, "in", 0755) == 0 && symlinkat("in", dir, "to") == 0 && pipe(ends) == 0 && readable >= 0 && file >= 0);
    snprintf(absolute, sizeof absolute, "%s/in/s", top);
    works_at(SOCK_STREAM, directory(dir, "in"), "s");
    works_at(SOCK_STREAM, readable, "in/s");
    works_at(SOCK_STREAM, readable, "to/s");
    const int odd[] = {file, openat(dir, "file", O_PATH), ends[0], ends[1], new_socket(SOCK_STREAM), openat(dir, "to", O_PATH | O_NOFOLLOW)};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        no_directory(ENOTDIR, odd[i], absolute);
    const int closed = fcntl(file, F_DUPFD, 200); /* not the next number */
    close(closed);
    const int none[] = {closed, -1, -2, -99, INT_MAX, INT_MIN, 100000};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        no_directory(EBADF, none[i], absolute);
    deleted();
    must(unlinkat(dir, "file", 0) == 0 && unlinkat(dir, "to", 0) == 0 && unlinkat(dir, "in", AT_REMOVEDIR) == 0);
}

/* --- Symbolic links --- */

static void symlinks_of(const char *suffix)
{
    char name[300], to[300], dangling[300], into[600];
    int server = -1, fd = new_socket(SOCK_STREAM), gram = new_socket(SOCK_DGRAM);

    snprintf(name, sizeof name, "s%s", suffix), snprintf(to, sizeof to, "to%s", suffix);
    snprintf(dangling, sizeof dangling, "no%s", suffix), snprintf(into, sizeof into, "in%s/s%s", suffix, suffix);
    server = serving(SOCK_STREAM, dir, name);
    must(symlinkat(name, dir, to) == 0 && symlinkat("nothing", dir, dangling) == 0);
    must_fail(EADDRINUSE, sunat_bind(dir, fd, to, 0));
    must_fail(EADDRINUSE, sunat_bind(dir, fd, dangling, 0));
    must(faccessat(dir, "nothing", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT);
    must(reaches(server, dir, to, 0) && reaches(server, dir, name, AT_SYMLINK_NOFOLLOW));
    must_fail(ELOOP, sunat_connect(dir, fd, to, AT_SYMLINK_NOFOLLOW));
    must_fail(ELOOP, sunat_connect(dir, fd, to, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    must_fail(ELOOP, sunat_connect(dir, fd, dangling, AT_SYMLINK_NOFOLLOW));
    must_fail(ENOENT, sunat_connect(dir, fd, dangling, 0));
    must_fail(ELOOP, send_byte(dir, gram, to, 0, AT_SYMLINK_NOFOLLOW));
    must_fail(ELOOP, send_byte(dir, gram, dangling, 0, AT_SYMLINK_NOFOLLOW));
    must_fail(ENOENT, send_byte(dir, gram, dangling, 0, 0));
    *strchr(into, '/') = '\0';
    must(symlinkat(".", dir, into) == 0);
    into[strlen(into)] = '/';
    must(reaches(server, dir, into, 0) && reaches(server, dir, into, AT_SYMLINK_NOFOLLOW));
    clear(top);
    close(server), close(fd), close(gram);
}

static void symlinks(void)
{
    symlinks_of("");
    symlinks_of(deep_name(150, 255));
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"lengths", lengths}, {"longest", longest}, {"last", last}, {"dirfds", dirfds}, {"symlinks", symlinks}};

    if (argc != 3)
        return 2;
    top = try_set_out(argv[2], &dir);
    return try_part(parts, sizeof parts / sizeof *parts, argv[1], dir);
}
