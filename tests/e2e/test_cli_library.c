/* ld.so only warns when it cannot preload and starts the program all the same;
 * sunshim run must not. And what it will not see it says beforehand. */
#include "tests/e2e/harness.h"

/* $T/bin/sunshim with a library of its own beside it. */
#define PRIVATE "mkdir $T/bin; cp $SUNSHIM $LIB $T/bin/; S=$T/bin/sunshim; L=$T/bin/libsunshim.so\n"

static struct run broken(const char *how)
{
    struct run r = run(text(PRIVATE "%s\ns=0; $S run --rule 'deny network inet,' -- touch $T/ran || s=$?; [ ! -e $T/ran ] || echo RAN; exit $s", how));

    check_status(r, 125);
    check_lacks(r, out, "RAN");
    return r;
}

StockTest(cli_library, nothing_runs_without_it)
{
    static const struct {
        const char *how, *says;
    } table[] = {
        {"rm $L", "the library libsunshim.so is missing; looked for:"},
        {": >$L", "file too short"},
        {"head -c 4096 /dev/urandom >$L", "invalid ELF header"},
        {"head -c 3000 $LIB >$L", "the library cannot be loaded"},
        {"truncate -s 20000 $L", "the library cannot be loaded"},
        {"rm $L; mkdir $L", "the library cannot be loaded"},
        {"printf '\\001' | dd of=$L bs=1 seek=4 conv=notrunc 2>/dev/null", "wrong ELF class"},
        {"printf '\\050' | dd of=$L bs=1 seek=18 conv=notrunc 2>/dev/null", "the library cannot be loaded"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run("rm -rf $T/bin");
        r = broken(table[i].how);
        check_has(r, err, table[i].says);
    }
}

StockTest(cli_library, an_unreadable_one_is_refused)
{
    struct run r = run(PRIVATE "chmod 0 $L; chmod 755 $T/bin; s=0\n"
                       "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=65534 --clear-groups \"$@\"; else \"$@\"; fi; }\n"
                       "as $S run -- touch $T/ran || s=$?; [ ! -e $T/ran ]; exit $s");

    check_status(r, 125);
    check_has(r, err, "the library cannot be loaded");
}

StockTest(cli_library, an_empty_one_that_loads_is_noticed_afterwards)
{
    /* It loads, does nothing, and so never reports. */
    struct run r = run(PRIVATE "echo 'int nothing;' >$T/e.c; gcc -shared -o $L $T/e.c; $S run -- true");

    check_status(r, 125);
    check_has(r, err, "sunshim: 'true' ran without the library: nothing was checked");
}

StockTest(cli_library, is_found_where_make_install_puts_it)
{
    struct run r = run("mkdir -p $T/usr/bin $T/usr/lib $T/usr/share/sunshim/policies; cp $SUNSHIM $T/usr/bin; cp $LIB $T/usr/lib\n"
                       "echo 'unix,' >$T/usr/share/sunshim/policies/mine.policy; cd /; $T/usr/bin/sunshim run -p mine -- true\n"
                       "ln -s $T/usr/bin/sunshim $T/link; $T/link run -p mine -- sh -c 'readlink $SUNSHIM_DOMAIN/libsunshim.so'");

    check_status(r, 0);
    check_out(r, text("%s/usr/lib/libsunshim.so\n", scratch()));
}

StockTest(cli_library, policies_beside_the_command_that_anybody_can_write_are_ignored)
{
    struct run r = run("mkdir -p $T/b/bin; mkdir -m 777 $T/b/policies; cp $SUNSHIM $LIB $T/b/bin; echo 'unix,' >$T/b/policies/mine.policy\n"
                       "$T/b/bin/sunshim run -p mine -- true");

    check_status(r, 125);
    check_has(r, err, "no policy 'mine'");
}

StockTest(cli_library, a_path_with_blanks_and_colons_is_no_obstacle)
{
    struct run r = run("mkdir \"$T/a b:c\"; cp $SUNSHIM $LIB \"$T/a b:c\"; \"$T/a b:c/sunshim\" run --rule 'deny unix (create),' -- perl -MSocket -e 'print socket(S, AF_UNIX, SOCK_STREAM, 0) ? 1 : 0'");

    check_status(r, 0);
    check_out(r, "0");
}

/* --- Programs that are not seen ------------------------------------------------- */

#define STATIC "echo 'int main(void) { return 3; }' >$T/s.c; gcc -static -o $T/static $T/s.c\n"

StockTest(cli_library, a_static_program_is_announced)
{
    struct run r = run(STATIC "$SUNSHIM run --rule 'deny network inet,' -- $T/static");

    check_status(r, 3);
    cr_assert_str_eq(r.err, "sunshim: not seen: static (static)\n");
}

StockTest(cli_library, so_is_a_static_pie)
{
    struct run r = run(STATIC "gcc -static-pie -o $T/static $T/s.c; $SUNSHIM run -- $T/static");

    check_status(r, 3);
    check_has(r, err, "not seen: static (static)");
}

StockTest(cli_library, so_is_a_script_with_a_static_interpreter)
{
    struct run r = run(STATIC "printf '#!%s\\n' $T/static >$T/one; printf '#! %s x\\n' $T/one >$T/two; chmod +x $T/one $T/two\n"
                       "$SUNSHIM run -- $T/one || echo $?; $SUNSHIM run -- $T/two || echo $?");

    check_out(r, "3\n3\n");
    check_has(r, err, text("not seen: one (its interpreter %s/static: static)", scratch()));
    check_has(r, err, text("not seen: two (its interpreter %s/static: static)", scratch()));
}

StockTest(cli_library, so_are_setuid_and_setgid_programs)
{
    need_root();
    struct run r = run("cp /bin/true $T/u; cp /bin/true $T/g; chmod 4755 $T/u; chmod 2755 $T/g; chmod 755 $T\n"
                       "setpriv --reuid=65534 --regid=65534 --clear-groups $SUNSHIM run -- $T/u\n"
                       "setpriv --reuid=65534 --regid=65534 --clear-groups $SUNSHIM run -- $T/g");

    check_status(r, 0);
    check_has(r, err, "not seen: u (setuid)");
    check_has(r, err, "not seen: g (setgid)");
}

StockTest(cli_library, a_setuid_program_of_root_is_seen_by_root)
{
    need_root();
    struct run r = run("cp /bin/true $T/u; chmod 4755 $T/u; $SUNSHIM run -- $T/u");

    check_status(r, 0);
    cr_assert_str_empty(r.err);
}

StockTest(cli_library, so_is_a_go_program)
{
    /* What marks one is its build identity: a note of the owner "Go". */
    struct run r = run("cat >$T/g.c <<'END'\n"
                       "__attribute__((section(\".note.go.buildid\"), aligned(4), used)) static const struct {\n"
                       "    int name, size, type; char owner[4], id[4];\n"
                       "} note = {4, 4, 4, \"Go\", \"abc\"};\n"
                       "int main(void) { return 0; }\n"
                       "END\n"
                       "sed -i 's/\\.note\\.go\\.buildid\"/.note.go.buildid, \\\\\"a\\\\\", @note #\"/' $T/g.c\n"
                       "gcc -o $T/go $T/g.c; gcc -static -o $T/sgo $T/g.c; $SUNSHIM run -- $T/go; $SUNSHIM run -- $T/sgo");

    check_status(r, 0);
    check_has(r, err, "sunshim: not seen: go (Go, makes raw system calls)\n");
    check_has(r, err, "sunshim: not seen: sgo (static Go)\n");
}

StockTest(cli_library, a_file_of_another_machine_is_announced)
{
    struct run r = run("cp /bin/true $T/i386; printf '\\001' | dd of=$T/i386 bs=1 seek=4 conv=notrunc 2>/dev/null\n"
                       "printf '\\003' | dd of=$T/i386 bs=1 seek=18 conv=notrunc 2>/dev/null\n"
                       "cp /bin/true $T/arm; printf '\\050' | dd of=$T/arm bs=1 seek=18 conv=notrunc 2>/dev/null\n"
                       "for p in i386 arm; do $SUNSHIM run -- $T/$p || :; done");

    check_has(r, err, "not seen: i386 (32-bit)");
    check_has(r, err, "not seen: arm (for another machine)");
}

StockTest(cli_library, the_dynamic_linker_as_a_program_is_seen)
{
    struct run r = run("$SUNSHIM run --rule 'deny unix (create),' -- /lib*/ld-linux-*.so.* /usr/bin/perl -MSocket -e 'print socket(S, AF_UNIX, SOCK_STREAM, 0) ? 1 : 0'");

    check_out(r, "0");
    check_lacks(r, err, "not seen");
}
