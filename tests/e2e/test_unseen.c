/* Programs that load no library, or go past it: the run says which, and why. */
#include <aalogparse/aalogparse.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/e2e/harness.h"

#define POLICY "unix (create),\n"

enum shape { LOADS = 1, GO = 2, GO_LATE = 4, OTHER_CLASS = 8, OTHER_MACHINE = 16, MANY = 32 };

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
static const unsigned char exit_0[] = {0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05};
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
static const unsigned char exit_0[] = {0, 0, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4};
#endif

enum { BASE = 0x400000, SIZE = 12288, CODE = 4096, LINKER = 5000, EARLY = 900, LATE = 8192 };

static const struct {
    Elf64_Nhdr head;
    char name[4], body[8];
} note_other = {{4, 8, 1}, "GNU", "abcdefg"}, note_go = {{4, 8, 4}, "Go\0", "buildid"};

/* A program that does nothing but exit, in the shape asked for. */
static const char *put_elf(const char *name, unsigned shape)
{
    static unsigned char image[SIZE];
    Elf64_Ehdr *h = (void *)image;
    Elf64_Phdr *p = (void *)(image + sizeof *h);
    unsigned n = 0, at = shape & GO_LATE ? LATE : EARLY;

    memset(image, 0, sizeof image);
    *h = (Elf64_Ehdr){.e_type = ET_EXEC, .e_version = EV_CURRENT, .e_entry = BASE + CODE, .e_phoff = sizeof *h,
                      .e_ehsize = sizeof *h, .e_phentsize = sizeof *p};
    memcpy(h->e_ident, ELFMAG, SELFMAG);
    h->e_ident[EI_CLASS] = shape & OTHER_CLASS ? ELFCLASS32 : ELFCLASS64;
    h->e_ident[EI_DATA] = ELFDATA2LSB, h->e_ident[EI_VERSION] = EV_CURRENT;
    h->e_machine = shape & OTHER_MACHINE ? EM_S390 : MACHINE;
    if (shape & MANY) /* so that what counts is not among the first bytes */
        for (; n < 20; n++)
            p[n] = (Elf64_Phdr){.p_type = PT_NULL};
    p[n++] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE, .p_filesz = SIZE, .p_memsz = SIZE,
                          .p_align = 4096};
    if (shape & LOADS)
        p[n++] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = LINKER, .p_filesz = 28, .p_memsz = 28};
    if (shape & (GO | GO_LATE))
        p[n++] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = shape & MANY ? LATE : at, .p_filesz = 2 * sizeof note_go};
    h->e_phnum = (Elf64_Half)n;
    at = shape & MANY ? LATE : at;
    memcpy(image + at, &note_other, sizeof note_other);
    memcpy(image + at + sizeof note_other, &note_go, sizeof note_go);
    memcpy(image + CODE, exit_0, sizeof exit_0);
    strcpy((char *)image + LINKER, "/lib64/ld-linux-x86-64.so.2");
    const char *path = put_bytes(name, image, sizeof image);
    chmod(path, 0755);
    return path;
}

/* What a program in a run is executed like, and what the records say. */
static struct run look(const char *script)
{
    return preloaded(POLICY, script);
}

static void check_unseen(struct run r, const char *name, const char *info)
{
    char *line = record_line(r.err, 0);
    check_value(r, line, "sunshim", "UNSEEN");
    check_value(r, line, "operation", "exec");
    check_value(r, line, "name", name);
    check_value(r, line, "info", info);
    cr_assert_eq(lines_with(r.err, "sunshim=", NULL), 1, "%s", run_report(&r));
}

static void check_seen(struct run r)
{
    cr_assert_eq(lines_with(r.err, "UNSEEN", NULL), 0, "%s", run_report(&r));
}

/* --- Which programs --------------------------------------------------------------- */

