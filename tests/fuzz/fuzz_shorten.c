/* Any text, in a file system that follows from the names: shortening never grows it, stays
 * within it, and has nothing left to do the second time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/shorten.h"

static enum shorten_file look(void *ctx, const char *path)
{
    size_t len = strlen(path);

    (void)ctx;
    if (path[0] != '/' || len >= SHORTEN_WORK)
        abort();
    switch (path[len - 1] & 7) {
    case 1: return SHORTEN_NOTHING;
    case 2: return SHORTEN_SOCKET;
    case 3: return SHORTEN_OTHER;
    default: return SHORTEN_DIRECTORY;
    }
}

static long make_alias(void *ctx, const char *dir, char path[SHORTEN_ALIAS_MAX])
{
    size_t len = strlen(dir);

    (void)ctx;
    if (dir[0] != '/' || dir[len - 1] == '/')
        abort();
    memcpy(path, "/d/a/s00000", sizeof "/d/a/s00000");
    path[6] = (char)('a' + len % 26);
    return dir[len - 1] == 'x' ? -1 : (long)strlen(path);
}

/* In memory of just its length, so that the sanitizer sees every step outside. */
static char *copy_of(const char *text, size_t len)
{
    char *copy = malloc(len + 1);

    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char work[SHORTEN_WORK];
    const struct shorten s = {look, make_alias, NULL, "/d/a/", work};
    size_t len = strnlen((const char *)data, size);
    char *text = copy_of((const char *)data, len);
    bool worth = shorten_worth(text, len);
    size_t once = shorten_text(&s, text, len);

    if (once > len || strlen(text) != once || (once < len && !worth))
        abort();
    char *again = copy_of(text, once);
    if (shorten_text(&s, again, once) != once)
        abort();
    shorten_keeps_variable(text);
    shorten_keeps_program(text);
    shorten_keeps_argument(again, text);
    free(again);
    free(text);
    return 0;
}
