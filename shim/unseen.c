#include "unseen.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "policy/text.h"
#include "procfd.h"
#include "record.h"
#include "scratch.h"
#include "state.h"
#include "sys.h"
#include "tally.h"

#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#else
enum { OWN_MACHINE = EM_RISCV };
#endif

enum {
    OWN_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32,
    HEAD = 1024,       /* headers and notes of an ordinary program are within */
    SCRIPT_LEVELS = 4, /* the kernel's own limits */
    SCRIPT_LINE = 256,
    SEGMENTS = 64,
    NOTES = 4,
    PATH_ROOM = 1024,  /* of what is found in PATH; nobody has longer ones */
};

struct image {
    int fd;
    size_t len;
    _Alignas(ElfW(Ehdr)) unsigned char head[HEAD];
};

struct elf {
    bool loads, go; /* names a dynamic linker; carries a note of the Go linker */
    unsigned notes;
    struct {
        uint64_t at, len;
    } note[NOTES];
};

static long read_at(int fd, void *into, size_t len, uint64_t at)
{
    return SYS4(SYS_pread64, fd, into, len, at);
}

/* --- ELF ------------------------------------------------------------------- */

static void look_at_segments(const struct image *i, struct elf *out)
{
    const ElfW(Ehdr) *h = (const void *)i->head;
    ElfW(Phdr) p;

    for (unsigned n = 0; n < h->e_phnum && n < SEGMENTS && h->e_phentsize == sizeof p; n++) {
        uint64_t at = h->e_phoff + n * sizeof p;

        if (at <= i->len && i->len - at >= sizeof p)
            memcpy(&p, i->head + at, sizeof p);
        else if (read_at(i->fd, &p, sizeof p, at) != sizeof p)
            return;
        if (p.p_type == PT_INTERP)
            out->loads = true;
        if (p.p_type == PT_NOTE && out->notes < NOTES) {
            out->note[out->notes].at = p.p_offset;
            out->note[out->notes++].len = p.p_filesz;
        }
    }
}

static bool note_of_go(const unsigned char *at, size_t left)
{
    ElfW(Nhdr) note;

    while (left >= sizeof note) {
        memcpy(&note, at, sizeof note);
        size_t name = (note.n_namesz + 3ul) & ~3ul, body = (note.n_descsz + 3ul) & ~3ul;

        at += sizeof note;
        left -= sizeof note;
        if (note.n_namesz == 4 && left >= 4 && memcmp(at, "Go\0", 4) == 0)
            return true;
        if (name > left || body > left - name)
            return false;
        at += name + body;
        left -= name + body;
    }
    return false;
}

/* Overwrites the head with notes that are not in it. */
static void look_at_notes(struct image *i, struct elf *e)
{
    size_t within = i->len;

    for (unsigned n = 0; n < e->notes && !e->go; n++) {
        uint64_t at = e->note[n].at, len = e->note[n].len;

        if (at <= within && len <= within - at) {
            e->go = note_of_go(i->head + at, len);
            continue;
        }
        within = 0;
        long got = read_at(i->fd, i->head, len < HEAD ? len : HEAD, at);
        e->go = got > 0 && note_of_go(i->head, (size_t)got);
    }
}

/* Called by name, ld.so itself is a program without an interpreter that preloads. */
static bool is_linker(int fd)
{
    char link[PROCFD_SIZE], *name = scratch_take(), *slash;

    if (!name)
        return false;
    procfd_path(fd, link, sizeof link);
    long len = sys_readlink(link, name, SCRATCH_SIZE - 1);
    name[len > 0 ? len : 0] = '\0';
    slash = strrchr(name, '/');
    bool yes = slash && (strncmp(slash, "/ld-linux", 9) == 0 || strncmp(slash, "/ld-2.", 6) == 0 ||
                         strcmp(slash, "/ld.so") == 0);
    scratch_give(name);
    return yes;
}

/* --- Secure execution -------------------------------------------------------- */

