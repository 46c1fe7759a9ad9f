/* sunat_race WHAT DIR [TIMES]: others that are busy while libsunat works. DIR is empty and is so afterwards.
 * WHAT:
 *     chdir     threads that change the working directory while others bind and connect below descriptors
 *     sticky    a world-writable directory with the sticky bit, in which another user watches and tries all it may while
 *               sockets with long names and without names are made, TIMES of each (as root)
 *     open      the same without the sticky bit: the other user can disturb, but never gets at a socket
 * Prints "as it should be". */
#include "tests/progs/sunat_try.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const char *top; /* DIR, absolute */
static int dir;         /* an O_PATH descriptor of it */

/* --- Working directories --- */

enum { PLACES = 2, WORKERS = 3, ROUNDS = 200 };

static struct place {
    const char *path;
    int fd, server;
    ino_t inode;
} places[PLACES];
static atomic_bool over;

/* Alone in changing it: whatever happens meanwhile, it is where it went. */
static void *changing(void *unused)
{
    struct stat st;

    for (unsigned i = 0; !atomic_load(&over); i++) {
        must(chdir(places[i % PLACES].path) == 0);
        for (int n = 0; n < 20; n++)
            must(stat(".", &st) == 0 && st.st_ino == places[i % PLACES].inode);
    }
    return unused;
}

static void *masking(void *unused)
{
    for (mode_t want = 022; !atomic_load(&over); want ^= 055)
        must(umask(want ^ 055) == want);
    umask(022);
    return unused;
}

static bool answers(int client, char want)
{
    char got = 0;
    bool ok = read(client, &got, 1) == 1 && got == want;

    close(client);
    return ok;
}

/* Says which place it belongs to. */
static void *serve(void *which)
{
    struct place *p = &places[(long)which];

    for (int fd; (fd = accept4(p->server, NULL, NULL, SOCK_CLOEXEC)) >= 0; close(fd))
        must(write(fd, &"AB"[p - places], 1) == 1);
    return NULL;
}

static void one_round(long id, int round, const char *const *names)
{
    struct place *p = &places[round % PLACES], *other = &places[(round + 1) % PLACES];
    char own[300];
    int client = new_socket(SOCK_STREAM), s = new_socket(SOCK_STREAM);

    must_give(0, sunat_connect(p->fd, client, names[round % 3], 0));
    must(answers(client, "AB"[p - places]));
    snprintf(own, sizeof own, "%ld-%d-%.200s", id, round, round % 3 ? "" : names[1]);
    must_give(0, sunat_bind(p->fd, s, own, 0));
    must(is_socket(p->fd, own) && !is_socket(other->fd, own) && listen(s, 5) == 0);
    must(reaches(s, p->fd, own, 0) && unlinkat(p->fd, own, 0) == 0);
    close(s);
    s = new_socket(SOCK_STREAM);
    int pin = sunat_bind_anonat(p->fd, s, 0);
    must(pin >= 0 && listen(s, 5) == 0 && reaches(s, pin, "", AT_EMPTY_PATH));
    close(s), close(pin);
}

static void *worker(void *id)
{
    char name[3][600];
    const char *const names[] = {name[0], name[1], name[2]};

    strcpy(name[0], "s");
    strcpy(name[1], deep_name(200, 255));
    snprintf(name[2], sizeof name[2], "%s", deep_name(400, 101));
    for (int i = 0; i < ROUNDS; i++)
        one_round((long)id, i, names);
    return NULL;
}

static void make_place(long i)
{
    struct place *p = &places[i];
    struct stat st;
    char *path = malloc(strlen(top) + 3);

    sprintf(path, "%s/%c", top, "AB"[i]);
    must(mkdir(path, 0755) == 0);
    p->path = path;
    p->fd = directory(AT_FDCWD, path);
    must(fstat(p->fd, &st) == 0);
    p->inode = st.st_ino;
    p->server = serving(SOCK_STREAM, p->fd, "s");
    const char *more[] = {deep_name(200, 255), deep_name(400, 101)};
    for (int n = 0; n < 2; n++) {
        make_parents(p->fd, more[n]);
        must(linkat(p->fd, "s", p->fd, more[n], 0) == 0);
    }
}

