#include "leftovers.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "told.h"
#include "who.h"

enum { LOOK_AGAIN = 4096 };

/* A name that was bound to. */
struct file {
    char *path;
    char *program, *who;
};

/* Whoever listened there last. */
struct listener {
    char *key, *name; /* who it is for accept(); for people */
    char *program, *who;
    int64_t pid, fd;
    struct name unix_name;
    uint16_t port; /* 0: unix */
    bool accepted;
    struct listener *next;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct listener *)a)->key, ((const struct listener *)b)->key);
}

static void *insert(const void *item, void **tree, int (*compare)(const void *, const void *))
{
    void *node = tsearch(item, tree, compare);

    if (!node)
        exit(fail("out of memory"));
    return *(void **)node;
}

/* Who did it, with what can be run again. */
static char *told_culprit(const struct record *r)
{
    const struct field *exe = record_field(r, "exe");
    char *who = told_who(r), *quoted = told_quoted(exe ? exe->value : "", exe ? exe->len : 0),
         *all = exe ? format_new("%s, %s", who, quoted) : format_new("%s", who);

    free(who), free(quoted);
    return all;
}

/* --- Socket files -------------------------------------------------------------- */

struct gone {
    struct file **at;
    size_t count;
};

static bool is_socket(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

static void collect_gone(const void *node, VISIT which, void *ctx)
{
    struct file *f = *(struct file *const *)node;
    struct gone *g = ctx;

    if ((which == preorder || which == leaf) && !is_socket(f->path))
        g->at[g->count++] = f;
}

static void forget(struct file *f)
{
    free(f->path), free(f->program), free(f->who);
    free(f);
}

/* A suite may bind a million names, one after the other. */
static void drop_gone(struct leftovers *l)
{
    struct gone g = {allocate(l->file_count * sizeof *g.at), 0};

    twalk_r(l->files, collect_gone, &g);
    for (size_t i = 0; i < g.count; i++) {
        tdelete(g.at[i], &l->files, by_path);
        forget(g.at[i]);
    }
    l->file_count -= g.count;
    free(g.at);
    l->look_again = 2 * l->file_count + LOOK_AGAIN;
}

static void see_bind(struct leftovers *l, const struct record *r)
{
    const struct field *addr = record_field(r, "addr");
    struct file *f, *kept;

    if (!addr || addr->word || *addr->value != '/')
        return;
    f = allocate(sizeof *f);
    *f = (struct file){format_new("%s", addr->value), told_program(r), told_culprit(r)};
    if ((kept = insert(f, &l->files, by_path)) != f) {
        char *path = kept->path;

        free(kept->program), free(kept->who), free(f->path);
        *kept = *f;
        kept->path = path;
        free(f);
    } else if (++l->file_count >= l->look_again + LOOK_AGAIN) {
        drop_gone(l);
    }
}

/* --- Listeners ------------------------------------------------------------------ */

/* The same for listen() and for accept(), perhaps of a child. An IP address is no part of
 * it: what listens on all addresses accepts on one. */
static char *key_of(const struct record *r)
{
    const struct field *port = record_field(r, "lport");
    char *name = told_address(r, false), *key;

    if (port)
        key = format_new("port %s", port->value);
    else if (name && strcmp(name, "none"))
        key = format_new("%s", name);
    else
        key = format_new("pid %" PRId64 " fd %" PRId64, record_number(r, "pid", 0), record_number(r, "fd", -1));
    free(name);
    return key;
}

static struct name unix_name(const struct record *r)
{
    const struct field *f = record_field(r, "addr");
    struct name n = {NAME_NONE, NULL, 0};

    if (!f || f->word || !f->len)
        return n;
    n.kind = *f->value == '@' ? NAME_ABSTRACT : NAME_PATHNAME;
    n.len = f->len - (*f->value == '@');
    n.bytes = memcpy(allocate(n.len + 1), f->value + (*f->value == '@'), n.len);
    return n;
}

/* Of families whose addresses records do not have (vsock, netlink) at least which it is. */
static char *listener_name(const struct record *r)
{
    char *name = told_address(r, false);

    if (name && strcmp(name, "none") != 0)
        return name;
    free(name);
    return format_new("%s %s", record_text(r, "family"), record_text(r, "sock_type"));
}

static struct listener *listener_of(const struct record *r)
{
    struct listener *new = allocate(sizeof *new);

    *new = (struct listener){
        .key = key_of(r), .name = listener_name(r), .program = told_program(r), .who = told_culprit(r),
        .pid = record_number(r, "pid", 0), .fd = record_number(r, "fd", -1),
        .unix_name = unix_name(r), .port = (uint16_t)record_number(r, "lport", 0),
    };
    return new;
}

static void see_listen(struct leftovers *l, const struct record *r)
{
    struct listener *new = listener_of(r), *kept = insert(new, &l->listeners, by_key);

    if (kept == new)
        return;
    /* listen() on a listener sets its backlog. Several share an IP address and port as they
     * like; a unix name is one socket's, so that the other one is gone. */
    if (new->port || (kept->pid == new->pid && kept->fd == new->fd)) {
        free(new);
        return;
    }
    struct listener before = *kept;
    *kept = *new;
    *new = before;
    if (new->accepted) {
        free(new);
        return;
    }
    new->next = l->dropped;
    l->dropped = new;
}

/* A connection that was denied or injected away was accepted all the same. */
static void see_accept(struct leftovers *l, const struct record *r)
{
    struct listener wanted = {.key = key_of(r)};
    struct listener **node = tfind(&wanted, &l->listeners, by_key);

    if (node && (record_number(r, "result", -1) >= 0 || record_field(r, "verdict")))
        (*node)->accepted = true;
    free(wanted.key);
}

void leftovers_see(struct leftovers *l, const struct record *r)
{
    const char *call = record_text(r, "operation");

    if (!record_is(r, "TRACE"))
        return;
    if (!strncmp(call, "accept", 6))
        see_accept(l, r);
    else if (record_number(r, "result", -1))
        return;
    else if (!strcmp(call, "bind"))
        see_bind(l, r);
    else if (!strcmp(call, "listen"))
        see_listen(l, r);
}

/* --- At the end ------------------------------------------------------------------- */

struct judging {
    const char *const *own;
    bool others;
    enum verdict_result result;
    struct verdicts *out;
    struct world world;
    bool loaded;
};

static struct world *world(struct judging *j)
{
    if (!j->loaded) {
        world_load(&j->world);
        world_widen(&j->world);
        world_load_inet(&j->world);
    }
    j->loaded = true;
    return &j->world;
}

static bool below(const char *path, const char *const *dirs)
{
    for (; *dirs; dirs++) {
        size_t len = strlen(*dirs);

        if (len && !strncmp(path, *dirs, len) && path[len] == '/')
            return true;
    }
    return false;
}

/* On some file systems (btrfs) the kernel and stat(2) name different devices. */
static bool is_bound_to(const struct sock *s, const char *path, const struct file_id *id)
{
    return file_is_of(id, s) || (s->has_file && s->file_ino == id->ino && s->name.kind == NAME_PATHNAME &&
                                 s->name.len == strlen(path) && !memcmp(s->name.bytes, path, s->name.len));
}

static bool has_owner(struct judging *j, const char *path)
{
    const struct world *w = world(j);
    struct file_id id;

    if (file_identify(path, &id))
        return true;
    for (size_t i = 0; i < w->count; i++)
        if (is_bound_to(w->all[i], path, &id))
            return true;
    return false;
}

static void judge_file(const void *node, VISIT which, void *ctx)
{
    const struct file *f = *(struct file *const *)node;
    struct judging *j = ctx;

    if ((which != postorder && which != leaf) || !is_socket(f->path) || below(f->path, j->own) || has_owner(j, f->path))
        return;
    char *path = told_quoted(f->path, strlen(f->path));
    verdict_add(j->out, (struct verdict){
        .kind = VERDICT_LEFTOVER, .result = j->result,
        .name = format_new("socket file %s of %s", path, f->program),
        .message = format_new("socket file %s was not removed; bound by %s", path, f->who),
    });
}

static bool listens(const struct sock *s, const struct listener *l)
{
    if (s->state != STATE_LISTEN)
        return false;
    if (l->port)
        return s->local.port == l->port;
    return s->name.kind == l->unix_name.kind && l->unix_name.kind == NAME_ABSTRACT && name_equal(&s->name, &l->unix_name);
}

static bool goes_on(struct judging *j, const struct listener *l)
{
    if (!j->others)
        return false;
    if (l->unix_name.kind == NAME_PATHNAME)
        return is_socket(l->unix_name.bytes) && has_owner(j, l->unix_name.bytes);
    for (size_t i = 0; i < world(j)->count; i++)
        if (listens(world(j)->all[i], l))
            return true;
    return false;
}

static void judge_listener(struct judging *j, const struct listener *l)
{
    if (!l->accepted)
        verdict_add(j->out, (struct verdict){
            .kind = VERDICT_LEFTOVER, .result = j->result,
            .name = format_new("listener %s of %s", l->name, l->program),
            .message = format_new("nobody was accepted from the listener %s of %s", l->name, l->who),
        });
}

static void visit_listener(const void *node, VISIT which, void *ctx)
{
    const struct listener *l = *(struct listener *const *)node;

    if ((which == postorder || which == leaf) && !goes_on(ctx, l))
        judge_listener(ctx, l);
}

void leftovers_judge(struct leftovers *l, const char *const *own, bool others, enum verdict_result result, struct verdicts *v)
{
    struct judging j = {.own = own, .others = others, .result = result, .out = v};

    twalk_r(l->files, judge_file, &j);
    for (const struct listener *one = l->dropped; one; one = one->next)
        judge_listener(&j, one);
    twalk_r(l->listeners, visit_listener, &j);
}
