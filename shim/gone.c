#include "gone.h"

#include <stdatomic.h>
#include <string.h>

#include "alias.h"
#include "path.h"
#include "record.h"
#include "scratch.h"
#include "sys.h"

enum { PATH_BYTES = 4096 };

static bool through_alias(const struct address *a)
{
    const char *prefix = alias_prefix();

    return prefix && strncmp(a->name.bytes, prefix, strlen(prefix)) == 0;
}

static bool is_missing(const char *path)
{
    struct stat st;

    return SYS4(SYS_newfstatat, AT_FDCWD, path, &st, 0) == -ENOENT;
}

/* What the alias stands for, which says more; else the directory itself. */
static const char *name_of(char *dir, char *room)
{
    long n = sys_readlink(dir, room, PATH_BYTES - 1);

    if (n <= 0)
        return dir;
    room[n] = '\0';
    return room;
}

/* Programs try again and again. */
static bool said_before(const char *path)
{
    static _Atomic uint64_t said;
    uint64_t hash = 1;

    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 0x100000001b3u;
    uint64_t bit = 1ull << (hash >> 40 & 63);
    return atomic_fetch_or(&said, bit) & bit;
}

void gone_note(const char *operation, int err, const struct address *a)
{
    if (err != -ENOENT || a->family != AF_UNIX || a->name.kind != POLICY_ADDR_PATHNAME ||
        !(address_is_long(a) || through_alias(a)))
        return;
    struct path_parts parts = path_split(a->name.bytes);
    char *dir = scratch_take();
    if (!dir)
        return;
    path_directory(&parts, a->name.bytes, dir);
    if (is_missing(dir)) {
        const char *name = name_of(dir, dir + PATH_BYTES);

        if (!said_before(name))
            record_path(operation, err, name, "the socket's directory is not there (any more)");
    }
    scratch_give(dir);
}

void gone_look(const char *operation, int err, const struct sockaddr *addr, socklen_t len)
{
    struct address a;

    if (err != ENOENT || address_read(&a, addr, len, ADDRESS_TARGET) < 0)
        return;
    gone_note(operation, -err, &a);
    address_release(&a);
}