static bool bits_count(int fd)
{
    struct statfs fs;

    return SYS5(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 &&
           (SYS2(SYS_fstatfs, fd, &fs) < 0 || !(fs.f_flags & 2 /* ST_NOSUID; statvfs(3) is not to be called */));
}

static bool has_capabilities(int fd)
{
    return SYS4(SYS_fgetxattr, fd, "security.capability", NULL, 0) > 0;
}

/* The kernel's "secure execution" (cap_bprm_creds_from_file): the effective ids to
 * come are compared with the real ones, whether or not the file changes them.
 * The dynamic linker then ignores LD_PRELOAD. */
static const char *privileged(int fd)
{
    uint32_t u[3], g[3];
    struct stat st;

    if (sys_fstat(fd, &st) < 0 || SYS3(SYS_getresuid, &u[0], &u[1], &u[2]) < 0 ||
        SYS3(SYS_getresgid, &g[0], &g[1], &g[2]) < 0)
        return NULL;
    bool uid_bit = st.st_mode & S_ISUID, gid_bit = (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    if ((uid_bit || gid_bit) && !bits_count(fd))
        uid_bit = gid_bit = false;
    if ((uid_bit ? st.st_uid : u[1]) != u[0])
        return uid_bit ? "setuid" : "effective uid is not the real";
    if ((gid_bit ? st.st_gid : g[1]) != g[0])
        return gid_bit ? "setgid" : "effective gid is not the real";
    return u[0] && has_capabilities(fd) && bits_count(fd) ? "file capabilities" : NULL;
}

/* --- One file ------------------------------------------------------------------ */

/* Whole enough to be executed. */
static bool is_elf(const struct image *i)
{
    unsigned char class = i->head[EI_CLASS];

    return i->len >= sizeof(Elf32_Ehdr) && memcmp(i->head, ELFMAG, SELFMAG) == 0 &&
           (class == ELFCLASS32 || (class == ELFCLASS64 && i->len >= sizeof(Elf64_Ehdr)));
}

static const char *why_elf(struct image *i)
{
    const ElfW(Ehdr) *h = (const void *)i->head;
    struct elf e = {0};

    if (i->head[EI_CLASS] != OWN_CLASS)
        return i->head[EI_CLASS] == ELFCLASS32 ? "32-bit" : "64-bit";
    if (h->e_machine != OWN_MACHINE)
        return "for another machine";
    look_at_segments(i, &e);
    look_at_notes(i, &e);
    if (!e.loads && !is_linker(i->fd))
        return e.go ? "static Go" : "static";
    const char *why = privileged(i->fd);
    return why ? why : e.go ? "Go, makes raw system calls" : NULL;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "#! /bin/sh -e" -> "/bin/sh". */
static bool interpreter(const struct image *i, char *path)
{
    size_t len = i->len < SCRIPT_LINE - 1 ? i->len : SCRIPT_LINE - 1;

    if (len < 3 || memcmp(i->head, "#!", 2) != 0)
        return false;
    memcpy(path, i->head + 2, len - 2);
    path[len - 2] = '\0';
    size_t start = 0, end;
    while (blank(path[start]))
        start++;
    for (end = start; path[end] && path[end] != '\n' && !blank(path[end]); end++)
        ;
    memmove(path, path + start, end - start);
    path[end - start] = '\0';
    return end > start;
}

/* True when `next` is the program that runs it. Apart, for its frame. */
static __attribute__((noinline)) bool look(int fd, bool shell, char *next, const char **why)
{
    struct image i = {.fd = fd};
    long len = read_at(fd, i.head, HEAD, 0);

    *why = NULL;
    if (len < 0) { /* mode 0111: only its bits can be seen */
        *why = privileged(fd);
        return false;
    }
    i.len = (size_t)len;
    if (is_elf(&i)) {
        *why = why_elf(&i);
        return false;
    }
    if (interpreter(&i, next))
        return true;
    if (shell && memcmp(i.head, "#!", 2) != 0)
        memcpy(next, "/bin/sh", sizeof "/bin/sh");
    return shell;
}

/* --- What is reported ------------------------------------------------------------ */

/* A script's reason names the interpreter. */
static const char *reason(char *room, size_t size, const char *through, const char *why)
{
    struct text t = text_into(room, size);

    if (!*through)
        return why;
    text_str(&t, "its interpreter ");
    text_str(&t, through);
    text_str(&t, ": ");
    text_str(&t, why);
    return text_done(&t);
}

static void report(int fd, const char *path, const char *through, const char *why)
{
    enum { NAME = 4096, REASON = 512 };
    char link[PROCFD_SIZE], *room = scratch_take();

    if (!room)
        return;
    if (!path || path[0] != '/') {
        procfd_path(fd, link, sizeof link);
        long len = sys_readlink(link, room, NAME - 1);
        room[len > 0 ? len : 0] = '\0';
        path = len > 0 ? room : path ? path : "";
    }
    record_unseen(path, reason(room + NAME, REASON, through, why));
    tally_unseen(path, why);
    scratch_give(room);
}

static bool executable(int fd)
{
    struct stat st;
    long err = SYS4(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS);

    return sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (err == 0 || err == -ENOSYS || err == -EPERM);
}

static int open_program(int dir, const char *path, int flags)
{
    const int more = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
    struct stat st;

    if (SYS4(SYS_newfstatat, dir, path, &st, flags & AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
        return -EACCES; /* nor does the kernel open it */
    int fd = sys_openat(dir, path, O_RDONLY | more, 0);
    return fd == -EACCES ? sys_openat(dir, path, O_PATH | more, 0) : fd;
}

static void examine(int fd, const char *path, const struct unseen *u)
{
    char next[SCRIPT_LINE] = "";
    const char *why;
    bool script = look(fd, u->shell, next, &why);

    for (int level = 0; script && level < SCRIPT_LEVELS; level++) {
        int by = open_program(AT_FDCWD, next, 0);

        if (by < 0)
            return; /* the call fails */
        script = look(by, false, next, &why);
        sys_close(by);
    }
    why = why ? why : u->lost;
    if (why && executable(fd))
        report(fd, path, why == u->lost ? "" : next, why);
}

/* --- Which file ------------------------------------------------------------------ */

static const char *search_path(void)
{
    for (char **e = environ; e && *e; e++)
        if (strncmp(*e, "PATH=", 5) == 0)
            return *e + 5;
    return "/bin:/usr/bin";
}

/* As execvp(): what cannot be executed is passed over. */
static int search(const char *name, char *room)
{
    const char *dirs = search_path();

    for (const char *next; *name && dirs; dirs = next) {
        const char *colon = strchr(dirs, ':');
        size_t len = colon ? (size_t)(colon - dirs) : strlen(dirs);
        struct text t = text_into(room, PATH_ROOM);

        next = colon ? colon + 1 : NULL;
        text_bytes(&t, dirs, len);
        if (len)
            text_byte(&t, '/');
        text_str(&t, name);
        int fd = t.full ? -1 : open_program(AT_FDCWD, text_done(&t), 0);
        if (fd >= 0 && executable(fd))
            return fd;
        if (fd >= 0)
            sys_close(fd);
    }
    return -1;
}

static void look_in_path(const struct unseen *u)
{
    char room[PATH_ROOM];
    int fd = search(u->path, room);

    if (fd < 0)
        return;
    examine(fd, room, u);
    sys_close(fd);
}

/* The caller's descriptor may be O_PATH, or open for writing. */
static void look_at_descriptor(const struct unseen *u)
{
    char link[PROCFD_SIZE];

    procfd_path(u->dir, link, sizeof link);
    int fd = u->dir < 0 ? -1 : open_program(AT_FDCWD, link, 0);
    if (fd < 0)
        return;
    examine(fd, NULL, u);
    sys_close(fd);
}

/* Whether a path can be read is left to the kernel, except where it has to be read. */
void unseen_look(const struct unseen *u)
{
    if (!state->layer_count && !state->tracks && !state->traces) /* nothing of it would be looked at anyway */
        return;
    if (!u->path || (u->flags & AT_EMPTY_PATH && !*u->path)) {
        look_at_descriptor(u);
        return;
    }
    if (u->search && !strchr(u->path, '/')) {
        look_in_path(u);
        return;
    }
    int fd = open_program(u->dir, u->path, u->flags);
    if (fd < 0)
        return;
    examine(fd, u->path, u);
    sys_close(fd);
}
