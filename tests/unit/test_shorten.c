/* Which parts of a text are long paths, and what stands there instead: with a file
 * system that is a table. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/shorten.h"

#define A40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B40 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C62 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define HALF "/w/" A40
#define DEEP HALF "/" B40

/* Its alias is the name in front. */
static const struct {
    const char *alias, *path;
    enum shorten_file kind;
} files[] = {
    {"/d/a/sWWWWW", "/w", SHORTEN_DIRECTORY},
    {"/d/a/sHALF0", HALF, SHORTEN_DIRECTORY},
    {"/d/a/sDEEP0", DEEP, SHORTEN_DIRECTORY},
    {"/d/a/sDOTS0", DEEP "/..", SHORTEN_DIRECTORY},
    {"/d/a/sDIR00", DEEP "/dir", SHORTEN_DIRECTORY},
    {"/d/a/sDIRUP", DEEP "/dir/..", SHORTEN_DIRECTORY},
    {"/d/a/sMYDIR", DEEP "/my dir", SHORTEN_DIRECTORY},
    {"/d/a/sCOLON", DEEP "/one:two", SHORTEN_DIRECTORY},
    {"/d/a/sQUOTE", DEEP "/R&D (it's \"new\")", SHORTEN_DIRECTORY},
    {"/d/a/sPERCE", DEEP "/100%41", SHORTEN_DIRECTORY},
    {"/d/a/sCCCCC", DEEP "/" C62, SHORTEN_DIRECTORY},
    {"/d/a/sUTF80", DEEP "/\xc3\xa4", SHORTEN_DIRECTORY},
    {NULL, DEEP "/socket", SHORTEN_SOCKET},
    {NULL, DEEP "/sock,et", SHORTEN_SOCKET},
    {NULL, DEEP "/my dir/socket", SHORTEN_SOCKET},
    {NULL, DEEP "/file", SHORTEN_OTHER},
    {NULL, DEEP "/my file.c", SHORTEN_OTHER},
    {NULL, DEEP "/file.c", SHORTEN_OTHER},
    {NULL, DEEP "/broken", SHORTEN_DIRECTORY}, /* whose alias cannot be made */
    {"/d/a/sDDDDD", "/d/a/sDDDDD/" A40 B40, SHORTEN_DIRECTORY},
};

static unsigned looks, aliases;

static enum shorten_file look(void *ctx, const char *path)
{
    (void)ctx;
    looks++;
    cr_assert(path[0] == '/' && strlen(path) < SHORTEN_WORK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].path, path) == 0)
            return files[i].kind;
    return SHORTEN_NOTHING;
}

static long make_alias(void *ctx, const char *dir, char path[SHORTEN_ALIAS_MAX])
{
    (void)ctx;
    aliases++;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].path, dir) == 0 && files[i].alias)
            return snprintf(path, SHORTEN_ALIAS_MAX, "%s", files[i].alias);
    return -ENOSPC;
}

static long spaced_alias(void *ctx, const char *dir, char path[SHORTEN_ALIAS_MAX])
{
    (void)ctx;
    (void)dir;
    return snprintf(path, SHORTEN_ALIAS_MAX, "/d x/a/sDEEP0");
}

static char work[SHORTEN_WORK];
static const struct shorten usual = {look, make_alias, NULL, "/d/a/", work};

/* In memory that ends where the text does. */
static char *shortened(const struct shorten *s, const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);

    memcpy(copy, text, len + 1);
    size_t now = shorten_text(s, copy, len);
    cr_assert(now <= len && strlen(copy) == now, "%s: %zu", text, now);
    return copy;
}

static void check(const char *text, const char *want)
{
    char *got = shortened(&usual, text);

    cr_assert_str_eq(got, want, "'%s'\n became '%s'\n and not '%s'", text, got, want);
    if (strcmp(text, want) != 0)
        cr_assert(shorten_worth(text, strlen(text)), "%s: was not worth a look", text);
    char *again = shortened(&usual, got);
    cr_assert_str_eq(again, got, "a second time '%s' became '%s'", got, again);
    free(again);
    free(got);
}

