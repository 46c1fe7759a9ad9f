/* Finding the next definition of each call without dlsym(3): that one locks,
 * may allocate, and takes 0.4 microseconds a name, at every exec. The loader
 * keeps its list of objects in search order (link.h, struct r_debug); each has a hash
 * table of its symbols (the GNU form, in every library of the last 18 years). */
#include "real.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

struct real_calls real;

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden"))); /* our own */

static const struct {
    char name[16];
    size_t offset;
} names[] = {
#define CALL(f) {#f, offsetof(struct real_calls, f)}
    CALL(socket),      CALL(socketpair),  CALL(bind),       CALL(listen),     CALL(accept),
    CALL(accept4),     CALL(connect),     CALL(send),       CALL(sendto),     CALL(sendmsg),
    CALL(sendmmsg),    CALL(recv),        CALL(recvfrom),   CALL(recvmsg),    CALL(recvmmsg),
    CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(shutdown),
    CALL(syscall),     CALL(execve),      CALL(execvpe),    CALL(fexecve),    CALL(execveat),
    CALL(posix_spawn), CALL(posix_spawnp), CALL(system),    CALL(popen),
#undef CALL
    {"__recv_chk", offsetof(struct real_calls, recv_chk)},
    {"__recvfrom_chk", offsetof(struct real_calls, recvfrom_chk)},
};

/* What is needed of an object's dynamic section. */
struct symbols {
    uintptr_t base;
    const ElfW(Sym) *table;
    const char *strings;
    const uint16_t *versions; /* NULL: none */
    const uint32_t *hash;     /* NULL: no table of the GNU form */
};

static struct symbols symbols_of(const struct link_map *object)
{
    struct symbols s = {.base = object->l_addr};

    for (const ElfW(Dyn) *d = object->l_ld; d->d_tag != DT_NULL; d++) {
        /* The loader adds the base in place, except where the section is read-only. */
        uintptr_t at = d->d_un.d_ptr < s.base ? d->d_un.d_ptr + s.base : d->d_un.d_ptr;

        if (d->d_tag == DT_SYMTAB)
            s.table = (const void *)at;
        else if (d->d_tag == DT_STRTAB)
            s.strings = (const void *)at;
        else if (d->d_tag == DT_VERSYM)
            s.versions = (const void *)at;
        else if (d->d_tag == DT_GNU_HASH)
            s.hash = (const void *)at;
    }
    return s;
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t h = 5381;

    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

/* A definition that a new reference would be bound to: not a hidden (old)
 * version, and no function that has to be asked which one it is. */
static bool usable(const struct symbols *s, uint32_t i, const char *name)
{
    const ElfW(Sym) *symbol = &s->table[i];

    return symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
           !(s->versions && s->versions[i] & 0x8000) && strcmp(s->strings + symbol->st_name, name) == 0;
}

/* The layout: buckets, first symbol, bloom words, bloom shift; the bloom filter;
 * the buckets; a chain of hashes whose lowest bit marks the end. */
static void *look_up(const struct symbols *s, const char *name, uint32_t hash)
{
    const uint32_t buckets = s->hash[0], first = s->hash[1], words = s->hash[2], shift = s->hash[3];
    const ElfW(Addr) *bloom = (const void *)(s->hash + 4);
    const uint32_t *bucket = (const void *)(bloom + words), *chain = bucket + buckets;
    const unsigned bits = sizeof *bloom * 8;
    ElfW(Addr) word = bloom[hash / bits % words];

    if (!buckets || !(word >> hash % bits & 1) || !(word >> (hash >> shift) % bits & 1))
        return NULL;
    uint32_t i = bucket[hash % buckets];
    if (i < first)
        return NULL;
    do
        if ((chain[i - first] | 1) == (hash | 1) && usable(s, i, name))
            return (void *)(s->base + s->table[i].st_value);
    while (!(chain[i++ - first] & 1));
    return NULL;
}

static void **slot(struct real_calls *calls, size_t i)
{
    return (void **)(void *)((char *)calls + names[i].offset);
}

static void find_in(const struct link_map *object, struct real_calls *found)
{
    struct symbols s = symbols_of(object);

    if (!s.table || !s.strings || !s.hash)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!*slot(found, i))
            *slot(found, i) = look_up(&s, names[i].name, gnu_hash(names[i].name));
}

/* The loader's list, as debuggers find it: by the program's own headers. */
static const struct link_map *first_object(void)
{
    const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
    size_t count = headers ? getauxval(AT_PHNUM) : 0;
    const ElfW(Dyn) *dynamic = NULL;
    uintptr_t base = 0;

    for (size_t i = 0; i < count; i++)
        if (headers[i].p_type == PT_PHDR)
            base = (uintptr_t)headers - headers[i].p_vaddr;
    for (size_t i = 0; i < count; i++)
        if (headers[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)(base + headers[i].p_vaddr);
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++)
        if (dynamic->d_tag == DT_DEBUG && dynamic->d_un.d_ptr)
            return ((const struct r_debug *)dynamic->d_un.d_ptr)->r_map;
    return NULL;
}

static const struct link_map *own_object(void)
{
    const struct link_map *object = first_object();

    while (object && object->l_ld != _DYNAMIC)
        object = object->l_next;
    return object;
}

const char *real_self(void)
{
    const struct link_map *object = own_object();

    return object && object->l_name ? object->l_name : "";
}

/* The last object that was there at the start: those behind it may go while they are read. */
static const struct link_map *last;

void *real_next(const char *name)
{
    const struct link_map *object = own_object();
    void *at = NULL;

    while (!at && object && object != last && (object = object->l_next)) {
        struct symbols s = symbols_of(object);

        if (s.table && s.strings && s.hash)
            at = look_up(&s, name, gnu_hash(name));
    }
    return at ? at : dlsym(RTLD_NEXT, name);
}

void real_find(void)
{
    struct real_calls found = {0};
    const struct link_map *object = own_object(), *end = object;

    while (end && (end = end->l_next)) {
        find_in(end, &found);
        object = end;
    }
    last = object;
    /* A C library of an unusual kind; dlsym() knows. */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!*slot(&found, i))
            *slot(&found, i) = dlsym(RTLD_NEXT, names[i].name);
    /* Whoever races here writes the same values. */
    real = found;
}
