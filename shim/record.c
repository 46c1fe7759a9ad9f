#include "record.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "domain.h"
#include "format.h"
#include "log.h"
#include "policy/hint.h"
#include "quote.h"
#include "scratch.h"
#include "state.h"
#include "sys.h"
#include "tally.h"

/* How a scratch buffer is divided. */
enum { LINE = 4096, EXE = 4096, HINT = 1536 };
_Static_assert(LOG_ROOM <= FORMAT_ROOM, "the log works where values were put together");
_Static_assert(LINE + EXE + HINT + FORMAT_ROOM <= SCRATCH_SIZE, "a record must fit a scratch buffer");

/* The program does not change without exec; a traced one asks for its name at every call. */
static const char *exe_once(char *exe)
{
    static char kept[256];
    static atomic_int known; /* 0: no, 1: somebody is at it, 2: yes, 3: it does not fit */
    int nobody = 0;

    if (atomic_load_explicit(&known, memory_order_acquire) == 2)
        return kept;
    long len = sys_readlink("/proc/self/exe", exe, EXE - 1);
    exe[len > 0 ? len : 0] = '\0';
    if (len <= 0 || !atomic_compare_exchange_strong(&known, &nobody, 1))
        return exe;
    bool fits = len < (long)sizeof kept;
    if (fits)
        memcpy(kept, exe, (size_t)len + 1);
    atomic_store_explicit(&known, fits ? 2 : 3, memory_order_release);
    return exe;
}

static void who_we_are(struct record *r, char *comm, char *exe)
{
    if (r->call) {
        r->time = r->call->began;
        r->tid = (int)SYS0(SYS_gettid);
    } else {
        clock_gettime(CLOCK_REALTIME, &r->time);
    }
    r->pid = r->tid && r->tid == (int)domain_self().pid ? r->tid : sys_getpid();
    r->ppid = sys_getppid();
    SYS2(SYS_prctl, PR_GET_NAME, comm);
    r->comm = comm;
    r->exe = exe_once(exe);
}

const char *record_word(enum policy_outcome outcome)
{
    return outcome == POLICY_AUDITED ? "AUDIT" : outcome == POLICY_COMPLAIN ? "ALLOWED" : "DENIED";
}

static enum count counted_as(enum policy_outcome outcome)
{
    return outcome == POLICY_AUDITED ? COUNT_AUDIT : outcome == POLICY_COMPLAIN ? COUNT_ALLOWED : COUNT_DENIED;
}

static void about_rule(struct record *r, const struct policy_verdict *v, const struct policy *p)
{
    struct policy_rule_info info;

    r->ruled = v->rule != POLICY_RULE_NONE && policy_rule(p, v->rule, &info);
    if (!r->ruled)
        return;
    r->rule_file = info.file;
    r->rule_line = info.line;
}

/* What to paste into the policy. Nothing helps against an explicit deny. */
static const char *hint_for(const struct record *r, char *buffer)
{
    struct text t = text_into(buffer, HINT);

    if (r->verdict->outcome == POLICY_AUDITED || r->verdict->explicit_deny)
        return NULL;
    text_str(&t, "add: ");
    if (!policy_hint(&t, r->query) || t.full)
        return NULL;
    return text_done(&t);
}

/* Why it is there at all, and what would keep it from being there. */
static const char *hint_for_leak(const struct record *r, char *buffer)
{
    const struct ring_entry *e = r->socket->origin;
    struct text t = text_into(buffer, HINT);

    text_str(&t, e->cloexec ? "made with FD_CLOEXEC, which got lost"
                 : e->origin ? "made without FD_CLOEXEC"
                             : "it lacks FD_CLOEXEC");
    text_str(&t, "; to cut it: deny ");
    if (!policy_hint(&t, r->query) || t.full)
        return NULL;
    return text_done(&t);
}

static void write_line(struct record *r, char *line, const uint64_t *signals)
{
    static void (*const format[])(struct text *, const struct record *) = {
        [LOG_TEXT] = format_text, [LOG_JSON] = format_json, [LOG_APPARMOR] = format_apparmor};
    struct text t = text_into(line, LINE);

    r->longest = QUOTE_USUAL;
    format[state->log.format](&t, r);
    if (t.full) {
        t = text_into(line, LINE);
        r->longest = QUOTE_TIGHT;
        format[state->log.format](&t, r);
    }
    if (t.full)
        t.at[-1] = '\n'; /* cannot be with names cut to size; a line must end all the same */
    log_write(line, text_len(&t), r->room, r->call, signals);
}