struct row {
    const char *text, *want; /* NULL: stays as it is */
};

static void check_all(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(rows[i].text, rows[i].want ? rows[i].want : rows[i].text);
}

#define CHECK_ALL(rows) check_all((rows), sizeof(rows) / sizeof *(rows))

Test(shorten, whole_values)
{
    static const struct row rows[] = {
        {DEEP "/new", "/d/a/sDEEP0/new"},
        {DEEP "/socket", "/d/a/sDEEP0/socket"},
        {DEEP "/new/newer/s", "/d/a/sDEEP0/new/newer/s"},
        {DEEP "/dir/s", "/d/a/sDIR00/s"},
        {DEEP "/my dir/s", "/d/a/sMYDIR/s"},
        {DEEP "/my dir/socket", "/d/a/sMYDIR/socket"},
        {DEEP "/one:two/s", "/d/a/sCOLON/s"},
        {DEEP "/R&D (it's \"new\")/s", "/d/a/sQUOTE/s"},
        {DEEP "/\xc3\xa4/s", "/d/a/sUTF80/s"},
        {DEEP "/100%41/s", "/d/a/sPERCE/s"},
        {DEEP "/sock,et", "/d/a/sDEEP0/sock,et"},
        {DEEP "/" C62 C62, "/d/a/sDEEP0/" C62 C62}, /* as short as it gets */
        {HALF "/" C62 C62 "/s", "/d/a/sHALF0/" C62 C62 "/s"},
        {DEEP "/*", "/d/a/sDEEP0/*"},
        {"/" DEEP "//new", "/d/a/sDEEP0//new"},
        {"/w/./" A40 "/" B40 "/./new", "/d/a/sDEEP0/./new"},
    };

    CHECK_ALL(rows);
}

Test(shorten, of_a_directory_the_name_stays)
{
    static const struct row rows[] = {
        {DEEP, "/d/a/sHALF0/" B40},
        {DEEP "/", "/d/a/sHALF0/" B40 "/"},
        {DEEP "/.", "/d/a/sHALF0/" B40 "/."},
        {DEEP "/dir", "/d/a/sDEEP0/dir"},
        {DEEP "/dir//", "/d/a/sDEEP0/dir//"},
        {DEEP "/my dir", "/d/a/sDEEP0/my dir"},
        {DEEP "/" C62, "/d/a/sCCCCC"}, /* too long to stay */
        {DEEP "/" C62 "/", "/d/a/sCCCCC/"},
    };

    CHECK_ALL(rows);
}

Test(shorten, what_stays)
{
    static const struct row rows[] = {
        {"", NULL},
        {"/", NULL},
        {"-", NULL},
        {DEEP "/file", NULL},
        {DEEP "/my file.c", NULL},
        {"--config=" DEEP "/file", NULL},
        {DEEP "/file.c:" DEEP "/file", NULL},
        {"." DEEP "/new", NULL},
        {"w/" A40 "/" B40 "/new", NULL},
        {"-I" DEEP "/new", NULL},
        {"-L" DEEP, NULL},
        {"@" DEEP "/new", NULL}, /* abstract */
        {"$HOME" DEEP "/new", NULL},
        {"http:/" DEEP "/new", NULL},
        {"http://host" DEEP "/new", NULL},
        {"file://" DEEP "/dir", NULL},
        {"git+file://" DEEP "/dir", NULL},
        {"//" A40 B40 "/new", NULL},
        {"/w/" A40 B40 "/new", NULL}, /* the directory that is there is no longer than an alias */
        {HALF "/new", NULL},
        {"/d/a/sDEEP0/" A40 B40, NULL},
        {"--x=/d/a/sDDDDD/" A40 B40 "/" A40, NULL},
        {DEEP "/broken/s", NULL},
        {"cd " DEEP "/dir && ls", NULL},
        {"cd '" DEEP "/dir'", NULL},
        {"(cd  " DEEP "/dir)", NULL},
        {"gcc -o " DEEP "/x.o -I " DEEP "/dir", NULL},
        {DEEP "/file\n", NULL},
    };

    CHECK_ALL(rows);
}

