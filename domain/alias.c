#include "alias.h"

#include <errno.h>
#include <string.h>

enum { TRIES = 64 }; /* of one hash; then something is wrong with the directory */

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

static void spell(char *to, uint64_t bits, unsigned count)
{
    for (unsigned i = 0; i < count; i++, bits >>= 5)
        to[i] = letters[bits & 31];
    to[count] = '\0';
}

static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return mix(h);
}

int alias_make(const struct alias_links *links, enum alias_kind kind, const char *target, char *room, size_t size,
               char name[ALIAS_NAME_MAX])
{
    size_t len = strlen(target);
    uint64_t h = hash(target);

    for (unsigned i = 0; i < TRIES; i++) {
        name[0] = (char)kind;
        spell(name + 1, h + i, ALIAS_LETTERS);
        int err = links->make(links->ctx, target, name);
        if (err != -EEXIST)
            return err;
        long n = links->read(links->ctx, name, room, size);
        if (n == (long)len && memcmp(room, target, len) == 0)
            return 0;
    }
    return -EEXIST;
}

void alias_file_name(enum alias_kind kind, uint64_t random, char name[ALIAS_NAME_MAX],
                     char temporary[ALIAS_TEMPORARY_MAX])
{
    name[0] = (char)kind;
    spell(name + 1, mix(random), ALIAS_FILE_LETTERS);
    memcpy(temporary, ALIAS_TEMPORARY, sizeof ALIAS_TEMPORARY - 1);
    memcpy(temporary + sizeof ALIAS_TEMPORARY - 1, name + 1, ALIAS_FILE_LETTERS + 1);
}

enum alias_kind alias_parse(const char *name, size_t len, size_t *link)
{
    bool file = len && (name[0] == ALIAS_FILE || name[0] == ALIAS_FILE_RELATIVE);
    size_t n = 1 + (file ? ALIAS_FILE_LETTERS : ALIAS_LETTERS);

    if (len < n || (!file && name[0] != ALIAS_ABSOLUTE && name[0] != ALIAS_RELATIVE) || (len > n && name[n] != '/'))
        return 0;
    *link = file ? len : n;
    return (enum alias_kind)name[0];
}

/* Behind the first "/./"; NULL: there is none. */
static char *relative_part(char *target)
{
    char *mark = strstr(target, "/./");

    return mark ? mark + 3 : NULL;
}

/* "/", or "/cwd/./": the slash is not one of those that were asked for. */
static bool ends_in_separator(const char *target, size_t len, bool relative)
{
    return (len == 1 && *target == '/') || (relative && len >= 3 && memcmp(target + len - 3, "/./", 3) == 0);
}

long alias_asked(enum alias_kind kind, char *target, size_t target_len, size_t size, const char *rest, size_t rest_len,
                 bool absolute, const char **asked)
{
    bool relative = kind == ALIAS_RELATIVE || kind == ALIAS_FILE_RELATIVE;
    char *from = target;

    if (rest_len && ends_in_separator(target, target_len, relative)) {
        rest++;
        rest_len--;
    }
    if (target_len + rest_len >= size)
        return -ENAMETOOLONG;
    memmove(target + target_len, rest, rest_len);
    target[target_len + rest_len] = '\0';
    if (relative && !absolute && !(from = relative_part(target)))
        return -EINVAL;
    *asked = from;
    return (long)(target + target_len + rest_len - from);
}
