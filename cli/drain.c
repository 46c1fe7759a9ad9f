#include "drain.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "domain/lines.h"
#include "domain/names.h"
#include "logfile.h"
#include "relay.h"
#include "stuck.h"

/* Between two looks at an empty queue, nanoseconds: short after a line, longer and longer then. */
enum { PAUSE_MIN = 200000, PAUSE_MAX = 10000000 };

struct drain {
    struct lines lines;
    struct claim_owner self;
    struct logfile *log; /* NULL: none */
    bool all;            /* TRACE records, too */
    struct relay *relay; /* NULL: nobody around this run traces */
    const struct run_watch *const *watches;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    struct stuck stuck;
    uint64_t lost;
};

/* As shim/domain.c tells name spaces of process ids apart. */
static struct claim_owner who_we_are(void)
{
    struct stat st;
    uint8_t space = 0;

    if (!stat("/proc/self/ns/pid", &st))
        space = (uint8_t)(st.st_ino * 0x9e3779b97f4a7c15u >> 56);
    return (struct claim_owner){.pid = (uint32_t)getpid(), .space = space};
}

static bool is_dead(uint32_t pid)
{
    return kill((pid_t)pid, 0) && errno == ESRCH;
}

/* The kind is the second key, behind the time: nothing that a program chose stands in front of it. */
static bool is_trace(const char *line, size_t len)
{
    static const char text[] = " sunshim=\"TRACE\" ", json[] = "\"sunshim\":\"TRACE\",";

    len = len < 64 ? len : 64;
    return *line == '{' ? memmem(line, len, json, sizeof json - 1) : memmem(line, len, text, sizeof text - 1);
}

static void hand_out(struct drain *d, const char *line, size_t len)
{
    bool trace = is_trace(line, len);

    if (d->log && (d->all || !trace))
        logfile_put(d->log, line, len);
    if (d->relay && trace)
        relay_put(d->relay, line, len);
    for (unsigned i = 0; i < WATCHES_MAX && d->watches[i]; i++)
        if (d->watches[i]->line)
            d->watches[i]->line(d->watches[i]->ctx, line, len);
}

static void be_idle(struct drain *d)
{
    for (unsigned i = 0; i < WATCHES_MAX && d->watches[i]; i++)
        if (d->watches[i]->idle)
            d->watches[i]->idle(d->watches[i]->ctx);
}

/* Everything that is there. False: a line is just being written. */
static bool take_all(struct drain *d, bool *any)
{
    char line[LINES_MAX];
    int len;

    while ((len = lines_take(&d->lines, line, d->self, is_dead, &d->lost)) > 0) {
        hand_out(d, line, (size_t)len);
        *any = true;
    }
    if (d->log)
        logfile_flush(d->log);
    for (unsigned i = 0; *any && i < WATCHES_MAX && d->watches[i]; i++)
        if (d->watches[i]->pause)
            d->watches[i]->pause(d->watches[i]->ctx);
    return len == 0;
}

static void *work(void *arg)
{
    struct drain *d = arg;
    struct timespec pause = {.tv_nsec = PAUSE_MIN};

    /* Not the process: that is still there when it was killed and nobody has waited for it. */
    lines_reader(&d->lines, (struct claim_owner){.pid = (uint32_t)gettid(), .space = d->self.space});
    for (;;) {
        bool last = atomic_load(&d->stop), any = false;
        bool whole = take_all(d, &any);

        if (last && whole)
            return NULL;
        if (!whole && stuck_for_good(&d->stuck, &d->lines, d->self, last)) {
            lines_pass_over(&d->lines);
            d->lost++;
            continue;
        }
        if (whole && !any)
            be_idle(d);
        pause.tv_nsec = any || last ? PAUSE_MIN : pause.tv_nsec * 2 < PAUSE_MAX ? pause.tv_nsec * 2 : PAUSE_MAX;
        nanosleep(&pause, NULL);
    }
}

static int map_lines(struct drain *d, const struct domain *domain)
{
    int fd = openat(domain->fd, DOMAIN_LINES, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    size_t size = lines_size(LINES_CELLS);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int err = at == MAP_FAILED ? -errno : lines_open(&d->lines, at, size);

    if (fd >= 0)
        close(fd);
    return err ? fail("%s/" DOMAIN_LINES ": %s", domain->path, strerror(-err)) : 0;
}

int drain_open(struct drain **out, const struct domain *domain, const char *outer, const char *log, bool all,
               const struct run_watch *const *watches)
{
    struct drain *d = *out = allocate(sizeof *d);
    int status;

    *d = (struct drain){.self = who_we_are(), .watches = watches, .all = all};
    if ((status = map_lines(d, domain)) || (log && !(d->log = logfile_open(log))))
        return EXIT_SUNSHIM;
    d->relay = relay_open(outer, d->self);
    lines_reader(&d->lines, d->self);
    return 0;
}

void drain_start(struct drain *d)
{
    int err = pthread_create(&d->thread, NULL, work, d);

    d->started = !err;
    if (!err)
        return;
    lines_close(&d->lines);
    say("nothing is traced: no thread: %s", strerror(err));
}

void drain_finish(struct drain *d)
{
    if (!d->started)
        return;
    lines_close(&d->lines); /* whoever began a line before that ends it */
    atomic_store(&d->stop, true);
    pthread_join(d->thread, NULL);
    lines_close(&d->lines); /* it may have come after the first time */
    if (d->log)
        logfile_close(d->log);
    if (d->lost)
        say("%ju records lost: their processes were killed while they wrote them", (uintmax_t)d->lost);
}