Test(shorten, paths_in_texts)
{
    static const struct row rows[] = {
        {"--socket=" DEEP "/new", "--socket=/d/a/sDEEP0/new"},
        {"ControlPath=" DEEP "/%r@%h:%p", "ControlPath=/d/a/sDEEP0/%r@%h:%p"},
        {"unix-listen:" DEEP "/x,fork", "unix-listen:/d/a/sDEEP0/x,fork"},
        {"UNIX-LISTEN:" DEEP "/sock,et,fork", "UNIX-LISTEN:/d/a/sDEEP0/sock,et,fork"},
        {"unix:" DEEP "/x", "unix:/d/a/sDEEP0/x"},
        {"unix://" DEEP "/x", "unix:///d/a/sDEEP0/x"},
        {"--host=unix://" DEEP "/x", "--host=unix:///d/a/sDEEP0/x"},
        {"ipc://" DEEP "/x", "ipc:///d/a/sDEEP0/x"},
        {"redis+socket://" DEEP "/x?db=1", "redis+socket:///d/a/sDEEP0/x?db=1"},
        {DEEP "/x:" DEEP "/y", "/d/a/sDEEP0/x:/d/a/sDEEP0/y"},
        {"/bin:" DEEP "/dir:" DEEP "/file:/usr/bin:" DEEP, "/bin:/d/a/sDEEP0/dir:" DEEP "/file:/usr/bin:/d/a/sHALF0/" B40},
        {DEEP "/dir:" DEEP "/my dir:" DEEP "/one:two", "/d/a/sDEEP0/dir:/d/a/sDEEP0/my dir:/d/a/sDEEP0/one:two"},
        {"a;" DEEP "/x;b", "a;/d/a/sDEEP0/x;b"},
        {"a," DEEP "/x,b", "a,/d/a/sDEEP0/x,b"},
        {"a " DEEP "/x b", "a /d/a/sDEEP0/x b"},
        {"a\t" DEEP "/x\tb", "a\t/d/a/sDEEP0/x\tb"},
        {"a\n" DEEP "/x\n" DEEP "/dir\nb", "a\n/d/a/sDEEP0/x\n/d/a/sDEEP0/dir\nb"},
        {"'" DEEP "/x'", "'/d/a/sDEEP0/x'"},
        {"\"" DEEP "/x\"", "\"/d/a/sDEEP0/x\""},
        {"`" DEEP "/x`", "`/d/a/sDEEP0/x`"},
        {"a(" DEEP "/x)", "a(/d/a/sDEEP0/x)"},
        {"a<" DEEP "/x", "a</d/a/sDEEP0/x"},
        {"a>" DEEP "/x", "a>/d/a/sDEEP0/x"},
        {"a|" DEEP "/x", "a|/d/a/sDEEP0/x"},
        {"a&" DEEP "/x", "a&/d/a/sDEEP0/x"},
        {"{" DEEP "/x," DEEP "/y}", "{/d/a/sDEEP0/x,/d/a/sDEEP0/y}"},
        {"[\"" DEEP "/x\", \"" DEEP "/dir\"]", "[\"/d/a/sDEEP0/x\", \"/d/a/sDEEP0/dir\"]"},
        {"[" DEEP "/x]", "[/d/a/sDEEP0/x]"},
        {"socat - UNIX-LISTEN:" DEEP "/x,fork & nc -U " DEEP "/y", "socat - UNIX-LISTEN:/d/a/sDEEP0/x,fork & nc -U /d/a/sDEEP0/y"},
        {"exec 3>" DEEP "/file <" DEEP "/my file.c", NULL},
        {"nl " DEEP "/file.c " DEEP "/x", "nl " DEEP "/file.c /d/a/sDEEP0/x"},
        {"cd " DEEP " && srv " DEEP "/x", "cd " DEEP " && srv /d/a/sDEEP0/x"},
        {"cd x && /usr/bin/cc -DDIR=\\\"" DEEP "/dir\\\" -c " DEEP "/x; srv " DEEP "/x|nc " DEEP "/x", "cd x && /usr/bin/cc -DDIR=\\\"" DEEP "/dir\\\" -c " DEEP "/x; srv /d/a/sDEEP0/x|nc /d/a/sDEEP0/x"},
        {"ln -s " DEEP "/dir x", NULL},
        {"gcc:" DEEP "/x", "gcc:/d/a/sDEEP0/x"},
        {"record " DEEP "/x", "record /d/a/sDEEP0/x"},
        {DEEP "/my\\ dir/x", "/d/a/sDEEP0/my\\ dir/x"},
        {DEEP "/dir#1", "/d/a/sDEEP0/dir#1"},
        {"'" DEEP "/'$x", "'/d/a/sHALF0/" B40 "/'$x"},
    };

    CHECK_ALL(rows);
}

