/* What the program was told: names in its arguments and environment that are long
 * enough to be cut. */
#include <string.h>

#include "domain/longnames.h"
#include "repair.h"
#include "sys.h"

/* More are left out. */
enum { SUSPECTS = 512, SUSPECT_BYTES = 1 << 20 };

struct collection {
    const char **names; /* NULL: is only counted */
    char *at;           /* where the next goes, in memory that is all zeros */
    size_t count, bytes, most, most_bytes;
};

static void keep(struct collection *c, const struct longname *name, bool again, bool decode)
{
    size_t bytes = name->len + 2;

    if (c->count == c->most || bytes > c->most_bytes - c->bytes)
        return;
    if (c->names) {
        *c->at = again ? SUSPECT_AGAIN : SUSPECT_FIRST;
        c->names[c->count] = c->at + 1;
        if (decode)
            longnames_decode(c->at + 1, name->at, name->len);
        else
            memcpy(c->at + 1, name->at, name->len);
        c->at += bytes;
    }
    c->count++;
    c->bytes += bytes;
}

static void found(void *ctx, const struct longname *name)
{
    keep(ctx, name, name->again, false);
    if (memchr(name->at, '%', name->len))
        keep(ctx, name, true, true);
}

/* Variables first: a command may have arguments without end. */
static void collect(struct collection *c, char *const *argv, char *const *envp)
{
    for (; envp && *envp; envp++) {
        const char *value = longnames_value(*envp);

        if (value)
            longnames_in(value, REPAIR_CUT, found, c);
    }
    for (; argv && *argv; argv++)
        longnames_in(*argv, REPAIR_CUT, found, c);
}

void repair_prepare(struct state *s, char *const *argv, char *const *envp)
{
    struct collection size = {.most = SUSPECTS, .most_bytes = SUSPECT_BYTES}, c;

    collect(&size, argv, envp);
    if (!size.count)
        return;
    size_t table = size.count * sizeof *c.names;
    char *memory = sys_map(table + size.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!memory)
        return;
    c = (struct collection){.names = (void *)memory, .at = memory + table, .most = size.count, .most_bytes = size.bytes};
    collect(&c, argv, envp);
    sys_protect(memory, table + size.bytes, PROT_READ);
    s->suspects = c.names;
    s->suspect_count = (unsigned)c.count;
}
