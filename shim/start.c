/* The constructor: everything that is read once. */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "alias.h"
#include "domain.h"
#include "environment.h"
#include "follow.h"
#include "free.h"
#include "inherit.h"
#include "inject.h"
#include "load.h"
#include "log.h"
#include "policy/text.h"
#include "real.h"
#include "remember.h"
#include "repair.h"
#include "say.h"
#include "state.h"
#include "sys.h"

enum { PAGE = 4096, STATE_SIZE = (sizeof(struct state) + PAGE - 1) / PAGE * PAGE };

static union {
    struct state state;
    char bytes[STATE_SIZE];
} room __attribute__((aligned(PAGE)));

const struct state *const state = &room.state;
_Atomic int state_gate = GATE_UNSET;
atomic_bool state_autobind_probe;
_Atomic uint64_t state_inherited;

/* --- Memory that is surely there ---------------------------------------- */

static void find_data(struct state *s)
{
    const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uintptr_t base = 0;

    for (size_t i = 0; headers && i < count; i++)
        if (headers[i].p_type == PT_PHDR)
            base = (uintptr_t)headers - headers[i].p_vaddr;
    for (size_t i = 0; headers && i < count; i++)
        if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_W)) {
            s->data_start = (const char *)(base + headers[i].p_vaddr);
            s->data_end = s->data_start + headers[i].p_memsz;
        }
}

/* --- Start --------------------------------------------------------------- */

/* Tells the launcher that the library is in the program it started. True in that
 * program alone, not in what it executes in turn under the same pid. */
static bool report_in(const struct environment *env)
{
    static char path[4096]; /* not for a small stack; the constructor runs once */
    char pid[24];
    struct text digits = text_into(pid, sizeof pid), t = text_into(path, sizeof path);

    if (!env->report || !env->domain)
        return false;
    text_unsigned(&digits, (unsigned)sys_getpid());
    if (strcmp(text_done(&digits), env->report) != 0)
        return false;
    text_str(&t, env->domain);
    text_str(&t, "/reported");
    int fd = sys_openat(AT_FDCWD, text_done(&t), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd >= 0)
        sys_close(fd);
    return fd >= 0;
}

static bool mode_is_off(struct state *s, const char *mode)
{
    if (!mode || strcmp(mode, "enforce") == 0)
        return false;
    if (strcmp(mode, "off") == 0)
        return true;
    if (strcmp(mode, "complain") != 0)
        say_fatal(mode, "SUNSHIM_MODE wants enforce, complain or off");
    s->complain = true;
    return false;
}

static void insist(const char *value, const char *wrong)
{
    if (wrong)
        say_fatal(value, wrong);
}

/* A copy: programs overwrite the area in which their environment was handed to them. */
static void take_passed(struct state *s, const char *list)
{
    size_t len = list ? strlen(list) : 0;

    if (len >= sizeof s->passed)
        say_fatal("SUNSHIM_FDS", "longer than 1,023 bytes");
    memcpy(s->passed, list ? list : "", len + 1);
}

static bool is_on(const char *value)
{
    return value && strcmp(value, "0") != 0;
}

static void want_long_paths(struct state *s, const struct environment *env)
{
    bool both = is_on(env->long_paths);

    s->repairs = both || is_on(env->repair);
    s->shortens = both || is_on(env->shorten);
}

static int prepare(struct state *s, char *const *argv, char **envp, const char *stack_end)
{
    struct environment env;

    environment_read(&env, envp);
    environment_find_domain(&env);
    if (getauxval(AT_SECURE))
        return GATE_PASS;
    bool first = report_in(&env);
    environment_adopt(&env, envp);
    if (mode_is_off(s, env.mode))
        return GATE_PASS;
    insist(env.log_format, log_set_format(&s->log, env.log_format));
    insist(env.log, log_set_place(&s->log, env.log));
    take_passed(s, env.passed);
    s->stack_end = stack_end;
    find_data(s);
    want_long_paths(s, &env);
    repair_prepare(s, argv, envp);
    s->traces = is_on(env.trace);
    if (!env.domain && !env.policy && !s->traces)
        return GATE_PASS;
    load_layers(s, &env);
    domain_map(s, env.domain);
    inject_start(s, env.domain);
    alias_find(s);
    follow_prepare(&s->follow, envp, &env);
    s->follows = s->layer_count || s->tracks || s->shortens || s->repairs || s->traces;
    if (!s->layer_count && !s->tracks && !s->traces)
        return GATE_PASS;
    free_find(s);
    inherit_judge(s, &env);
    if (s->remembers && (first || !env.domain)) {
        remember_inherited();
        remember_launched(env.listen);
    }
    return GATE_MEDIATE;
}

static void begin(char *const *argv, char **envp, const char *stack_end)
{
    int nobody = GATE_UNSET;

    real_find();
    if (!atomic_compare_exchange_strong(&state_gate, &nobody, GATE_STARTING))
        return;
    int gate = prepare(&room.state, argv, envp, stack_end);
    sys_protect(&room, sizeof room, PROT_READ);
    atomic_store_explicit(&state_gate, gate, memory_order_release);
}

__attribute__((constructor)) static void start(int argc, char **argv, char **envp)
{
    (void)argc;
    begin(argv, envp, (const char *)envp); /* the vector stands at the end of the stack */
}

/* The arguments or the environment as /proc has them, cut into strings. Where the environment
 * cannot be had whole nobody knows whether there is a policy: the program does not start. */
static char **strings_from_proc(const char *file, bool needed)
{
    enum { BYTES = 4 << 20, STRINGS = 65536 };
    char **vector = sys_map(BYTES + STRINGS * sizeof *vector, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    char *bytes = (char *)(vector + STRINGS);
    size_t len = 0, count = 0;

    if (!vector)
        say_fatal("start", "no memory");
    int fd = sys_openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
    long n = fd;
    while (n >= 0 && len < BYTES - 1 && (n = sys_read(fd, bytes + len, BYTES - 1 - len)) > 0)
        len += (size_t)n;
    if (fd >= 0)
        sys_close(fd);
    size_t at = 0;
    for (; at < len && count < STRINGS - 1; at += strlen(bytes + at) + 1)
        vector[count++] = bytes + at;
    if (needed && (n != 0 || at < len))
        say_fatal(file, "cannot be read, and a library made a socket call before the start");
    return vector;
}

/* A call before our constructor: another library was initialised first, or a
 * second thread is already there while the first still starts. */
int state_begin(void)
{
    if (atomic_load(&state_gate) == GATE_UNSET)
        begin(strings_from_proc("/proc/self/cmdline", false), strings_from_proc("/proc/self/environ", true), NULL);
    for (unsigned tries = 0; atomic_load(&state_gate) == GATE_STARTING && tries < 60000; tries++) {
        const struct timespec millisecond = {.tv_nsec = 1000000};

        SYS2(SYS_nanosleep, &millisecond, NULL);
    }
    int gate = atomic_load(&state_gate);
    if (gate == GATE_STARTING) /* for a minute: in a signal handler on top of the start itself */
        say_fatal("start", "a socket call came in the middle of it");
    return gate;
}
