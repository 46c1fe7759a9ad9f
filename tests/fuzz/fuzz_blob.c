/* A sound compiled policy with the input's patches on it: six bytes each, where
 * and what. Opening refuses it, or using it stays within it. */
#include "fuzz.h"

static const char text[] =
    "profile web /usr/bin/web* flags=(complain) { unix (bind) type=stream addr=/srv/web/*.sock,\n}\n"
    "unix (connect) peer=(addr=/run/dbus/system_bus_socket),\n"
    "unix (connect, send) peer=(addr=\"/srv/*/x1.sock\"),\nunix (connect, send) peer=(addr=\"/srv/*/x2.sock\"),\n"
    "unix (connect, send) peer=(addr=\"/srv/*/x3.sock\"),\nunix (connect, send) peer=(addr=\"/srv/*/x4.sock\"),\n"
    "unix (connect, send) peer=(addr=\"/srv/*/x5.sock\"),\nunix (connect, send) peer=(addr=\"/srv/*/x6.sock\"),\n"
    "unix (connect) peer=(addr=\"@*-11-*\"),\nunix (connect) peer=(addr=\"@*-12-*\"),\n"
    "unix (connect) peer=(addr=\"@*-13-*\"),\nunix (connect) peer=(addr=\"@*-14-*\"),\n"
    "unix (connect) peer=(addr=\"@*-15-*\"),\nunix (connect) peer=(addr=\"@*{a,b}[0-9]**x*\"),\n"
    "unix (connect) addr=\"@client*\" peer=(label=unconfined addr=\"@server?\"),\n"
    "deny unix (connect) peer=(addr=/run/docker.sock) errno=ENOENT,\n"
    "audit network (connect) inet stream peer=(ip=127.0.0.0/8 port=5432-5440),\n"
    "network (connect) inet6 dgram peer=(ip=::1 port=53),\nunix (create, getattr, getopt, setopt, shutdown),\n"
    "scope pathname abstract,\nunix (accept) addr=/srv/x peer=(uid=0 exe=\"/usr/{bin,sbin}/*\" scope=inside),\n"
    "deny unix (inherit) type=stream,\nunix (inherit) fd=0-2,\n"
    "map /s/ -> /very/long/,\nmap /s/in/ -> /elsewhere/,\nmap /s/x -> /y,\nmap /s/in/fd -> fd:db,\nmap /q -> fd:web,\n"
    "inject unix (connect) peer=(addr=/srv/x/*.sock) errno=EIO when=2..9+3,\ninject network short=3 chance=30% seed=7,\n";

/* Eight bytes aligned and exactly as long as it is, so that the sanitizer sees
 * every step outside. */
static void *copy_of(const void *blob, size_t len)
{
    void *copy = malloc(len);

    memcpy(copy, blob, len);
    return copy;
}

static void use(const void *blob, size_t len, struct input in)
{
    struct policy p;
    struct policy_rule_info info;
    uint8_t local[64], peer[64];

    if (policy_open(&p, blob, len))
        return;
    policy_select(&p, "/usr/bin/webserver", NULL);
    size_t seen = strlen(policy_name(&p)) + strlen(policy_profile_name(&p));
    seen += policy_uses(&p) + policy_mediates_inherit(&p);
    static const char *const paths[] = {"/s/in/x", "/s/x", "/very/long/x", "/y", "/s", "//s//x", "/s/in/fd", "fd:db"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char to[64];
        seen += (size_t)policy_map(&p, paths[i], strlen(paths[i]), to, sizeof to);
        seen += (size_t)policy_unmap(&p, paths[i], strlen(paths[i]), to, sizeof to);
    }
    for (unsigned i = 0; i < 50 && policy_map_target(&p, i); i++)
        seen += strlen(policy_map_target(&p, i));
    uint32_t wants;
    for (unsigned i = 0; i < 50 && policy_map_passed(&p, i, &wants); i++)
        if (policy_rule(&p, wants, &info))
            seen += strlen(policy_map_passed(&p, i, &wants)) + info.line;
    for (int i = 0; i < 6; i++) {
        struct policy_query q = input_query(&in, local, peer);
        struct policy_verdict v;
        policy_decide(&p, &q, &v);
        seen += policy_needs(&p, q.perm, q.family) + policy_inject_needs(&p, q.perm, q.family);
        const struct policy_inject *fault;
        for (uint32_t at = 0; (fault = policy_inject_next(&p, &q, &at));)
            seen += fault->rule + policy_inject_fires(fault, at);
        for (uint32_t rule = 0; rule < policy_rule_count(&p) && rule < 40; rule++)
            if (policy_rule(&p, rule, &info))
                seen += strlen(info.file) + strnlen(info.text, info.text_len) + policy_rule_miss(&p, rule, &q);
    }
    __asm__ volatile("" : : "r"(seen));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const void *sound;
    static size_t len;
    static struct memory m;

    if (!sound) {
        struct policy_input in = {.name = "fuzz", .text = text, .len = sizeof text - 1};
        memory_start(&m);
        if (policy_compile(&in, &m.arena, &sound, &len))
            abort();
    }
    uint8_t *blob = copy_of(sound, len);
    for (size_t at = 0; at + 6 <= size; at += 6) {
        size_t where = (data[at] | (size_t)data[at + 1] << 8) * 4 % len;
        memcpy(blob + where, data + at + 2, 4);
    }
    use(blob, len, (struct input){data, size});
    free(blob);
    return 0;
}
