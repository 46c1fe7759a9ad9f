/* What the constructor learned, read-only from then on, and the few words that
 * change afterwards.
 *
 * The state stands in a page of its own that start.c maps read-only when it is
 * done: a stray write of the host program faults instead of changing a policy. */
#ifndef SUNSHIM_SHIM_STATE_H
#define SUNSHIM_SHIM_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/lines.h"
#include "domain/passed.h"
#include "domain/ring.h"
#include "domain/table.h"
#include "follow.h"
#include "policy/layers.h"
#include "policy/policy.h"

enum gate {
    GATE_UNSET,    /* no constructor has run */
    GATE_STARTING, /* one is running */
    GATE_PASS,     /* nothing to check: calls go straight through */
    GATE_MEDIATE,
};

struct active_layer {
    struct policy policy;
    bool complain; /* log and let pass, explicit denies too */
    unsigned up;   /* whose layer: number of the run in state->runs */
    unsigned nth;  /* of that run's layers, from 0 */
    bool text;     /* this process compiled it */
    /* How often its inject rules matched: in its run, and in this process. NULL: it has none.
     * Without a run both are the process's. */
    struct counts_inject *shared, *own;
};

/* What a run shares; see domain.h. */
struct run_memory {
    struct table table; /* at NULL: none */
    struct ring ring;
    uint16_t profiles[TABLE_PROFILES]; /* this process's, one for each layer of the run */
    uint32_t policies;                 /* fingerprint of the layers, for what others remember of theirs */
};

enum log_format { LOG_TEXT, LOG_JSON, LOG_APPARMOR };
enum log_where { LOG_FD, LOG_FILE, LOG_JOURNAL };

struct log_state {
    enum log_format format;
    enum log_where where;
    int fd;             /* LOG_FD */
    uint64_t dev, ino;  /* LOG_FD: the file it was at start; ino 0: was not open */
    uint64_t err_dev, err_ino; /* the same of stderr, to say there that a log cannot be written */
    char path[1024];    /* LOG_FILE; "%p" stands for the pid */
};

/* Besides the permissions: send to whom the socket is connected to. */
enum { FREE_CONNECTED = POLICY_PERM_COUNT, FREE_COUNT };

struct state {
    unsigned layer_count;
    struct active_layer layers[LAYERS_MAX];
    /* Families (bit AF_x) that get a permission from every layer whatever the
     * other facts are, and without a record; by number of the permission's bit. */
    uint64_t free_families[FREE_COUNT];
    bool free_always[FREE_COUNT]; /* the same, for every family there is */
    /* The same, for every family whose sockets this process may create. */
    bool free_created[FREE_COUNT];
    bool complain;                       /* SUNSHIM_MODE=complain */
    bool autobind_matters;               /* some layer does not let everything autobind, or a run remembers names */
    const char *stack_end;               /* end of the main thread's stack */
    const char *data_start, *data_end;   /* the program's writable segment */
    struct log_state log;
    struct follow follow;                /* what children are to keep */
    bool no_memory;                      /* no run has a table or a ring (policy/layers.h) */
    unsigned run_count;
    struct run_memory runs[RUNS_MAX];    /* the innermost first */
    bool remembers, tracks;              /* some run has a table; a ring */
    bool asks_process;                   /* some policy asks which process is at the other end */
    bool asks_inet;                      /* ... which run the other end of an inet socket is of */
    bool traces;                         /* each call goes on record (trace.h) */
    struct lines lines;                  /* of the innermost run that traces; at NULL: none */
    bool lines_own;                      /* ... which is this one: all its records go there */
    void *counts;                        /* of the innermost run (domain/counts.h); NULL: there are none */
    bool follows;                        /* programs that are started keep the library and what it was told */
    bool injects;                        /* some layer has inject rules */
    bool maps;                           /* some layer has map rules */
    bool repairs;                        /* --repair: cut addresses are made whole */
    bool shortens;                       /* --shorten: so are programs that are started given short names */
    const char *const *suspects;         /* names of 108 bytes and more in argv and environment (repair.h) */
    unsigned suspect_count;              /* ... or the targets of map rules */
    char aliases[72];                    /* "D/a/", where sockets are bound by short names (alias.h); "": nowhere */
    char passed[PASSED_BYTES];           /* SUNSHIM_FDS (domain/passed.h) */
    char domain[256];                    /* the innermost run's directory; "": none, or too long */
};

extern const struct state *const state;
extern _Atomic int state_gate;

/* SO_PASSCRED or SO_PASSPIDFD may be on for a socket of this process, so that an
 * unbound one may be bound by the kernel in the middle of a call. Valid once
 * state_inherited is not 0. */
extern atomic_bool state_autobind_probe;

/* Families (bit AF_x) of sockets that this process did not create: the program
 * was started with them, or they were passed to it. 0: nobody has looked yet. */
extern _Atomic uint64_t state_inherited;
#define INHERITED_LOOKED (1ull << 63)
#define INHERITED_ANY (~0ull) /* they may be of any family */

/* inherited.c: looks at the open descriptors, once. Returns state_inherited. */
uint64_t state_look(void);

/* Sockets of any kind may have come from elsewhere. */
static inline void state_let_in(void)
{
    atomic_store_explicit(&state_inherited, INHERITED_ANY, memory_order_relaxed);
    atomic_store_explicit(&state_autobind_probe, true, memory_order_relaxed);
}

static inline uint64_t state_strangers(void)
{
    uint64_t families = atomic_load_explicit(&state_inherited, memory_order_relaxed);

    return __builtin_expect(families != 0, 1) ? families : state_look();
}

/* start.c: prepares everything if no constructor has yet. Returns the gate. */
int state_begin(void);

/* True when the call has nothing to be checked for. Cost: one load. */
static inline bool state_pass(void)
{
    int gate = atomic_load_explicit(&state_gate, memory_order_acquire);

    if (__builtin_expect(gate < GATE_PASS, 0))
        gate = state_begin();
    return gate == GATE_PASS;
}

/* True when a program that is started needs nothing from us. As state_pass(). */
static inline bool state_leaves(void)
{
    return state_pass() && !state->follows;
}

static inline bool is_denial(enum policy_outcome outcome)
{
    return outcome == POLICY_DENIED || outcome == POLICY_QUIET;
}

/* A layer that complains denies nothing, whatever it says. */
static inline enum policy_outcome relaxed(const struct active_layer *layer, enum policy_outcome outcome)
{
    return is_denial(outcome) && (layer->complain || state->complain) ? POLICY_COMPLAIN : outcome;
}

/* The number of a permission's bit. */
static inline unsigned perm_index(uint32_t perm)
{
    return (unsigned)__builtin_ctz(perm);
}

/* True when `perm` is granted to the family (-1: of whatever socket it is)
 * whatever else is true. */
static inline bool state_free_at(unsigned i, int family)
{
    if (family >= 0)
        return family < 64 && (state->free_families[i] >> family & 1);
    if (state->free_always[i] || !state->free_created[i])
        return state->free_always[i];
    return (state_strangers() & ~(state->free_families[i] | INHERITED_LOOKED)) == 0;
}

static inline bool state_free(uint32_t perm, int family)
{
    return state_free_at(perm_index(perm), family);
}

#endif