Test(unseen, by_what_the_file_says)
{
    static const struct {
        const char *name;
        unsigned shape;
        const char *info; /* NULL: seen */
    } table[] = {
        {"static", 0, "static"},
        {"static-go", GO, "static Go"},
        {"static-go-late", GO_LATE, "static Go"},
        {"static-go-many", GO | MANY, "static Go"},
        {"dynamic", LOADS, NULL},
        {"dynamic-many", LOADS | MANY, NULL},
        {"dynamic-go", LOADS | GO, "Go, makes raw system calls"},
        {"dynamic-go-late", LOADS | GO_LATE, "Go, makes raw system calls"},
        {"dynamic-go-many", LOADS | GO | MANY, "Go, makes raw system calls"},
        {"small", OTHER_CLASS, "32-bit"},
        {"foreign", OTHER_MACHINE | LOADS, "for another machine"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *path = put_elf(table[i].name, table[i].shape);
        struct run r = look(text("\"$P/execs\" execve $T/%s || :", table[i].name));
        if (table[i].info)
            check_unseen(r, path, table[i].info);
        else
            check_seen(r);
    }
}

Test(unseen, whatever_call_starts_it)
{
    static const char *const calls[] = {"execve",       "execv",          "execvp",         "execvpe",       "execl",
                                        "execlp",       "execle",         "fexecve",        "fexecve-path",  "execveat",
                                        "execveat-dir", "execveat-empty", "syscall-execve", "syscall-execveat", "spawn",
                                        "spawnp"};
    const char *path = put_elf("prog", 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct run r = look(text("\"$P/execs\" env=clear %s $T/prog", calls[i]));
        check_status(r, 0);
        check_unseen(r, path, "static");
    }
}

Test(unseen, relative_names_are_completed)
{
    const char *path = put_elf("prog", 0);
    check_unseen(look("\"$P/execs\" execve ./prog"), path, "static");
    check_unseen(look("mkdir d; cd d; \"$P/execs\" execvp ../prog"), path, "static");
}

Test(unseen, the_one_that_is_found_in_the_path)
{
    const char *path;
    mkdir(text("%s/a", scratch()), 0755), mkdir(text("%s/b", scratch()), 0755), mkdir(text("%s/c", scratch()), 0755);
    put_elf("a/prog", 0), path = put_elf("b/prog", GO), put_elf("c/prog", 0);
    static const char *const calls[] = {"execvp", "execlp", "execvpe", "spawnp"};
    for (int i = 0; i < 4; i++) {
        struct run r = look(text("chmod -x a/prog; mkdir -p d/prog; \"$P/execs\" path=/nowhere:$T/d:$T/a:$T/b:$T/c %s prog", calls[i]));
        check_status(r, 0);
        check_unseen(r, path, "static Go");
        check_unseen(look(text("cd b; \"$P/execs\" path=:$T/c %s prog", calls[i])), path, "static Go");
    }
    check_seen(look("\"$P/execs\" path=/usr/bin:$T/b execvp true"));
    /* Not searched for by calls that do not. */
    check_seen(look("\"$P/execs\" path=$T/b execve prog || :"));
}

Test(unseen, scripts_are_as_their_interpreter_is)
{
    const char *path = put_elf("prog", 0);
    const char *info = text("its interpreter %s: static", path);
    check_unseen(look("printf '#!  %s/prog  -x y\\n' $T >script; chmod +x script; \"$P/execs\" execve $T/script"),
                 text("%s/script", scratch()), info);
    check_unseen(look("printf '#!%s/script' $T >second; chmod +x second; \"$P/execs\" execvp $T/second"),
                 text("%s/second", scratch()), info);
    check_seen(look("printf '#!/bin/sh\\ntrue\\n' >script; chmod +x script; \"$P/execs\" execve $T/script"));
    check_seen(look("echo true >text; chmod +x text; \"$P/execs\" execvp $T/text"));
    check_seen(look("printf '#!/nowhere/x\\n' >script; chmod +x script; \"$P/execs\" execve $T/script || :"));
    check_seen(look("printf '#!%s/loop\\n' $T >loop; chmod +x loop; \"$P/execs\" execve $T/loop || :"));
}

StockTest(unseen, the_dynamic_linker_is_a_program_that_preloads)
{
    struct run r = look("l=$(readelf -l /bin/true | sed -n 's/.*interpreter: \\(.*\\)]/\\1/p'); \"$P/execs\" execve $l \"$N/sk\" 'socket unix dgram' 'bind auto' || :");
    check_has(r, out, "bind auto -> -1 EACCES");
    check_seen(r);
}

/* What fails, or cannot be looked at, starts nothing. */
Test(unseen, only_what_can_be_executed)
{
    put_elf("prog", 0);
    check_seen(look("chmod -x prog; for c in execve execvp fexecve spawn; do \"$P/execs\" $c $T/prog || :; done"));
    check_seen(look("for f in /nowhere $T /dev/null; do \"$P/execs\" execve $f || :; done"));
    check_seen(look("mkfifo f; chmod +x f; timeout 20 \"$P/execs\" execve $T/f || :"));
}

Test(unseen, a_full_descriptor_table_is_no_obstacle_to_the_call)
{
    put_elf("prog", 0);
    struct run r = look("\"$P/execs\" fds=full execve $T/prog");
    check_status(r, 0);
    check_seen(r);
}

StockTest(unseen, nothing_is_looked_at_where_nothing_is_checked)
{
    put_elf("prog", 0);
    struct run r = run("LD_PRELOAD=\"$LIB\" \"$P/execs\" execve $T/prog; SUNSHIM_MODE=off SUNSHIM_POLICY=/x LD_PRELOAD=\"$LIB\" \"$P/execs\" execve $T/prog");
    check_status(r, 0);
    cr_assert_str_empty(r.err, "%s", run_report(&r));
}

/* --- Secure execution -------------------------------------------------------------------- */

#define NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups "
/* env's own exec is what is looked at. */
#define AS_NOBODY NOBODY "env $T/prog"
#define PROG "cp /usr/bin/true prog; "

StockTest(unseen, programs_that_change_their_ids)
{
    need_root();
    const char *path = text("%s/prog", scratch());
    check_unseen(look(PROG "chmod 4755 prog; " AS_NOBODY), path, "setuid");
    check_unseen(look(PROG "chmod 2755 prog; " AS_NOBODY), path, "setgid");
    check_unseen(look(PROG "chmod 4711 prog; " AS_NOBODY), path, "setuid");
    check_unseen(look(PROG "chown 65534 prog; chmod 4755 prog; env $T/prog"), path, "setuid");
}

StockTest(unseen, programs_whose_bits_change_nothing)
{
    need_root();
    check_seen(look(PROG "chmod 4755 prog; env $T/prog"));
    check_seen(look(PROG "chmod 2745 prog; " AS_NOBODY " || :")); /* not without the group's x */
    check_seen(look(PROG "chown 65534 prog; chmod 4755 prog; " AS_NOBODY));
    check_seen(look(PROG "chmod 4755 prog; setpriv --no-new-privs " AS_NOBODY));
    check_seen(look("mkdir m; unshare -m sh -euc 'mount -t tmpfs -o nosuid,mode=755 none m; cp /usr/bin/true m/prog; chmod 4755 m/prog; "
                    NOBODY "env $T/m/prog'"));
}

StockTest(unseen, file_capabilities)
{
    need_root();
    static const char cap[] = "python3 -c 'import os; os.setxattr(\"prog\", \"security.capability\", "
                              "bytes.fromhex(\"0100000200040000000000000000000000000000\"))'; ";
    check_unseen(look(text(PROG "%s" AS_NOBODY, cap)), text("%s/prog", scratch()), "file capabilities");
    check_seen(look(text(PROG "%s env $T/prog", cap)));
    check_seen(look(text(PROG "%ssetpriv --no-new-privs " AS_NOBODY, cap)));
}

/* The kernel compares the new effective id with the real one. */
StockTest(unseen, a_process_with_two_users)
{
    need_root();
    struct run r = look("perl -e '$> = 65534; exec \"/usr/bin/env\", \"true\"'");
    check_unseen(r, "/usr/bin/env", "effective uid is not the real");
}

/* --- A library that is not there any more ---------------------------------------------------- */

StockTest(unseen, a_library_out_of_reach)
{
    struct run r = run("cp \"$LIB\" .; echo 'unix (create),' >p; SUNSHIM_POLICY=$T/p LD_PRELOAD=$T/libsunshim.so sh -c 'rm libsunshim.so; env -i echo done' 2>err; cat err >&2");
    check_out(r, "done\n");
    cr_assert(lines_with(r.err, "sunshim=\"UNSEEN\"", "info=\"library not reachable\"", NULL) >= 1, "%s", run_report(&r));
}

/* Its directory is out of reach, too: only a log that is a descriptor gets the record. */
StockTest(unseen, behind_a_chroot_without_the_library)
{
    need_root();
    put_elf("prog", 0);
    struct run r = run("mkdir -p root/bin; cp -L \"$N/sk\" root/bin/; for f in $(ldd \"$N/sk\" | grep -o '/[^ ]*'); do mkdir -p root${f%/*}; cp -L $f root$f; done; "
                       "echo 'unix (create),' >p; \"$SUNSHIM\" run -p $T/p -- env -i /usr/sbin/chroot root /bin/sk 'socket unix dgram' 'bind auto'");
    check_has(r, out, "bind auto -> 0");
    cr_assert_eq(lines_with(r.err, "sunshim=\"UNSEEN\"", "name=\"/bin/sk\"", "info=\"library not reachable\"", NULL), 1, "%s", run_report(&r));
}

/* --- How it is said ------------------------------------------------------------------------------ */

Test(unseen, in_json)
{
    put_elf("pr\"og", GO);
    with_env("SUNSHIM_LOG_FORMAT=json");
    struct run r = look("\"$P/execs\" execve '/proc/self/cwd/pr\"og'");
    check_has(r, err, "\"sunshim\":\"UNSEEN\",\"operation\":\"exec\"");
    check_has(r, err, "\"name\":\"/proc/self/cwd/pr\\\"og\",\"info\":\"static Go\"}\n");
}

Test(unseen, in_the_format_of_apparmor)
{
    const char *path = put_elf("prog", GO);
    with_env("SUNSHIM_LOG_FORMAT=apparmor");
    struct run r = look("\"$P/execs\" execve $T/prog");
    aa_log_record *a = parse_record(r.err);
    cr_assert(a && a->event == AA_RECORD_HINT && a->name && a->info && a->operation, "%s", run_report(&r));
    cr_expect_str_eq(a->name, path);
    cr_expect_str_eq(a->operation, "exec");
    cr_expect(strstr(a->info, "static Go"), "%s", a->info);
    free_record(a);
}

StockTest(unseen, in_the_summary_of_a_run)
{
    put_elf("prog", GO);
    struct run r = run("echo 'unix,' >p; \"$SUNSHIM\" run -p $T/p --log $T/log -- sh -c '$T/prog; $T/prog; /sbin/ldconfig -V >/dev/null'");
    check_status(r, 0);
    check_has(r, err, "3 not seen: prog (static Go), ldconfig (static)");
    char *log = get(text("%s/log", scratch()));
    cr_assert_eq(lines_with(log, "sunshim=\"UNSEEN\"", NULL), 3, "%s", log);
    r = run("\"$SUNSHIM\" run -p $T/p --log $T/log --error-exitcode 9 -- sh -c $T/prog");
    check_status(r, 9);
    r = run("\"$SUNSHIM\" run -p $T/p --log $T/log --error-exitcode 9 --allow-unseen prog -- sh -c $T/prog");
    check_status(r, 0);
}