static void changing_directories(void)
{
    pthread_t t, workers[WORKERS], others[2];

    for (long i = 0; i < PLACES; i++) {
        make_place(i);
        must(pthread_create(&t, NULL, serve, (void *)i) == 0 && pthread_detach(t) == 0);
    }
    must(pthread_create(&others[0], NULL, changing, NULL) == 0 && pthread_create(&others[1], NULL, masking, NULL) == 0);
    for (long i = 0; i < WORKERS; i++)
        must(pthread_create(&workers[i], NULL, worker, (void *)i) == 0);
    for (long i = 0; i < WORKERS; i++)
        must(pthread_join(workers[i], NULL) == 0);
    atomic_store(&over, true);
    for (long i = 0; i < 2; i++)
        must(pthread_join(others[i], NULL) == 0);
    for (long i = 0; i < PLACES; i++)
        must(entries(places[i].fd, ".") == 3);
    clear(top);
}

/* --- Another user --- */

enum { VICTIM = 65533, ATTACKER = 65534, ENOUGH = 50 };

/* Of each kind, how often; the first three say that there was something to try it on. */
static struct counts {
    atomic_int ready, met, tries;
    atomic_int opened, entered, connected, moved, linked, squatted;
} *counts;

static void become(uid_t uid)
{
    must(setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0);
    must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
}

static void add(atomic_int *count, bool succeeded)
{
    atomic_fetch_add(count, succeeded);
}

static bool is_victims(const char *name, struct stat *st)
{
    return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == 0 && st->st_uid == VICTIM;
}

static void try_connect(int at, const char *path)
{
    int fd = new_socket(SOCK_STREAM | SOCK_NONBLOCK);

    add(&counts->connected, sunat_connect(at, fd, path, 0) == 0);
    close(fd);
}

/* Looks into a directory of the victim's, now and later. */
static void look_into(const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), pin = openat(dir, name, O_PATH | O_NOFOLLOW);
    struct stat st;

    add(&counts->opened, fd >= 0);
    if (pin >= 0 && fstat(pin, &st) == 0 && st.st_uid == VICTIM) {
        add(&counts->entered, st.st_mode & 077);
        add(&counts->entered, mkdirat(pin, "mine", 0777) == 0 || mknodat(pin, "mine", S_IFIFO | 0666, 0) == 0);
        add(&counts->entered, fchmodat(dir, name, 0777, 0) == 0);
        try_connect(pin, name);
    }
    if (fd >= 0)
        close(fd);
    if (pin >= 0)
        close(pin);
}

/* Takes it away, and puts something of its own in its place. */
static void replace(const char *name, unsigned how)
{
    static unsigned serial;
    char aside[64];

    snprintf(aside, sizeof aside, "stolen-%u", serial++);
    add(&counts->linked, linkat(dir, name, dir, aside, 0) == 0);
    add(&counts->moved, renameat(dir, name, dir, aside) == 0 || unlinkat(dir, name, 0) == 0 || unlinkat(dir, name, AT_REMOVEDIR) == 0);
    if (how % 3 == 0)
        (void)!mkdirat(dir, name, 0777);
    else if (how % 3 == 1)
        (void)!symlinkat("trap", dir, name);
    else
        (void)!mknodat(dir, name, S_IFSOCK | 0777, 0);
}

static void meet(const char *name)
{
    static unsigned how;
    struct stat st;

    if (!is_victims(name, &st) || !strncmp(name, "stolen-", 7))
        return;
    if (S_ISDIR(st.st_mode) && how++ % 2)
        look_into(name);
    else if (!S_ISDIR(st.st_mode))
        try_connect(dir, name);
    replace(name, how / 2);
    add(&counts->met, S_ISDIR(st.st_mode));
}

static _Noreturn void attack(void)
{
    static char events[1 << 20] __attribute__((aligned(8)));
    int watch = inotify_init1(IN_CLOEXEC);

    become(ATTACKER);
    umask(0);
    must(mkdirat(dir, "trap", 0777) == 0 && watch >= 0 && inotify_add_watch(watch, top, IN_CREATE | IN_MOVED_TO) >= 0);
    atomic_store(&counts->ready, 1);
    for (;;) {
        ssize_t n = read(watch, events, sizeof events), at = 0, last = 0;
        for (; at < n; at += (ssize_t)(sizeof(struct inotify_event) + ((struct inotify_event *)(void *)(events + at))->len))
            last = at;
        struct inotify_event *e = (void *)(events + last); /* those before are gone */
        if (n > 0 && e->len)
            meet(e->name);
    }
}

