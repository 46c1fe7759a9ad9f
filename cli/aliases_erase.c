/* Removing what aliases were, and what binds through them left when they were cut off. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "aliases.h"
#include "bases.h"
#include "cli.h"
#include "domain/alias.h"
#include "domain/names.h"
#include "tree.h"
#include "who.h"

static bool gone(int failed)
{
    return !failed || errno == ENOENT;
}

static bool remove_link(int dir, const char *name)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT;
    return S_ISLNK(st.st_mode) && gone(unlinkat(dir, name, 0));
}

/* --- Sockets that nobody is to find ----------------------------------------------------- */

enum bound { BOUND_NO, BOUND_YES, BOUND_UNKNOWN };

/* All that the kernel tells of unix sockets, compared by inode: which device that is on, file
 * systems with several do not agree about. */
static enum bound is_listed(const struct stat *st)
{
    struct world w = {0};

    world_load(&w);
    if (w.unix_error)
        return BOUND_UNKNOWN;
    for (size_t i = 0; i < w.count; i++)
        if (w.all[i]->has_file && w.all[i]->file_ino == (uint32_t)st->st_ino)
            return BOUND_YES;
    return BOUND_NO;
}

/* The kernel looks for a socket by its file, in every network name space, before it compares the
 * types: nobody notices. Where that is not allowed, the list has to do. */
static enum bound is_bound(int pin, const struct stat *st)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

    if (fd < 0)
        return is_listed(st);
    snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d", pin);
    err = connect(fd, (struct sockaddr *)&to, sizeof to) ? errno : 0;
    close(fd);
    if (err == ECONNREFUSED)
        return BOUND_NO;
    return !err || err == EPROTOTYPE ? BOUND_YES : is_listed(st);
}

/* The directory that a cut off bind was for, and who left word of it. */
struct place {
    int dir;
    uid_t owner;
};

/* In root's runs every user can leave word: it counts for his own files. */
static bool is_ours(const struct place *p, const struct stat *st)
{
    return S_ISSOCK(st->st_mode) && (!domain_is_roots() || st->st_uid == p->owner);
}

/* True: it is not there (any more), or nothing of ours. */
static bool remove_socket(const struct place *p, const char *name, bool even_bound)
{
    int pin = openat(p->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    enum bound bound = BOUND_NO;
    struct stat st;

    if (pin < 0)
        return errno == ENOENT;
    bool ours = !fstat(pin, &st) && is_ours(p, &st);
    if (ours && !even_bound)
        bound = is_bound(pin, &st);
    close(pin);
    if (!ours || bound)
        return bound != BOUND_UNKNOWN;
    return gone(unlinkat(p->dir, name, 0));
}

/* `target` is what the bind was for, "/long/dir/NAME". */
static bool undo_bind(char *target, const char *temporary, uid_t owner)
{
    char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : target;

    if (!slash || !*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return true; /* no bind is for that */
    *slash = '\0';
    struct place p = {open(slash == target ? "/" : target, O_PATH | O_DIRECTORY | O_CLOEXEC), owner};
    if (p.dir < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    bool temporary_gone = remove_socket(&p, temporary, true), name_gone = remove_socket(&p, name, false);
    close(p.dir);
    return temporary_gone && name_gone;
}

/* --- What stands in D/a --------------------------------------------------------------------- */

static int open_dir(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == EACCES && !fchmodat(at, name, S_IRWXU, AT_SYMLINK_NOFOLLOW))
        fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd;
}

/* tXXXXXXXX, uXXXXXXXX or nXXXXXXXX, a directory with one link in it. */
static bool remove_file_alias(int aliases, const char *name)
{
    char temporary[ALIAS_TEMPORARY_MAX], target[PATH_MAX];
    int dir = open_dir(aliases, name);
    struct stat st;

    if (dir < 0)
        return remove_link(aliases, name);
    snprintf(temporary, sizeof temporary, ALIAS_TEMPORARY "%s", name + 1);
    ssize_t n = readlinkat(dir, temporary, target, sizeof target - 1);
    bool undone = true;
    if (n > 0 && *name == ALIAS_PREPARED && !fstatat(dir, temporary, &st, AT_SYMLINK_NOFOLLOW)) {
        target[n] = '\0';
        undone = undo_bind(target, temporary, st.st_uid);
    }
    undone = undone && remove_link(dir, temporary);
    close(dir);
    return undone && gone(unlinkat(aliases, name, AT_REMOVEDIR));
}

static bool is_name(const char *name, const char *kinds, size_t count)
{
    return *name && strchr(kinds, *name) && are_letters(name + 1, (unsigned)count);
}

static bool remove_alias(int aliases, const char *name)
{
    static const char links[] = {ALIAS_ABSOLUTE, ALIAS_RELATIVE, ALIAS_SHORTENED, '\0'},
                      files[] = {ALIAS_FILE, ALIAS_FILE_RELATIVE, ALIAS_PREPARED, '\0'};

    if (is_name(name, links, ALIAS_LETTERS))
        return remove_link(aliases, name);
    return is_name(name, files, ALIAS_FILE_LETTERS) && remove_file_alias(aliases, name);
}

static bool remove_all(int aliases)
{
    DIR *dir = fdopendir(aliases);
    struct dirent *entry;
    bool all = true;

    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            all &= remove_alias(aliases, entry->d_name);
    if (dir)
        closedir(dir);
    return dir && all;
}

static bool erase_in(int parent)
{
    int dir = open_dir(parent, DOMAIN_ALIASES);

    if (dir < 0)
        return remove_link(parent, DOMAIN_ALIASES);
    return remove_all(dir) && gone(unlinkat(parent, DOMAIN_ALIASES, AT_REMOVEDIR));
}

/* A bind of which nobody can say whether it was cut off: its note stays. */
static bool is_note(int aliases, const char *name)
{
    char path[2 * NAME_MAX + 16], byte;

    if (*name != ALIAS_PREPARED || !are_letters(name + 1, ALIAS_FILE_LETTERS))
        return false;
    snprintf(path, sizeof path, "%s/" ALIAS_TEMPORARY "%s", name, name + 1);
    return readlinkat(aliases, path, &byte, 1) > 0;
}

static bool has_notes(int parent)
{
    int fd = open_dir(parent, DOMAIN_ALIASES);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool found = false;

    while (dir && !found && (entry = readdir(dir)))
        found = is_note(fd, entry->d_name);
    if (dir)
        closedir(dir);
    return found;
}

/* Everybody may put something there; nobody shall keep it for ever. */
static bool erase_public(int parent)
{
    return erase_in(parent) || (!has_notes(parent) && tree_remove(parent, DOMAIN_ALIASES));
}

/* The one beside it, by a link that only the run's owner can have made. */
static bool erase_elsewhere(int run)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(run, DOMAIN_OWN_ALIASES, target, sizeof target - 1);
    struct stat st;

    if (n < 0)
        return errno == ENOENT;
    target[n] = '\0';
    char *slash = strrchr(target, '/');
    if (*target != '/' || !aliases_is_own(slash + 1))
        return false;
    int dir = open_dir(AT_FDCWD, target);
    if (dir < 0)
        return errno == ENOENT && remove_link(run, DOMAIN_OWN_ALIASES);
    bool ours = !fstat(dir, &st) && st.st_uid == geteuid() && erase_public(dir);
    close(dir);
    return ours && gone(rmdir(target)) && remove_link(run, DOMAIN_OWN_ALIASES);
}

bool aliases_erase(int run)
{
    return erase_in(run) && erase_elsewhere(run);
}
