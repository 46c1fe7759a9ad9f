/* What is known of a call, gathered as far as the policies ask for it. */
#ifndef SUNSHIM_SHIM_FACTS_H
#define SUNSHIM_SHIM_FACTS_H

#include "mediate.h"

/* A peer as a run remembers it; scope.c. */
struct sight {
    int up;                   /* which run; -1: nobody has looked yet */
    bool found;               /* the rest below is known */
    enum policy_scope bound, made;
    uint16_t profiles[TABLE_PROFILES];
    uint32_t policies;
};

struct facts {
    struct policy_query query;
    struct sight sight;
    const struct address *sender;         /* a peer that the kernel told of; or NULL */
    char *exe;                            /* scratch; or NULL */
    bool connected;                       /* the call names nobody: a peer was reached before */
    struct address own, peer;             /* read back from the kernel */
    struct name local_name, peer_name;    /* canonical, where the address is a pathname */
    bool unconnected;                     /* a peer was asked for, and there is none */
    bool spoken;                          /* some layer did not simply allow */
    uint64_t cookie;                      /* of a socket whose verdict may be kept; 0: none */
    unsigned age;                         /* settled_age() before the facts were gathered */
};

/* Starts with what the request itself says. */
void facts_start(struct facts *f, const struct request *r);

/* What the verdict of one layer, and of all together, depends on. */
uint32_t facts_needed_by(const struct facts *f, const struct active_layer *layer);
uint32_t facts_needed(const struct facts *f);

/* Gathers what `needs` (POLICY_NEEDS_*) names and pins the target if its path
 * matters. Negative errno: of descriptor or path, as the kernel's. */
int facts_gather(struct facts *f, struct request *r, uint32_t needs);

/* Who finds the file that a peer's name stands for. A relative one is relative to a directory of
 * the peer's, one below /proc/self/fd to a descriptor of its own. Whoever connects or sends to this
 * process chooses it, so it must not be resolved here. */
enum known_by { KNOWN_BY_ALL, KNOWN_BY_NEIGHBOURS, KNOWN_BY_OWNER };
enum known_by facts_known_by(const struct policy_addr *peer);

/* Whether the name of `fd`'s peer, as the kernel tells it, may be looked up in this process. */
bool facts_may_resolve(const struct policy_addr *peer, int fd);

/* Puts the canonical name in place of a pathname that the kernel told; bytes NULL where it cannot be
 * found. */
void facts_resolve(struct policy_addr *addr, struct name *name);

/* Takes `peer` as the peer, resolving its path if `needs` asks for it. */
void facts_peer(struct facts *f, const struct address *peer, uint32_t needs);

/* Fills in whatever can still be learned, for a record. */
void facts_complete(struct facts *f, struct request *r);

/* Gives the names' memory back. */
void facts_end(struct facts *f);

#endif
