/* sunat_cost WHAT DIR COUNT: binds or connects COUNT sockets to names in DIR, for who counts system calls.
 * WHAT: bind, sunat_bind, anon; connect, sunat_connect, nofollow, deep, pin. */
#include "tests/progs/sunat_try.h"

static const struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "s"};
static int dir, listener, pin;
static char deep[302]; /* the listener's other name, below dir */

static int once(const char *what, int fd)
{
    if (!strcmp(what, "bind"))
        return bind(fd, (const struct sockaddr *)&un, sizeof un);
    if (!strcmp(what, "sunat_bind"))
        return sunat_bind(dir, fd, "s", 0);
    if (!strcmp(what, "anon"))
        return close(sunat_bind_anon(fd, 0));
    if (!strcmp(what, "connect"))
        return connect(fd, (const struct sockaddr *)&un, sizeof un);
    if (!strcmp(what, "pin"))
        return sunat_connect(pin, fd, "", AT_EMPTY_PATH);
    return sunat_connect(dir, fd, !strcmp(what, "deep") ? deep : "s", !strcmp(what, "nofollow") ? AT_SYMLINK_NOFOLLOW : 0);
}

static void serve(void)
{
    must((listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    must(bind(listener, (const struct sockaddr *)&un, sizeof un) == 0 && listen(listener, 9) == 0);
    for (size_t at = 0; at < 300; at += 100) {
        memset(deep + at, 'd', 99);
        must(mkdir(deep, 0755) == 0);
        deep[at + 99] = '/';
    }
    deep[300] = 's';
    must(link("s", deep) == 0);
    must((pin = open("s", O_PATH)) >= 0);
}

static void call(const char *what, bool binds)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    must(once(what, fd) == 0);
    if (binds)
        unlink("s");
    else
        must(close(accept(listener, NULL, NULL)) == 0);
    close(fd);
}

int main(int argc, char **argv)
{
    must(argc == 4 && chdir(argv[2]) == 0 && (dir = open(".", O_PATH)) >= 0);
    bool binds = strstr(argv[1], "bind") || !strcmp(argv[1], "anon");
    if (!binds)
        serve();
    for (int i = atoi(argv[3]); i > 0; i--)
        call(argv[1], binds);
    return 0;
}
