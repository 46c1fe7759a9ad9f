/* What --shorten leaves alone by name: what nobody makes sockets of, and what
 * programs write down for longer than a run lasts. */
#include <string.h>

#include "shorten.h"

/* libsunshim(7) has this list. */
static const char variables[] =
    "SUNSHIM_* LD_* PATH PWD OLDPWD INIT_CWD SHELL _ BASH_* CDPATH FPATH MANPATH INFOPATH XDG_DATA_DIRS "
    "XDG_CONFIG_DIRS "
    "LS_COLORS TERMINFO* LOCPATH NLSPATH GCONV_PATH *_INCLUDE_PATH LIBRARY_PATH CPATH COMPILER_PATH GCC_* "
    "DEPENDENCIES_OUTPUT CC CXX CPP LD AR *FLAGS MAKE* VPATH DESTDIR OUT_DIR CMAKE_* NINJA_* MESON_* "
    "CCACHE_* "
    "PKG_CONFIG_* ACLOCAL_PATH PYTHON* VIRTUAL_ENV CONDA_* PIP_* NODE_* npm_* NPM_* PERL* RUBY* GEM_* "
    "BUNDLE_* "
    "CLASSPATH JAVA_* JDK_* GOPATH GOROOT GOBIN GOCACHE GOMODCACHE GOTMPDIR GOWORK CARGO* RUST* LUA_* "
    "TCLLIBPATH R_LIBS* "
    "R_HOME JULIA_* OCAML* GHC_* ERL_LIBS GI_TYPELIB_PATH GIO_* GST_* GTK_* QT_* QML* GSETTINGS_* "
    "LLVM_PROFILE_FILE "
    "GCOV_PREFIX ";

/* What names files in files, what prints names, and what starts other programs: those are looked at in
 * their turn. */
static const char programs[] =
    "cc c++ c89 c99 cpp* gcc* g++* clang* cc1* collect2 lto1 lto-wrapper f951 gfortran* ld ld.* lld mold ar "
    "as ranlib "
    "strip objcopy *-cc *-c++ *-cpp* *-gcc* *-g++* *-ld *-ar *-as *-ranlib ccache sccache distcc libtool "
    "cmake meson "
    "ninja make gmake configure rustc cargo go javac mvn gradle npm yarn pip* virtualenv* git git-* ln "
    "find grep egrep fgrep cp mv rm rmdir mkdir touch cat tee echo printf printenv ls stat du tar cpio zip "
    "unzip diff cmp "
    "readlink realpath dirname basename chmod chown chgrp install mktemp sed awk gawk mawk rsync scp sftp "
    "sh bash dash zsh ksh sunshim env timeout nice nohup setsid stdbuf ionice chrt taskset xargs time ";

/* Arguments, and the words that arguments follow. */
static const char arguments[] =
    "-D* -I* -Wl,* -Wa,* -Wp,* -f*-map=* --prefix=* --exec-prefix=* --*bindir=* --lib*dir=* --includedir=* "
    "--sysconfdir=* --localstatedir=* --datarootdir=* --mandir=* --sysroot=* --remap-path-prefix* ";

static const char words[] = "cd pushd -C -I -isystem -iquote -idirafter -isysroot -o -MF -MT -MQ -rpath "
                            "-rpath-link -Xlinker --prefix "
                            "--sysroot --directory venv --without-pip --clear --copies "
                            "--system-site-packages compileall ";

/* Whether `name` is what `pattern` says: at most two stars, each for anything. */
static bool fits(const char *pattern, size_t n, const char *name, size_t len)
{
    while (n && *pattern != '*') {
        if (!len || *name != *pattern)
            return false;
        pattern++, n--, name++, len--;
    }
    if (n <= 1)
        return n == 1 || !len;
    for (; len; name++, len--)
        if (fits(pattern + 1, n - 1, name, len))
            return true;
    return false;
}

static bool is_listed(const char *list, const char *name, size_t len)
{
    for (const char *end; (end = strchr(list, ' ')); list = end + 1)
        if (fits(list, (size_t)(end - list), name, len))
            return true;
    return false;
}

bool shorten_keeps_variable(const char *entry)
{
    const char *end = strchr(entry, '=');

    return !end || is_listed(variables, entry, (size_t)(end - entry));
}

bool shorten_keeps_command(const char *word, size_t len)
{
    size_t name = len;

    while (name && word[name - 1] != '/')
        name--;
    return is_listed(programs, word + name, len - name);
}

bool shorten_keeps_program(const char *program)
{
    return shorten_keeps_command(program, strlen(program));
}

bool shorten_keeps_environment(const char *program)
{
    const char *name = strrchr(program, '/');

    /* go makes its calls itself: nobody looks at what it starts */
    return shorten_keeps_program(program) && strcmp(name ? name + 1 : program, "go");
}

bool shorten_keeps_after(const char *word, size_t len)
{
    return is_listed(words, word, len);
}

bool shorten_keeps_argument(const char *argument, const char *before)
{
    return is_listed(arguments, argument, strlen(argument)) ||
           (*argument == '/' && shorten_keeps_after(before, strlen(before)));
}
