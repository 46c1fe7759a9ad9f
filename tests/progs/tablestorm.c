/* tablestorm kill N | threads N: writers and readers of one table and one ring, all
 * at once.
 *
 * kill: writers are processes; N of them are killed at random instants.
 * threads: writers are threads, each of which does N things.
 *
 * Each key has its own writer, which says what it is about to do (`intent`), does
 * it, and says that it is done (`done`): version after version, every fourth of
 * them a removal. So a reader knows which versions it may find. Some keys are
 * everybody's, never removed, and must always be found. Whatever is found must be
 * whole: all of an entry follows from its key and version.
 *
 * In the end both are filled up: each slot must be usable again. And all that
 * threads counted must be there. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "domain/counts.h"
#include "domain/ring.h"
#include "domain/table_layout.h"

enum { WRITERS = 10, KEYS = 90, EVERYBODYS = 24, SLOTS = 1024, COOKIES = 300 };

static struct shared {
    uint64_t intent[WRITERS][KEYS], done[WRITERS][KEYS];
    uint64_t alive[WRITERS]; /* process ids; 0: killed */
    uint64_t torn, lost, refused, reads, writes, busy, stop;
} *shared;
static struct table table;
static struct ring ring;
static uint64_t counts[COUNTS_SIZE / 8];