Test(shorten, dbus_addresses)
{
    static const struct row rows[] = {
        {"unix:path=" DEEP "/bus,guid=0123", "unix:path=/d/a/sDEEP0/bus,guid=0123"},
        {"unix:guid=0123,path=" DEEP "/bus", "unix:guid=0123,path=/d/a/sDEEP0/bus"},
        {"unix:tmpdir=" DEEP, "unix:tmpdir=/d/a/sHALF0/" B40},
        {"unix:dir=" DEEP "/dir", "unix:dir=/d/a/sDEEP0/dir"},
        {"unix:path=" DEEP "/my%20dir/bus%2c1,guid=1", "unix:path=/d/a/sMYDIR/bus%2c1,guid=1"},
        {"unix:path=" DEEP "/%C3%a4/bus", "unix:path=/d/a/sUTF80/bus"},
        {"unix:path=" DEEP "/%zz/bus", "unix:path=/d/a/sDEEP0/%zz/bus"},
        {"unix:path=" DEEP "/%00/bus", "unix:path=/d/a/sDEEP0/%00/bus"},
        {"unix:path=" DEEP "/bus%", "unix:path=/d/a/sDEEP0/bus%"},
        {"--address=unix:path=" DEEP "/my%20dir", "--address=unix:path=/d/a/sDEEP0/my%20dir"},
        {"unix:path=" DEEP "/a;unix:path=" DEEP "/my%20dir/b", "unix:path=/d/a/sDEEP0/a;unix:path=/d/a/sMYDIR/b"},
        {"unix:abstract=" DEEP "/bus", NULL},
        {"path=" DEEP "/my%20dir/x", "path=/d/a/sDEEP0/my%20dir/x"}, /* no such address */
    };

    CHECK_ALL(rows);
}

Test(shorten, two_dots_never_lead_among_the_aliases)
{
    static const struct row rows[] = {
        {DEEP "/../x", "/d/a/sDOTS0/x"},
        {DEEP "/..", "/d/a/sDOTS0"},
        {DEEP "/dir/..", "/d/a/sDIRUP"},
        {DEEP "/dir/../x", "/d/a/sDIRUP/x"},
        {DEEP "/new/../x", "/d/a/sDEEP0/new/../x"},
        {DEEP "/new/../../x", NULL},
        {DEEP "/..x/.../x", "/d/a/sDEEP0/..x/.../x"},
    };

    CHECK_ALL(rows);
}

Test(shorten, the_limit_is_75_bytes)
{
    char path[128] = HALF "/";

    memset(path + strlen(path), 'x', SHORTEN_OVER - strlen(path));
    cr_assert_eq(strlen(path), SHORTEN_OVER);
    check(path, path);
    cr_assert_not(shorten_worth(path, strlen(path)));
    strcat(path, "y");
    char *got = shortened(&usual, path);
    cr_assert(strncmp(got, "/d/a/sHALF0/xxx", 15) == 0 && strlen(got) < SHORTEN_WANT, "%s", got);
    free(got);
}

