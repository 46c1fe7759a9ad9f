/* sunat_anon WHAT DIR: sockets without a name, and names given later. DIR is empty and is so afterwards. Prints "as it
 * should be". WHAT:
 *     anon       sunat_bind_anon and sunat_bind_anonat
 *     link       SUNAT_LINKABLE, sunat_link and sunat_unlink
 *     no-link    what sunat_link and sunat_unlink refuse */
#include "tests/progs/sunat_try.h"

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static const char *top; /* DIR, absolute */
static int dir;         /* an O_PATH descriptor of it; it is the working directory as well */

static struct stat stat_of(int fd)
{
    struct stat st;

    must(fstat(fd, &st) == 0);
    return st;
}

/* --- Anonymous --- */

/* ".sunat-" and 16 hexadecimal digits, alone or below a descriptor: says nothing, leads nowhere. */
static bool says_nothing(const char *name)
{
    const char *last = strrchr(name, '/');

    last = last ? last + 1 : name;
    return (last == name || !strncmp(name, "/proc/thread-self/fd/", 21)) && !strncmp(last, ".sunat-", 7) && strlen(last) == 23 &&
           strspn(last + 7, "0123456789abcdef") == 16 && access(name, F_OK) < 0 && access(last, F_OK) < 0;
}

static void has_no_name(int server, int pin)
{
    struct sockaddr_un un = {0};
    socklen_t len = sizeof un;
    char link[64], path[4200];
    struct stat st = stat_of(pin);

    must(S_ISSOCK(st.st_mode) && st.st_nlink == 0 && (st.st_mode & 07777) == 0666 && st.st_uid == geteuid());
    must(getsockname(server, (void *)&un, &len) == 0 && (len == sizeof(sa_family_t) || says_nothing(un.sun_path)));
    snprintf(link, sizeof link, "/proc/thread-self/fd/%d", pin);
    ssize_t n = readlink(link, path, sizeof path - 1);
    must(n > 0);
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    must(stat(path, &st) < 0 && errno == ENOENT); /* the private directory */
}

static void one_anonymous(int type, int (*bind_it)(int fd))
{
    int before = descriptors(), server = new_socket(type), client = new_socket(type);

    errno = 4711;
    int pin = bind_it(server);
    must(pin >= 0 && errno == 4711 && descriptors() == before + 3);
    must((fcntl(pin, F_GETFL) & O_PATH) && fcntl(pin, F_GETFD) == FD_CLOEXEC);
    has_no_name(server, pin);
    if (type != SOCK_DGRAM) {
        must_fail(ECONNREFUSED, sunat_connect(pin, client, "", AT_EMPTY_PATH));
        must(listen(server, 10) == 0);
    }
    must_give(0, sunat_connect(pin, client, "", AT_EMPTY_PATH));
    must(arrives(client, server) && reaches(server, pin, "", AT_EMPTY_PATH));
    must_fail(ENOENT, sunat_link(pin, dir, "name"));
    must_fail(EINVAL, sunat_unlink(pin));
    must_fail(EINVAL, sunat_bind_anonat(dir, server, 0)); /* once only */
    has_no_name(server, pin);
    int copy = dup(pin);
    close(pin);
    must(reaches(server, copy, "", AT_EMPTY_PATH));
    close(server), close(client);
    client = new_socket(type);
    must_fail(ECONNREFUSED, sunat_connect(copy, client, "", AT_EMPTY_PATH));
    close(copy), close(client);
    must(descriptors() == before && entries(dir, ".") == 0);
}

static int somewhere(int fd)
{
    return sunat_bind_anon(fd, 0);
}

static int below_descriptor(int fd)
{
    return sunat_bind_anonat(dir, fd, 0);
}

static int in_working_directory(int fd)
{
    return sunat_bind_anonat(AT_FDCWD, fd, 0);
}

static int without_any_permission(int fd)
{
    mode_t before = umask(0777);
    int pin = sunat_bind_anonat(dir, fd, 0);

    must(umask(before) == 0777);
    return pin;
}

