#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SCRIPT_LEVELS = 4, SCRIPT_LINE = 256 }; /* the kernel's own limits */

#if __SIZEOF_POINTER__ == 8
enum { OWN_CLASS = ELFCLASS64 };
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
enum { OWN_CLASS = ELFCLASS32 };
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif
#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#elif defined(__riscv)
enum { OWN_MACHINE = EM_RISCV };
#else
#error "which ELF machine is this?"
#endif

struct image {
    const unsigned char *bytes;
    size_t len;
};

static bool runnable(const char *path)
{
    struct stat st;

    if (stat(path, &st))
        return false;
    if (S_ISDIR(st.st_mode)) {
        errno = EACCES;
        return false;
    }
    return !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/* As execvp(): a directory where it must not be run is remembered and passed. */
static int find(const char *name, char *path)
{
    const char *dirs = getenv("PATH");
    bool refused = false;

    if (strchr(name, '/')) {
        snprintf(path, PATH_MAX, "%s", name);
        return runnable(path) ? 0 : errno;
    }
    for (const char *dir = dirs ? dirs : "/bin:/usr/bin", *next; *name && dir; dir = next) {
        int len = (int)strcspn(dir, ":");

        next = dir[len] ? dir + len + 1 : NULL;
        int n = snprintf(path, PATH_MAX, "%.*s%s%s", len, dir, len ? "/" : "", name);

        if (n < PATH_MAX && runnable(path))
            return 0;
        refused |= n < PATH_MAX && errno == EACCES;
    }
    return refused ? EACCES : ENOENT;
}

static bool has_capabilities(const char *path)
{
    return getxattr(path, "security.capability", NULL, 0) > 0;
}

/* The kernel's "secure execution": the dynamic linker then ignores LD_PRELOAD. */
static const char *privileged(const char *path)
{
    struct stat st;
    struct statvfs fs;

    if (stat(path, &st) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
        (!statvfs(path, &fs) && fs.f_flag & ST_NOSUID))
        return NULL;
    if (st.st_mode & S_ISUID && st.st_uid != getuid())
        return "setuid";
    if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid())
        return "setgid";
    return getuid() && has_capabilities(path) ? "file capabilities" : NULL;
}

static const elf_segment *segment(const struct image *i, unsigned n)
{
    const elf_header *h = (const void *)i->bytes;

    if (h->e_phentsize != sizeof(elf_segment) || n >= h->e_phnum || h->e_phoff % _Alignof(elf_segment) ||
        h->e_phoff > i->len || i->len - h->e_phoff < (n + 1) * sizeof(elf_segment))
        return NULL;
    return (const elf_segment *)(const void *)(i->bytes + h->e_phoff) + n;
}

static bool has_interpreter(const struct image *i)
{
    const elf_segment *s;

    for (unsigned n = 0; (s = segment(i, n)); n++)
        if (s->p_type == PT_INTERP)
            return true;
    return false;
}

static bool note_of_go(const unsigned char *at, size_t left)
{
    Elf64_Nhdr note;

    while (left >= sizeof note) {
        memcpy(&note, at, sizeof note);
        size_t name = (note.n_namesz + 3u) & ~(size_t)3, body = (note.n_descsz + 3u) & ~(size_t)3;

        at += sizeof note;
        left -= sizeof note;
        if (name > left || body > left - name)
            return false;
        if (note.n_namesz == 4 && !memcmp(at, "Go\0", 4))
            return true;
        at += name + body;
        left -= name + body;
    }
    return false;
}

/* The Go linker's build identity, a note of owner "Go". */
static bool is_go(const struct image *i)
{
    const elf_segment *s;

    for (unsigned n = 0; (s = segment(i, n)); n++)
        if (s->p_type == PT_NOTE && s->p_offset <= i->len && s->p_filesz <= i->len - s->p_offset &&
            note_of_go(i->bytes + s->p_offset, s->p_filesz))
            return true;
    return false;
}

/* Called by name, ld.so itself is a program without an interpreter that preloads. */
static bool is_linker(const char *path)
{
    char *real = realpath(path, NULL);
    const char *base = real ? strrchr(real, '/') + 1 : "";
    bool yes = !strncmp(base, "ld-linux", 8) || !strncmp(base, "ld-2.", 5) || !strcmp(base, "ld.so");

    free(real);
    return yes;
}

static void because(struct program *out, const char *script, const char *path, const char *why)
{
    snprintf(out->blind, sizeof out->blind, "%s", path);
    out->why = why;
    if (script)
        snprintf(out->unseen, sizeof out->unseen, "its interpreter %s: %s", path, why);
    else
        snprintf(out->unseen, sizeof out->unseen, "%s", why);
}

static const char *blind(const struct image *i, const char *path, bool *preloads)
{
    const elf_header *h = (const void *)i->bytes;
    bool go;

    *preloads = false;
    if (i->len <= EI_NIDENT)
        return NULL;
    if (i->bytes[EI_CLASS] != OWN_CLASS)
        return i->bytes[EI_CLASS] == ELFCLASS32 ? "32-bit" : "64-bit";
    if (i->len < sizeof *h || h->e_machine != OWN_MACHINE)
        return "for another machine";
    go = is_go(i);
    if (!has_interpreter(i) && !is_linker(path))
        return go ? "static Go" : "static";
    const char *why = privileged(path);
    *preloads = !why;
    return why ? why : go ? "Go, makes raw system calls" : NULL;
}

/* "#! /bin/sh -e" -> "/bin/sh". */
static bool interpreter(const struct image *i, char *path)
{
    char line[SCRIPT_LINE] = "";

    if (i->len < 3 || memcmp(i->bytes, "#!", 2))
        return false;
    memcpy(line, i->bytes + 2, i->len - 2 < sizeof line - 1 ? i->len - 2 : sizeof line - 1);
    line[strcspn(line, "\n")] = '\0';
    char *start = line + strspn(line, " \t");
    start[strcspn(start, " \t")] = '\0';
    snprintf(path, PATH_MAX, "%s", start);
    return *start != '\0';
}

/* Only mapped, so that a large program costs a page or two. What cannot be read
 * (mode 0111) is left to what the library reports. */
static bool open_image(const char *path, struct image *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    void *bytes = MAP_FAILED;

    if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return false;
    *out = (struct image){bytes, (size_t)st.st_size};
    return true;
}

static void look(struct program *out)
{
    char path[PATH_MAX], next[PATH_MAX];
    const char *script = NULL, *why;
    struct image i;

    memcpy(path, out->path, sizeof path);
    for (int level = 0; level <= SCRIPT_LEVELS && open_image(path, &i); level++) {
        bool elf = i.len > SELFMAG && !memcmp(i.bytes, ELFMAG, SELFMAG);

        if (elf && (why = blind(&i, path, &out->preloads)))
            because(out, script, path, why);
        /* Neither: execvp() gives a text without #! to the shell. */
        bool named = !elf && interpreter(&i, next);
        bool more = !elf && (named || (level == 0 && snprintf(next, sizeof next, "/bin/sh") > 0));
        munmap((void *)(uintptr_t)i.bytes, i.len);
        if (named && level == 0)
            snprintf(out->interpreter, sizeof out->interpreter, "%.255s", next);
        if (!more)
            return;
        script = out->path;
        memcpy(path, next, sizeof path);
    }
}

int program_look(const char *name, struct program *out)
{
    int err;

    *out = (struct program){.preloads = true};
    if ((err = find(name, out->path)))
        return err;
    look(out);
    return 0;
}