/* Fills in who we are, formats and writes; signals are blocked meanwhile. */
static void emit(struct record *r, const struct policy_verdict *v, const struct policy *p)
{
    const uint64_t all = ~(uint64_t)0;
    uint64_t before;
    char comm[16] = "";

    sys_sigmask(SIG_BLOCK, &all, &before);
    char *scratch = scratch_take();
    if (scratch) {
        who_we_are(r, comm, scratch + LINE);
        r->room = scratch + LINE + EXE + HINT;
        if (v) {
            about_rule(r, v, p);
            r->hint = hint_for(r, scratch + LINE + EXE);
        } else if (r->socket) {
            r->hint = hint_for_leak(r, scratch + LINE + EXE);
        }
        write_line(r, scratch, &before);
        scratch_give(scratch);
    } else {
        log_dropped();
    }
    sys_sigmask(SIG_SETMASK, &before, NULL);
}

static struct record of_verdict(const char *operation, const struct policy_query *q, const struct policy_verdict *v,
                                const struct policy *p)
{
    return (struct record){
        .what = record_word(v->outcome),
        .operation = operation,
        .query = q,
        .verdict = v,
        .profile = policy_profile_name(p),
        .policy = policy_name(p),
        .err = v->outcome == POLICY_AUDITED ? 0 : v->err,
    };
}

void record_verdict(const char *operation, const struct policy_query *q, const struct policy_verdict *v,
                    const struct policy *p)
{
    struct record r = of_verdict(operation, q, v, p);

    emit(&r, v, p);
    tally(counted_as(v->outcome));
}

void record_inherited(const struct policy_query *q, const struct policy_verdict *v, const struct policy *p,
                      const struct record_socket *s)
{
    struct record r = of_verdict("inherit", q, v, p);

    r.socket = s;
    emit(&r, v, p);
    tally(counted_as(v->outcome));
}

void record_injected(const char *operation, const struct policy_query *q, const struct policy_inject *i, uint64_t hit,
                     const struct policy *p)
{
    const struct policy_verdict v = {.outcome = POLICY_AUDITED, .rule = i->rule};
    struct record r = of_verdict(operation, q, &v, p);

    r.what = "INJECTED";
    r.err = i->err;
    r.inject = i;
    r.hit = hit;
    emit(&r, &v, p);
}

void record_leak(const struct policy_query *q, const struct policy *p, const struct record_socket *s)
{
    struct record r = {
        .what = "LEAK", .operation = "inherit", .query = q, .socket = s,
        .profile = p ? policy_profile_name(p) : "-", .policy = p ? policy_name(p) : NULL,
    };

    emit(&r, NULL, NULL);
}

void record_path(const char *operation, int err, const char *path, const char *hint)
{
    struct record r = {
        .what = "HINT", .operation = operation, .profile = "-", .name = path, .err = -err, .hint = hint,
    };

    emit(&r, NULL, NULL);
    tally(COUNT_HINT);
}

void record_trouble(const char *operation, int err, const char *hint)
{
    record_path(operation, err, NULL, hint);
}

/* Whose profile: of the outermost layer, if there is one. */
void record_call(const char *operation, const struct policy_query *q, const struct record_call *call)
{
    const struct policy *p = state->layer_count ? &state->layers[0].policy : NULL;
    struct record r = {
        .what = "TRACE", .operation = operation, .query = q, .call = call,
        .profile = p ? policy_profile_name(p) : "-",
    };

    if (state->log.format != LOG_APPARMOR) /* whose tools know no such records */
        emit(&r, NULL, NULL);
}

void record_cut(const char *operation, const struct record_cut *cut, const char *hint)
{
    struct record r = {
        .what = "HINT", .operation = operation, .profile = "-", .cut = cut, .hint = hint,
    };

    emit(&r, NULL, NULL);
}

void record_unseen(const char *path, const char *why)
{
    struct record r = {
        .what = "UNSEEN", .operation = "exec", .profile = "-", .name = path, .info = why,
    };

    emit(&r, NULL, NULL);
}
