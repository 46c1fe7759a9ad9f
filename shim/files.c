#include "files.h"

#include <errno.h>
#include <string.h>

#include "say.h"
#include "sys.h"

/* A chunk holds what compiling a text of that length usually takes. */
enum { HEAD = 16, CHUNK_MIN = 24 * 1024, CHUNK_MAX = 1 << 20, CHUNK_PER_BYTE = 14 };

static void *take(void *ctx, size_t *size)
{
    struct workspace *w = ctx;
    size_t all = (*size + HEAD + 4095) & ~(size_t)4095;
    struct mapping *m;

    if (*size > SIZE_MAX / 2)
        return NULL;
    m = sys_map(all, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | (all <= CHUNK_MAX ? MAP_POPULATE : 0), -1);
    if (!m)
        return NULL;
    m->next = w->mappings;
    m->size = all;
    w->mappings = m;
    *size = all - HEAD;
    return (char *)m + HEAD;
}

/* The arena asks for little at a time; fewer, larger mappings are cheaper. */
static void *take_chunk(void *ctx, size_t *size)
{
    struct workspace *w = ctx;

    if (*size < w->chunk - HEAD)
        *size = w->chunk - HEAD;
    w->chunk = CHUNK_MIN; /* what was expected is there */
    return take(ctx, size);
}

void *workspace_take(struct workspace *w, size_t size)
{
    void *at = arena_alloc(&w->arena, size, 16);

    if (!at)
        say_fatal("policy", "no memory");
    return at;
}

static void expect(struct workspace *w, size_t text)
{
    size_t want = text * CHUNK_PER_BYTE;

    w->chunk = want < CHUNK_MIN ? CHUNK_MIN : want > CHUNK_MAX ? CHUNK_MAX : (want + 4095) & ~(size_t)4095;
}

static int slurp(struct workspace *w, int fd, struct policy_file *out)
{
    struct stat st;
    int err = sys_fstat(fd, &st);

    if (err < 0)
        return err;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size > (off_t)POLICY_TEXT_MAX)
        return -EFBIG;
    /* One byte more than there should be: a file that grows is noticed. */
    size_t room = (size_t)st.st_size + 1, len = 0;
    expect(w, room);
    char *text = workspace_take(w, room);
    for (long n; len < room && (n = sys_read(fd, text + len, room - len)) != 0; len += (size_t)n)
        if (n < 0)
            return (int)n;
    *out = (struct policy_file){.text = text, .len = len};
    return 0;
}

int workspace_read(void *workspace, const char *path, struct policy_file *out)
{
    /* O_NONBLOCK: a FIFO must not hang the program before it starts. */
    int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

    if (fd < 0)
        return fd;
    int err = slurp(workspace, fd, out);
    sys_close(fd);
    return err;
}

struct kernel_dirent {
    uint64_t ino, off;
    uint16_t len;
    uint8_t type;
    char name[];
};

static int list_names(struct workspace *w, int fd, struct policy_file *out)
{
    enum { NAMES = 512 * 1024, ENTRIES = 32 * 1024 };
    size_t room = NAMES, used = 0;
    char *names = workspace_take(w, room), *entries = workspace_take(w, ENTRIES);
    long got;

    while ((got = sys_getdents(fd, entries, ENTRIES)) > 0)
        for (long at = 0; at < got;) {
            const struct kernel_dirent *d = (const void *)(entries + at);
            size_t len = strlen(d->name) + 1;

            at += d->len;
            if (strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0)
                continue;
            if (len > room - used)
                return -EFBIG;
            memcpy(names + used, d->name, len);
            used += len;
        }
    *out = (struct policy_file){.text = names, .len = used};
    return (int)got;
}

static int workspace_list(void *workspace, const char *path, struct policy_file *out)
{
    int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, 0);

    if (fd < 0)
        return fd;
    int err = list_names(workspace, fd, out);
    sys_close(fd);
    return err;
}

void workspace_start(struct workspace *w)
{
    *w = (struct workspace){
        .chunk = CHUNK_MIN,
        .arena = {.more = take_chunk, .ctx = w},
        .files = {.ctx = w, .read = workspace_read, .list = workspace_list},
    };
}

const void *workspace_keep(struct workspace *w, const void *bytes, size_t len)
{
    struct mapping *m = w->mappings;
    void *copy = m;

    if (bytes == (char *)m + HEAD) {
        w->mappings = m->next;
        w->arena.base = NULL;
        len = m->size;
    } else if ((copy = sys_map(len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1))) {
        bytes = memcpy(copy, bytes, len);
    } else {
        say_fatal("policy", "no memory");
    }
    sys_protect(copy, len, PROT_READ);
    return bytes;
}

void workspace_end(struct workspace *w)
{
    for (struct mapping *m = w->mappings, *next; m; m = next) {
        next = m->next;
        sys_unmap(m, m->size);
    }
    w->mappings = NULL;
}