static void anon(void)
{
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        one_anonymous(types[t], somewhere);
        one_anonymous(types[t], below_descriptor);
        one_anonymous(types[t], in_working_directory);
        one_anonymous(types[t], without_any_permission);
    }
}

/* --- A name later --- */

static int linkable(int type, int *server)
{
    *server = new_socket(type);
    errno = 4711;
    int pin = sunat_bind_anonat(dir, *server, SUNAT_LINKABLE);
    must(pin >= 0 && errno == 4711 && stat_of(pin).st_nlink == 1 && entries(dir, ".") == 1);
    must(type == SOCK_DGRAM || listen(*server, 10) == 0);
    return pin;
}

static void check_private_directory(int pin)
{
    char link[64], path[4200];
    struct stat st;

    snprintf(link, sizeof link, "/proc/thread-self/fd/%d", pin);
    ssize_t n = readlink(link, path, sizeof path - 1);
    must(n > 0);
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    must(stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0700 && st.st_uid == geteuid());
}

static void link_at(int type, const char *path)
{
    int server, before = descriptors(), pin = linkable(type, &server), client = new_socket(type);
    char *up = strdup(path), *slash = strrchr(up, '/');

    check_private_directory(pin);
    must_give(0, sunat_connect(pin, client, "", AT_EMPTY_PATH));
    int from = type == SOCK_DGRAM ? -1 : accept4(server, NULL, NULL, SOCK_CLOEXEC);
    must_give(0, sunat_link(pin, dir, path));
    if (slash)
        slash[1] = '\0';
    must(is_socket(dir, path) && stat_of(pin).st_nlink == 1 && entries(dir, ".") == 1 && entries(dir, slash ? up : ".") == 1);
    must(reaches(server, dir, path, 0) && reaches(server, pin, "", AT_EMPTY_PATH));
    char byte = 'x';
    must(write(client, &byte, 1) == 1 && read(from < 0 ? server : from, &byte, 1) == 1); /* the old connection goes on */
    must_fail(EINVAL, sunat_unlink(pin));
    must(is_socket(dir, path));
    must_give(0, sunat_link(pin, dir, "second"));
    must(stat_of(pin).st_nlink == 2 && reaches(server, dir, "second", 0));
    must(unlinkat(dir, path, 0) == 0 && reaches(server, dir, "second", 0) && reaches(server, pin, "", AT_EMPTY_PATH));
    must(unlinkat(dir, "second", 0) == 0 && reaches(server, pin, "", AT_EMPTY_PATH));
    must_fail(ENOENT, sunat_link(pin, dir, path));
    close(server), close(client), close(pin);
    if (from >= 0)
        close(from);
    must(descriptors() == before);
    free(up);
    clear(top);
}

/* Permissions are the umask's until the name is given up. */
static void modes(void)
{
    mode_t before = umask(077);
    int server, pin = linkable(SOCK_STREAM, &server);

    umask(before);
    must((stat_of(pin).st_mode & 07777) == 0700);
    must_give(0, sunat_link(pin, dir, "s"));
    must((stat_of(pin).st_mode & 07777) == 0700 && unlinkat(dir, "s", 0) == 0);
    close(pin), close(server);
    umask(077);
    pin = linkable(SOCK_STREAM, &server);
    umask(before);
    must_give(0, sunat_unlink(pin));
    must(entries(dir, ".") == 0);
    has_no_name(server, pin);
    must_fail(EINVAL, sunat_unlink(pin));
    must_fail(ENOENT, sunat_link(pin, dir, "s"));
    must(reaches(server, pin, "", AT_EMPTY_PATH));
    close(pin), close(server);
}

