/* Keys to the house: sockets that give whoever may talk to them far more than a
 * conversation. A policy that lets a program connect to one holds nothing back. */
#include "lint.h"

#include <string.h>
#include <sys/socket.h>

#include "cli.h"

#define ROOT "who talks to it is root on this machine"
#define YOU "who talks to it starts programs as you, which this policy does not hold"

/* ~ is the home directory, % the directory for a user's sockets. With `send`, connecting
 * alone does no harm. Worst first. */
static const struct {
    const char *name, *why;
    bool send;
} keys[] = {
    {"/run/docker.sock", ROOT, false},
    {"/run/containerd/containerd.sock", ROOT, false},
    {"/run/podman/podman.sock", ROOT, false},
    {"/run/crio/crio.sock", ROOT, false},
    {"/run/cri-dockerd.sock", ROOT, false},
    {"/run/buildkit/buildkitd.sock", ROOT, false},
    {"/run/k3s/containerd/containerd.sock", ROOT, false},
    {"/run/systemd/private", ROOT, false},
    {"/run/libvirt/libvirt-sock", ROOT, false},
    {"/run/libvirt/virtqemud-sock", ROOT, false},
    {"/run/snapd.socket", "who talks to it installs programs as root", false},
    {"/var/lib/lxd/unix.socket", ROOT, false},
    {"/var/lib/incus/unix.socket", ROOT, false},
    {"/run/supervisor.sock", "who talks to it starts what supervisord is to start", false},
    {"/run/dbus/system_bus_socket", "system services take orders there, systemd among them", true},
    {"%/docker.sock", YOU, false},
    {"%/podman/podman.sock", YOU, false},
    {"%/systemd/private", YOU, false},
    {"%/bus", "who talks to it has systemd and the desktop start programs as you, which this policy does not hold", true},
    {"%/emacs/server", YOU, false},
    {"/tmp/tmux-0/default", "who talks to it types into root's terminals", false},
    {"/tmp/tmux-1000/default", "who talks to it types into your terminals", false},
    {"@/tmp/.X11-unix/X0", "who talks to an X server reads what is typed into every window, and types", false},
    {"/tmp/.X11-unix/X0", "who talks to an X server reads what is typed into every window, and types", false},
    {"%/keyring/control", "who talks to it has your passwords", false},
    {"/tmp/ssh-XXXXab12cd34/agent.4711", "who talks to ssh-agent logs in wherever you can", false},
    {"%/ssh-agent.socket", "who talks to ssh-agent logs in wherever you can", false},
    {"%/openssh_agent", "who talks to ssh-agent logs in wherever you can", false},
    {"%/keyring/ssh", "who talks to ssh-agent logs in wherever you can", false},
    {"~/.ssh/agent/s.0123456789.agent.0123456789", "who talks to ssh-agent logs in wherever you can", false},
    {"%/gnupg/S.gpg-agent", "who talks to gpg-agent signs and decrypts as you", false},
    {"%/gnupg/S.gpg-agent.ssh", "who talks to it logs in wherever you can", false},
    {"~/.gnupg/S.gpg-agent", "who talks to gpg-agent signs and decrypts as you", false},
};
enum { KEYS = sizeof keys / sizeof *keys };

static struct policy_addr address(const char *name)
{
    if (*name == '@')
        return (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = name + 1, .len = (uint32_t)strlen(name) - 1};
    return (struct policy_addr){.kind = POLICY_ADDR_PATHNAME, .bytes = name, .len = (uint32_t)strlen(name)};
}

/* The rule that lets a program do this; POLICY_RULE_NONE: it may not. */
static uint32_t allowed(const struct policy *p, uint32_t perm, const char *name)
{
    struct policy_query q = {.perm = perm, .family = AF_UNIX, .type = SOCK_STREAM, .label = "unconfined", .fd = -1,
                             .bound = POLICY_SCOPE_OUTSIDE, .made = POLICY_SCOPE_OUTSIDE};
    struct policy_verdict v;

    q.local.kind = POLICY_ADDR_NONE;
    *(perm == POLICY_BIND ? &q.local : &q.peer) = address(name);
    policy_decide(p, &q, &v);
    return v.outcome == POLICY_ALLOWED || v.outcome == POLICY_AUDITED ? v.rule : POLICY_RULE_NONE;
}

/* "allow all,", of a list of denials: what is not in it was left out, or is meant so. */
static bool allows_all(const struct lint *l, uint32_t source)
{
    for (uint32_t i = 0; i < l->set.profile_count; i++) {
        const struct profile *p = &l->set.profiles[i];

        for (uint32_t k = 0; k < p->rule_count; k++)
            if (p->rules[k].source == source)
                return !~(p->rules[k].families | ~((1ull << POLICY_FAMILIES) - 1)) &&
                       p->rules[k].perms & POLICY_INHERIT && p->rules[k].local.match == ADDR_ANY &&
                       p->rules[k].peer.match == ADDR_ANY;
    }
    return false;
}

struct found {
    struct lint_key *list;
    unsigned count, room;
};

static void add(struct found *f, uint32_t source, const char *name, const char *why)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->list[i].source == source && f->list[i].why == why)
            return;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 16;
        f->list = enlarged(f->list, f->count * sizeof *f->list, f->room * sizeof *f->list);
    }
    f->list[f->count++] = (struct lint_key){source, name, why};
}

/* A server that the policy lets bind that name may well be the run's own. */
static bool may_bind(const struct lint *l, const char *name)
{
    struct policy p = l->loaded->policy;

    for (p.profile = 0; p.profile < policy_profile_count(&p); p.profile++)
        if (allowed(&p, POLICY_BIND, name) != POLICY_RULE_NONE)
            return true;
    return false;
}

static void try_name(const struct lint *l, struct found *f, unsigned key, const char *name)
{
    struct policy p = l->loaded->policy;

    for (p.profile = 0; p.profile < policy_profile_count(&p); p.profile++) {
        uint32_t rule = allowed(&p, POLICY_CONNECT, name);

        if (rule != POLICY_RULE_NONE && (!keys[key].send || allowed(&p, POLICY_SEND, name) != POLICY_RULE_NONE) &&
            !allows_all(l, rule) && !may_bind(l, name))
            add(f, rule, name, keys[key].why);
    }
}

/* As it is for whoever asks, and for users as they usually are. */
static void try_key(const struct lint *l, struct found *f, unsigned key)
{
    const char *name = keys[key].name;
    bool home = *name == '~';

    if (*name != '~' && *name != '%') {
        try_name(l, f, key, name);
        return;
    }
    const char *dir = home ? l->loaded->input.home : l->loaded->input.runtime_dir;
    if (dir)
        try_name(l, f, key, format_new("%s%s", dir, name + 1));
    try_name(l, f, key, format_new("%s%s", home ? "/home/user" : "/run/user/1000", name + 1));
}

unsigned lint_keys(const struct lint *l, const struct lint_key **found)
{
    struct found f = {0};

    for (unsigned i = 0; i < KEYS; i++)
        try_key(l, &f, i);
    *found = f.list;
    return f.count;
}