Test(shorten, an_alias_that_is_no_shorter_is_not_made)
{
    char below[SHORTEN_ALIAS_MAX] = "/";
    struct shorten s = usual;

    memset(below + 1, 'd', strlen(DEEP) - strlen("/12345"));
    strcat(below, "/"); /* with its name: one more than DEEP */
    s.below = below;
    aliases = 0;
    char *got = shortened(&s, DEEP "/new");
    cr_assert_str_eq(got, DEEP "/new");
    cr_assert_eq(aliases, 0);
    free(got);
}

Test(shorten, without_aliases_nothing_is_looked_at)
{
    struct shorten s = usual;

    s.below = NULL;
    looks = 0;
    char *got = shortened(&s, DEEP "/new");
    cr_assert_str_eq(got, DEEP "/new");
    cr_assert_eq(looks, 0);
    free(got);
}

/* Within other text it would be taken for something else. */
Test(shorten, an_alias_with_odd_bytes_stands_alone)
{
    struct shorten s = {look, spaced_alias, NULL, "/d x/a/", work};
    char *alone = shortened(&s, DEEP "/new"), *within = shortened(&s, "nc -U " DEEP "/new");

    cr_assert_str_eq(alone, "/d x/a/sDEEP0/new");
    cr_assert_str_eq(within, "nc -U " DEEP "/new");
    free(alone);
    free(within);
}

Test(shorten, values_of_4000_bytes)
{
    char text[8192] = "", want[8192] = "";

    while (strlen(text) < 4000) {
        strcat(text, "x," DEEP "/dir ");
        strcat(want, "x,/d/a/sDEEP0/dir ");
    }
    check(text, want);
}

Test(shorten, paths_longer_than_any_path)
{
    static char text[3 * SHORTEN_WORK] = DEEP "/", want[3 * SHORTEN_WORK] = "/d/a/sDEEP0/";

    memset(text + strlen(text), 'x', 2 * SHORTEN_WORK);
    memset(want + strlen(want), 'x', 2 * SHORTEN_WORK);
    check(text, want);
    for (size_t i = 0; i < 2 * SHORTEN_WORK; i += 2)
        text[strlen(DEEP "/") + i] = want[strlen("/d/a/sDEEP0/") + i] = '/';
    check(text, want);
}