static uint64_t get(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void set(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static void count(uint64_t *word) { __atomic_fetch_add(word, 1, __ATOMIC_RELAXED); }

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0xbf58476d1ce4e5b9u;
    return x ^ x >> 29;
}

static uint64_t draw(uint64_t *seed) { return mix(*seed += 0x9e3779b97f4a7c15u); }

/* --- Who is dead: the one who kills says so, as process ids come again ---------- */

static struct claim_owner self(void) { return (struct claim_owner){.pid = (uint32_t)getpid(), .space = 7}; }

static bool dead(uint32_t pid)
{
    for (int w = 0; w < WRITERS; w++)
        if (get(&shared->alive[w]) == pid)
            return false;
    return pid != (uint32_t)getpid();
}

/* --- What stands where ----------------------------------------------------------- */

static struct table_key key_of(uint64_t id) { return table_key(&table, TABLE_ABSTRACT, &id, sizeof id); }

static struct table_entry entry_of(uint64_t id, uint32_t version)
{
    struct table_entry e = {.cookie = mix(id + version), .ino = version, .kind = TABLE_ABSTRACT, .made = version % 3};
    uint64_t x = mix(e.cookie);

    e.pid = (int32_t)mix(x);
    e.fd = (int32_t)mix(x + 1);
    e.policies = (uint32_t)mix(x + 2);
    for (int i = 0; i < TABLE_PROFILES; i++)
        e.profiles[i] = (uint16_t)mix(x + 3 + (unsigned)i);
    return e;
}

static bool whole(uint64_t id, const struct table_entry *e)
{
    struct table_entry want = entry_of(id, e->ino);

    return e->cookie == want.cookie && e->pid == want.pid && e->fd == want.fd && e->policies == want.policies &&
           e->kind == want.kind && e->made == want.made && !memcmp(e->profiles, want.profiles, sizeof e->profiles);
}

static struct ring_entry origin_of(uint64_t cookie, uint32_t version)
{
    struct ring_entry e;

    memset(&e, (int)(cookie + version) & 0x7f, sizeof e);
    e.cookie = cookie;
    e.ino = version;
    e.time = mix(cookie + version);
    return e;
}

static bool whole_origin(uint64_t cookie, const struct ring_entry *e)
{
    struct ring_entry want = origin_of(cookie, e->ino);

    return e->cookie == cookie && e->time == want.time && e->pid == want.pid && e->from_cookie == want.from_cookie &&
           e->name_kind == want.name_kind && !memcmp(e->comm, want.comm, sizeof e->comm) &&
           !memcmp(e->name, want.name, sizeof e->name);
}

static uint64_t id_of(unsigned writer, unsigned key) { return writer * 1000 + key; }
static bool removal(uint64_t version) { return version % 4 == 0; }

/* --- Writers ------------------------------------------------------------------------ */

static void put(uint64_t id, uint64_t version)
{
    struct table_key key = key_of(id);
    struct table_entry e = entry_of(id, (uint32_t)version);
    int ticket = table_begin(&table);

    if (table_put(&table, &key, &e))
        count(&shared->refused);
    table_end(&table, ticket);
}

static void step(unsigned w, uint64_t *seed)
{
    uint64_t dice = draw(seed);
    unsigned k = (unsigned)(dice % KEYS);
    uint64_t version = get(&shared->done[w][k]) + 1;
    struct table_key key = key_of(id_of(w, k));

    set(&shared->intent[w][k], version);
    if (removal(version))
        table_drop(&table, &key, version % 8 ? 0 : entry_of(id_of(w, k), (uint32_t)version - 1).cookie);
    else
        put(id_of(w, k), version);
    set(&shared->done[w][k], version);
    if (dice >> 32 & 3)
        put(id_of(WRITERS, dice >> 33 & 1), draw(seed) & 0xffff);
    if (dice >> 40 & 1)
        put(id_of(WRITERS, 8 + (dice >> 41 & 15)), draw(seed) & 0xffff);
    struct ring_entry origin = origin_of(1 + (dice >> 48) % COOKIES, (uint32_t)draw(seed));
    ring_put(&ring, &origin);
    count(&shared->writes);
}

/* --- Readers ------------------------------------------------------------------------- */

static void check(unsigned w, unsigned k)
{
    struct table_key key = key_of(id_of(w, k));
    struct table_entry e;
    bool found, missing_allowed = false;
    uint64_t first = get(&shared->done[w][k]), last;

    found = table_get(&table, &key, &e);
    last = get(&shared->intent[w][k]);
    for (uint64_t v = first; v <= last; v++)
        missing_allowed |= removal(v);
    if (found && !whole(id_of(w, k), &e))
        count(&shared->torn);
    else if (found ? e.ino < first || e.ino > last : !missing_allowed)
        count(&shared->lost);
    count(&shared->reads);
}

static void check_everybodys(unsigned k)
{
    struct table_key key = key_of(id_of(WRITERS, k));
    struct table_entry e;

    if (!table_get(&table, &key, &e))
        count(&shared->lost);
    else if (!whole(id_of(WRITERS, k), &e))
        count(&shared->torn);
}

static void check_origin(uint64_t cookie)
{
    struct ring_entry e;

    if (ring_get(&ring, cookie, &e) && !whole_origin(cookie, &e))
        count(&shared->torn);
}

static void look(uint64_t *seed)
{
    uint64_t dice = draw(seed);

    check((unsigned)(dice % WRITERS), (unsigned)(dice >> 8) % KEYS);
    check_everybodys((unsigned)(dice >> 40) % EVERYBODYS);
    check_everybodys((unsigned)(dice >> 45) & 1);
    check_origin(1 + (dice >> 48) % COOKIES);
    if (table_busy(&table, table_begun(&table)))
        count(&shared->busy);
}

static void read_on(uint64_t seed)
{
    while (!get(&shared->stop))
        look(&seed);
}

/* --- Both ways ------------------------------------------------------------------------ */

static void prepare(void)
{
    size_t size = table_size(SLOTS), ring_bytes = ring_size(256);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *ring_at = mmap(NULL, ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    table.self = ring.self = self;
    table.dead = ring.dead = dead;
    if (table_format(at, size, (uint64_t[]){1, 2}) || table_open(&table, at, size) || ring_format(ring_at, ring_bytes) ||
        ring_open(&ring, ring_at, ring_bytes))
        exit(2);
    for (unsigned k = 0; k < EVERYBODYS; k++)
        put(id_of(WRITERS, k), 1);
}

/* Nobody writes any more: what was done last is there, and nothing else of it. */
static void check_rest(void)
{
    for (unsigned w = 0; w < WRITERS; w++)
        for (unsigned k = 0; k < KEYS; k++)
            check(w, k);
    for (unsigned k = 0; k < EVERYBODYS; k++)
        check_everybodys(k);
    if (table_busy(&table, table_begun(&table)))
        count(&shared->refused);
}

static uint32_t in_use(void)
{
    struct table_entry e;
    uint32_t n = 0;

    for (uint32_t i = 0; i < table_slots(&table); i++)
        n += table_at(&table, i, &e);
    return n;
}

static uint32_t fill(void)
{
    for (uint64_t id = 1 << 20; id < (1 << 20) + 100 * SLOTS; id++) {
        struct table_key key = key_of(id);
        struct table_entry e = entry_of(id, 1);
        table_put(&table, &key, &e);
    }
    return in_use();
}

static uint32_t fill_ring(void)
{
    struct ring_entry e;
    uint32_t n = 0;

    for (uint64_t cookie = COOKIES; cookie < COOKIES + 20 * ring_slots(&ring); cookie++) {
        e = origin_of(cookie, 1);
        ring_put(&ring, &e);
    }
    for (uint32_t i = 0; i < ring_slots(&ring); i++)
        n += ring_at(&ring, i, &e);
    return n;
}

static bool all_counted(void)
{
    struct counts_unseen u;
    uint64_t n = 0;

    for (unsigned i = 0; counts_unseen_get(counts, i, &u); i++)
        n += u.times;
    return n == counts_get(counts, COUNT_UNSEEN) && n == counts_get(counts, COUNT_LEAK);
}

/* --- Processes ------------------------------------------------------------------------ */

static pid_t start(unsigned w, uint64_t seed)
{
    pid_t pid = fork();

    if (pid == 0) {
        set(&shared->alive[w], (uint64_t)getpid());
        for (;;)
            step(w, &seed);
    }
    return pid;
}

/* Slots in the hand of somebody who is dead. */
static bool left_half_way(pid_t pid)
{
    for (uint32_t i = 0; i < table.buckets; i++)
        for (uint32_t j = 0; j < TABLE_SLOTS; j++) {
            uint64_t word = claim_load(table_word(&table, TABLE_HEADER_WORDS + i * TABLE_BUCKET_WORDS + j));
            if (claim_state(word) == CLAIM_WRITING && (word >> 14 & 0x3fffff) == (uint64_t)pid)
                return true;
        }
    return false;
}

/* All of them, one after the other as chance will have it: they die in parallel. */
static unsigned long kill_all(const pid_t *writer, uint64_t *seed)
{
    unsigned long half_way = 0;
    uint64_t dice = draw(seed);

    for (unsigned w = 0; w < WRITERS; w++) {
        if (dice >> w & 1)
            nanosleep(&(struct timespec){.tv_nsec = (long)(draw(seed) % 100000)}, NULL);
        kill(writer[w], SIGKILL);
    }
    for (unsigned w = 0; w < WRITERS; w++) {
        waitpid(writer[w], NULL, 0);
        half_way += left_half_way(writer[w]);
        set(&shared->alive[w], 0);
    }
    return half_way;
}

/* At least n; more while none was killed in the middle of a write, which is what matters. */
static void kills(unsigned long n)
{
    pid_t writer[WRITERS], reader;
    uint64_t seed = (uint64_t)time(NULL);
    unsigned long half_way = 0, killed = 0;

    if ((reader = fork()) == 0) {
        read_on(seed);
        _exit(0);
    }
    for (; killed < n || (!half_way && killed < 20 * n); killed += WRITERS) {
        for (unsigned w = 0; w < WRITERS; w++)
            writer[w] = start(w, draw(&seed));
        nanosleep(&(struct timespec){.tv_nsec = (long)(draw(&seed) % 400000)}, NULL);
        half_way += kill_all(writer, &seed);
    }
    set(&shared->stop, 1);
    waitpid(reader, NULL, 0);
    printf("half way %s\n", half_way ? "yes" : "no");
    fprintf(stderr, "%lu of %lu were killed half way\n", half_way, killed);
}

/* --- Threads ------------------------------------------------------------------------- */

static unsigned long things;

static void *write_thread(void *arg)
{
    unsigned w = (unsigned)(uintptr_t)arg;
    uint64_t seed = w;

    for (unsigned long i = 0; i < things; i++) {
        const char name[] = {'/', (char)('a' + draw(&seed) % 5), 0};
        step(w, &seed);
        counts_unseen(counts, name, "static");
        counts_add(counts, COUNT_LEAK);
    }
    return NULL;
}

static void *read_thread(void *arg)
{
    read_on((uintptr_t)arg);
    return NULL;
}

static void threads(unsigned long n)
{
    pthread_t writer[WRITERS], reader;

    things = n;
    set(&shared->alive[0], (uint64_t)getpid());
    pthread_create(&reader, NULL, read_thread, (void *)99);
    for (uintptr_t w = 0; w < WRITERS; w++)
        pthread_create(&writer[w], NULL, write_thread, (void *)w);
    for (unsigned w = 0; w < WRITERS; w++)
        pthread_join(writer[w], NULL);
    set(&shared->stop, 1);
    pthread_join(reader, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    prepare();
    (strcmp(argv[1], "kill") ? threads : kills)(strtoul(argv[2], NULL, 10));
    uint64_t reads = get(&shared->reads);
    check_rest();
    fprintf(stderr, "%llu writes, %llu reads, %llu of them busy, %u slots in use\n",
            (unsigned long long)get(&shared->writes), (unsigned long long)reads, (unsigned long long)get(&shared->busy),
            in_use());
    uint32_t full = fill(), ring_full = fill_ring();
    printf("read %s torn %llu lost %llu refused %llu full %u of %u, %u of %u counted %s\n", reads ? "yes" : "no",
           (unsigned long long)get(&shared->torn), (unsigned long long)get(&shared->lost),
           (unsigned long long)get(&shared->refused), full, table_slots(&table), ring_full, ring_slots(&ring),
           all_counted() ? "yes" : "no");
    return 0;
}