/* What the victim made in the attacker's directories: it was led there. */
static void count_squatted(int at, bool attackers)
{
    int readable = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fdopendir(readable);
    struct dirent *e;
    struct stat st;

    must(d);
    while ((e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || fstatat(at, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        add(&counts->squatted, attackers && st.st_uid == VICTIM);
        if (S_ISDIR(st.st_mode) && st.st_uid == ATTACKER) {
            int in = openat(at, e->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            count_squatted(in, true);
            close(in);
        }
    }
    closedir(d);
}

static int victims_entries(void)
{
    DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *e;
    struct stat st;
    int count = 0;

    must(d);
    while ((e = readdir(d)))
        count += is_victims(e->d_name, &st) && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return count;
}

/* What a call may fail with where somebody takes away what it just made. */
static bool is_fair(int err)
{
    static const int fair[] = {EACCES, EAGAIN, EADDRINUSE, EEXIST, EISDIR, ELOOP, ENOENT, ENOTDIR, ENOTEMPTY, EPERM};

    for (size_t i = 0; i < sizeof fair / sizeof *fair; i++)
        if (err == fair[i])
            return true;
    return false;
}

static void bind_once(unsigned i, bool undisturbed)
{
    char own[256];
    int s = new_socket(SOCK_STREAM);

    memset(own, 'n', sizeof own);
    snprintf(own, 16, "own-%08u", i);
    own[strlen(own)] = '-', own[200] = '\0';
    int ret = sunat_bind(dir, s, own, 0), err = errno;
    must(ret == 0 || (!undisturbed && is_fair(err)));
    if (undisturbed)
        must(listen(s, 5) == 0 && reaches(s, dir, own, 0));
    unlinkat(dir, own, 0);
    close(s);
}

static void anon_once(unsigned i, bool undisturbed)
{
    int s = new_socket(SOCK_STREAM), pin = sunat_bind_anonat(dir, s, i % 4 ? 0 : SUNAT_LINKABLE), err = errno;

    must(pin >= 0 || (!undisturbed && is_fair(err)));
    if (pin >= 0) {
        must(listen(s, 5) == 0 && reaches(s, pin, "", AT_EMPTY_PATH)); /* its own, whatever happened */
        must((i % 4 == 0 ? sunat_unlink(pin) : 0) == 0 || !undisturbed);
        close(pin);
    }
    close(s);
}

static _Noreturn void suffer(unsigned times, bool undisturbed)
{
    become(VICTIM);
    umask(077);
    int before = descriptors();
    for (unsigned i = 0; i < times || (atomic_load(&counts->met) < ENOUGH && i < times * 20); i++) {
        bind_once(i, undisturbed);
        anon_once(i, undisturbed);
        atomic_fetch_add(&counts->tries, 2);
        must(descriptors() == before);
    }
    _exit(0);
}

static void another_user(unsigned times, bool sticky)
{
    int status;

    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(counts != MAP_FAILED && geteuid() == 0 && chmod(top, sticky ? 01777 : 0777) == 0);
    pid_t attacker = fork(), victim;
    if (!attacker)
        attack();
    while (!atomic_load(&counts->ready))
        must(waitpid(attacker, NULL, WNOHANG) == 0 && usleep(1000) == 0);
    if (!(victim = fork()))
        suffer(times, sticky);
    must(waitpid(victim, &status, 0) == victim && status == 0);
    must(waitpid(attacker, &status, WNOHANG) == 0 && kill(attacker, SIGKILL) == 0 && waitpid(attacker, &status, 0) == attacker);
    count_squatted(dir, false);
    fprintf(stderr, "%d calls, %d scratch directories met: opened %d, entered %d, connected %d, linked %d, moved %d, squatted %d\n",
            counts->tries, counts->met, counts->opened, counts->entered, counts->connected, counts->linked, counts->moved,
            counts->squatted);
    must(counts->tries >= (int)times * 2 && counts->met >= ENOUGH);
    must(!counts->opened && !counts->entered && !counts->connected && !counts->squatted);
    if (sticky)
        must(!counts->moved && !counts->linked && victims_entries() == 0);
    else
        must(counts->moved > 0); /* it could */
    must(chmod(top, 0755) == 0);
    clear(top);
}

int main(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[1], "chdir") && argc < 4))
        return 2;
    must((top = realpath(argv[2], NULL)));
    umask(022);
    dir = directory(AT_FDCWD, top);
    if (!strcmp(argv[1], "chdir"))
        changing_directories();
    else if (!strcmp(argv[1], "sticky"))
        another_user((unsigned)atoi(argv[3]), true);
    else if (!strcmp(argv[1], "open"))
        another_user((unsigned)atoi(argv[3]), false);
    else
        return 2;
    must(entries(dir, ".") == 0);
    puts("as it should be");
    return 0;
}