/* It is done at every exec. */
Test(shorten, looks_at_few_files)
{
    static const struct {
        const char *text;
        unsigned looks;
    } rows[] = {
        {"/usr/bin:/usr/local/bin", 0},
        {"--output=json", 0},
        {DEEP "/file", 1},
        {HALF "/new", 0},
        {"-I" DEEP "/dir", 0},
        {DEEP "/new", 5},
        {"/d/a/sDEEP0/" A40 B40, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        looks = 0;
        free(shortened(&usual, rows[i].text));
        cr_assert_eq(looks, rows[i].looks, "%s: %u", rows[i].text, looks);
    }
}

Test(shorten, whatever_the_bytes_it_never_grows)
{
    static const char *const pieces[] = {DEEP, "/", ":", "unix:path=", "%", "%2", "..", ".", "//", " ", "\n", "x", "dir", "my dir",
                                         "file", "cd ", "'", "=", "://", "/d/a/", "socket", ","};
    unsigned long long seed = 88172645463325252ull;
    char text[2048];

    for (int round = 0; round < 20000; round++) {
        text[0] = '\0';
        for (unsigned i = 0; i < 12; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            strcat(text, pieces[seed % (sizeof pieces / sizeof *pieces)]);
        }
        char *once = shortened(&usual, text), *twice = shortened(&usual, once);
        if (strcmp(once, text) != 0)
            cr_assert(shorten_worth(text, strlen(text)), "%s", text);
        cr_assert_str_eq(once, twice, "%s", text);
        free(once);
        free(twice);
    }
}

/* --- What stays by name ------------------------------------------------------------ */

Test(shorten, variables_that_stay)
{
    static const char *const stay[] = {
        "PWD=/x", "OLDPWD=", "PATH=/x:/y", "LD_PRELOAD=/x", "LD_LIBRARY_PATH=/x", "PYTHONPATH=/x", "PYTHONHOME=/x", "NODE_PATH=/x",
        "PERL5LIB=/x", "RUBYLIB=/x", "GEM_HOME=/x", "CLASSPATH=/x", "GOPATH=/x", "GOROOT=/x", "CARGO_HOME=/x", "MANPATH=/x",
        "PKG_CONFIG_PATH=/x", "LIBRARY_PATH=/x", "CPATH=/x", "C_INCLUDE_PATH=/x", "CPLUS_INCLUDE_PATH=/x",
        "XDG_DATA_DIRS=/x", "XDG_CONFIG_DIRS=/x", "SHELL=/x", "_=/x", "MAKEFLAGS=/x", "MAKEFILES=/x", "CFLAGS=-I/x",
        "SUNSHIM_DOMAIN=/x", "SUNSHIM_LOG=/x", "novalue", "GCOV_PREFIX=/x",
    };
    static const char *const change[] = {
        "HOME=/x", "TMPDIR=/x", "XDG_RUNTIME_DIR=/x", "DBUS_SESSION_BUS_ADDRESS=/x", "SSH_AUTH_SOCK=/x", "GNUPGHOME=/x",
        "TMUX_TMPDIR=/x", "SOCKET_PATH=/x", "MYPATH=/x", "PATHS=/x", "PGHOST=/x", "__=/x", "XPWD=/x", "=/x", "SUNSHIM=/x",
        "LD=", /* a linker is kept, below */
    };

    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
        cr_assert(shorten_keeps_variable(stay[i]), "%s", stay[i]);
    for (size_t i = 0; i < sizeof change / sizeof *change - 1; i++)
        cr_assert_not(shorten_keeps_variable(change[i]), "%s", change[i]);
    cr_assert(shorten_keeps_variable("LD=/x"));
}

Test(shorten, arguments_that_stay)
{
    static const struct {
        const char *before, *argument;
        bool stays;
    } rows[] = {
        {"", "-DNAME=\"/x\"", true},
        {"", "-Wl,-rpath,/x", true},
        {"", "--prefix=/x", true},
        {"", "-ffile-prefix-map=/x=.", true},
        {"", "-fdebug-prefix-map=/x=.", true},
        {"", "--libexecdir=/x", true},
        {"-o", "/x", true},
        {"-I", "/x", true},
        {"-isystem", "/x", true},
        {"-C", "/x", true},
        {"-o", "ControlPath=/x", false},
        {"-S", "/x", false},
        {"-D", "/x", false},
        {"", "--homedir=/x", false},
        {"", "--socket=/x", false},
        {"--socket", "/x", false},
        {"--output", "/x", false},
        {"", "/x", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_eq(shorten_keeps_argument(rows[i].argument, rows[i].before), rows[i].stays, "%s %s", rows[i].before,
                     rows[i].argument);
}

Test(shorten, programs_that_keep_their_arguments)
{
    static const char *const keep[] = {"/usr/bin/cc", "gcc", "/bin/sh", "find", "/usr/bin/gcc-14", "x86_64-linux-gnu-gcc", "g++", "clang-19",
                                       "ld.gold", "/bin/ln", "cmake", "ar", "rustc", "git", "/x/pip3", "/usr/bin/env", "time"};
    static const char *const change[] = {"/usr/bin/socat", "shx", "/usr/bin/gcc/x", "art", "ldap", "tars", "", "/", "python3", "timer"};

    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        cr_assert(shorten_keeps_program(keep[i]), "%s", keep[i]);
    for (size_t i = 0; i < sizeof change / sizeof *change; i++)
        cr_assert_not(shorten_keeps_program(change[i]), "%s", change[i]);
}

Test(shorten, programs_that_keep_their_environment)
{
    static const char *const keep[] = {"sh", "/bin/bash", "make", "/x/cargo", "sunshim"};
    static const char *const change[] = {"go", "/usr/local/go/bin/go", "socat", "python3", "o", ""};

    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        cr_assert(shorten_keeps_environment(keep[i]), "%s", keep[i]);
    for (size_t i = 0; i < sizeof change / sizeof *change; i++)
        cr_assert_not(shorten_keeps_environment(change[i]), "%s", change[i]);
}