static void a_link(void)
{
    char *deep = deep_name(300, 101), *deeper = deep_name(3900, 250);

    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        link_at(types[t], "s");
        link_at(types[t], deep_name(200, 255));
    }
    must(mkdirat(dir, "other", 0755) == 0);
    int above = dir, other = directory(dir, "other");
    make_parents(other, deep), make_parents(other, deeper);
    dir = directory(AT_FDCWD, "other");
    for (int i = 0; i < 2; i++) { /* from one directory to another, whose path is long */
        char *path = i ? deeper : deep;
        int server = new_socket(SOCK_STREAM), pin = sunat_bind_anonat(above, server, SUNAT_LINKABLE);
        must(pin >= 0 && entries(above, ".") == 2 && listen(server, 5) == 0);
        must_give(0, sunat_link(pin, other, path));
        must(is_socket(other, path) && reaches(server, other, path, 0) && entries(above, ".") == 1);
        close(server), close(pin);
    }
    dir = above;
    clear(top);
    modes();
}

/* --- What is refused --- */

/* A directory that this user may write to, elsewhere. */
static int other_file_system(void)
{
    static const char *const places[] = {"/dev/shm", "/run", "/var/tmp", "/tmp", "/dev/mqueue"};
    struct stat here = stat_of(dir), there;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (stat(places[i], &there) == 0 && there.st_dev != here.st_dev && access(places[i], W_OK) == 0)
            return directory(AT_FDCWD, places[i]);
    fprintf(stderr, "sunat_anon: no second file system to write to\n");
    exit(2);
}

static void no_link(void)
{
    int server, before = descriptors(), pin = linkable(SOCK_STREAM, &server), elsewhere = other_file_system();
    int file = openat(dir, "file", O_CREAT | O_RDWR, 0644), file_pin = openat(dir, "file", O_PATH);

    must(symlinkat("nothing", dir, "dangling") == 0 && mkdirat(dir, "dir", 0755) == 0);
    must_fail(EEXIST, sunat_link(pin, dir, "file"));
    must_fail(EEXIST, sunat_link(pin, dir, "dangling"));
    must_fail(EEXIST, sunat_link(pin, dir, "dir"));
    must_fail(EEXIST, sunat_link(pin, dir, "."));
    must_fail(ENOENT, sunat_link(pin, dir, "missing/s"));
    must_fail(ENOENT, sunat_link(pin, dir, ""));
    must_fail(ENOTDIR, sunat_link(pin, dir, "file/s"));
    must_fail(ENOTDIR, sunat_link(pin, file, "s"));
    must_fail(EBADF, sunat_link(pin, -1, "s"));
    must_fail(EBADF, sunat_link(-1, dir, "s"));
    must_fail(EFAULT, sunat_link(pin, dir, NULL));
    must_fail(EXDEV, sunat_link(pin, elsewhere, "sunat-test-of-exdev"));
    must_fail(EINVAL, sunat_link(file_pin, dir, "s"));
    must_fail(EINVAL, sunat_link(file, dir, "s"));
    must_fail(EINVAL, sunat_link(server, dir, "s"));
    must_fail(EINVAL, sunat_link(dir, dir, "s"));
    must_fail(EBADF, sunat_unlink(-1));
    must_fail(EINVAL, sunat_unlink(file_pin));
    must_fail(EINVAL, sunat_unlink(server));
    must(stat_of(pin).st_nlink == 1 && entries(dir, ".") == 4 && reaches(server, pin, "", AT_EMPTY_PATH));
    must_give(0, sunat_link(pin, dir, "s")); /* all that changed nothing */
    must(reaches(server, dir, "s", 0));
    int named = serving(SOCK_STREAM, dir, "named"), named_pin = openat(dir, "named", O_PATH);
    must_fail(EINVAL, sunat_unlink(named_pin)); /* a name of its own, which stays */
    must_give(0, sunat_link(named_pin, dir, "again"));
    must(reaches(named, dir, "named", 0) && reaches(named, dir, "again", 0));
    close(named), close(named_pin), close(file), close(file_pin), close(elsewhere), close(server), close(pin);
    must(descriptors() == before);
    clear(top);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"anon", anon}, {"link", a_link}, {"no-link", no_link}};

    if (argc != 3)
        return 2;
    top = try_set_out(argv[2], &dir);
    return try_part(parts, sizeof parts / sizeof *parts, argv[1], dir);
}
