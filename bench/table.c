/* What the memory of a run costs: ns for each operation, with 100,000 entries.
 *
 *   bench/table
 *
 * Lines of NAME NS: the median over rounds, each over random keys, so that the
 * caches have little of the table. A key is made each time, too: 40 bytes, about
 * a file handle. */
#include "domain/ring.h"
#include "domain/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ENTRIES = 100000, OPS = 2000, ROUNDS = 101 };

static struct table table;
static struct ring ring;
static uint64_t seed;
static unsigned failures;

static struct claim_owner self(void)
{
    return (struct claim_owner){.pid = 100, .space = 1};
}

static bool dead(uint32_t pid)
{
    (void)pid;
    return false;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t draw(void)
{
    uint64_t x = seed += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    return x ^ x >> 31;
}

static void *memory(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    return at == MAP_FAILED ? exit(1), NULL : at;
}

static struct table_key key_of(uint64_t i)
{
    const uint64_t bytes[5] = {i, 1, 2, 3, 4};

    return table_key(&table, TABLE_PATHNAME, bytes, sizeof bytes);
}

static void make_key(uint64_t i)
{
    struct table_key key = key_of(i);

    __asm__ volatile("" : : "r"(&key) : "memory");
}

static void put(uint64_t i)
{
    struct table_key key = key_of(i);
    struct table_entry e = {.cookie = i + 1, .kind = TABLE_PATHNAME};

    failures += table_put(&table, &key, &e) != 0;
}

static void hit(uint64_t i)
{
    struct table_key key = key_of(i);
    struct table_entry e;

    failures += !table_get(&table, &key, &e);
}

static void miss(uint64_t i)
{
    struct table_key key = key_of(i + ENTRIES);
    struct table_entry e;

    failures += table_get(&table, &key, &e);
}

static void put_and_drop(uint64_t i)
{
    struct table_key key = key_of(i + ENTRIES);

    put(i + ENTRIES);
    table_drop(&table, &key, 0);
}

static void begin_and_end(uint64_t i)
{
    int ticket = table_begin(&table);

    (void)i;
    failures += ticket < 0;
    table_end(&table, ticket);
}

static void busy(uint64_t i)
{
    (void)i;
    failures += table_busy(&table, table_begun(&table));
}

static void ring_write(uint64_t i)
{
    struct ring_entry e = {.cookie = i + 1, .origin = RING_SOCKET};

    ring_put(&ring, &e);
}

static void ring_read(uint64_t i)
{
    struct ring_entry e;

    ring_get(&ring, i + 1, &e);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const char *name, void (*op)(uint64_t))
{
    double ns[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        double t = now();
        for (int i = 0; i < OPS; i++)
            op(draw() % ENTRIES);
        ns[round] = (now() - t) / OPS;
    }
    qsort(ns, ROUNDS, sizeof *ns, ascending);
    printf("%s %.0f\n", name, ns[ROUNDS / 2]);
}

int main(void)
{
    size_t size = table_size(TABLE_ENTRIES), ring_bytes = ring_size(RING_ENTRIES);
    void *at = memory(size), *ring_at = memory(ring_bytes);

    table.self = ring.self = self;
    table.dead = ring.dead = dead;
    if (table_format(at, size, (const uint64_t[]){1, 2}) || table_open(&table, at, size) ||
        ring_format(ring_at, ring_bytes) || ring_open(&ring, ring_at, ring_bytes))
        return 1;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        put(i);
        ring_write(i);
    }
    measure("key", make_key);
    measure("hit", hit);
    measure("miss", miss);
    measure("replace", put);
    measure("put+drop", put_and_drop);
    measure("begin+end", begin_and_end);
    measure("busy", busy);
    measure("ring_put", ring_write);
    measure("ring_get", ring_read);
    return failures != 0;
}
