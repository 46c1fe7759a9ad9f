#include "search.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "procfd.h"
#include "say.h"
#include "sys.h"

static void search_add(struct search *s, const char *dir, const char *below)
{
    char *start = s->text.at;

    if (!dir || s->count == SEARCH_MAX)
        return;
    text_str(&s->text, dir);
    text_str(&s->text, below);
    text_byte(&s->text, '\0');
    if (s->text.full)
        say_fatal(dir, "too long a directory name to look for policies in");
    s->dirs[s->count++] = start;
}

/* Policies are obeyed: they may come only from somebody who could as well have
 * replaced the library. */
static bool trusted(int dir, const struct stat *library)
{
    struct stat st;

    return sys_fstat(dir, &st) == 0 && (st.st_uid == 0 || st.st_uid == library->st_uid) && !(st.st_mode & S_IWOTH);
}

static void search_add_trusted(struct search *s, const char *dir, const char *below, const struct stat *library)
{
    unsigned count = s->count;

    search_add(s, dir, below);
    if (s->count == count)
        return;
    int fd = sys_openat(AT_FDCWD, s->dirs[count], O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0 || !trusted(fd, library))
        s->dirs[s->count = count] = NULL;
    if (fd >= 0)
        sys_close(fd);
}

/* Where the library really is: in a run it is loaded through a symlink. */
static bool own_directory(char *path, size_t size, struct stat *library)
{
    Dl_info info;
    char link[PROCFD_SIZE];

    if (!dladdr((void *)(uintptr_t)&search_start, &info))
        return false;
    int fd = sys_openat(AT_FDCWD, info.dli_fname, O_PATH | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    procfd_path(fd, link, sizeof link);
    long len = sys_fstat(fd, library) < 0 ? -1 : sys_readlink(link, path, size - 1);
    sys_close(fd);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

/* The policies that come with the library. */
static void search_add_own(struct search *s)
{
    static char dir[PATH_BYTES];
    struct stat library;

    if (!own_directory(dir, sizeof dir, &library))
        return;
    search_add_trusted(s, dir, "/../policies", &library);
    search_add_trusted(s, dir, "/../share/sunshim/policies", &library);
}

void search_start(struct search *s, const struct environment *env)
{
    memset(s->dirs, 0, sizeof s->dirs);
    s->count = 0;
    s->text = text_into(s->room, sizeof s->room);
    if (env->config_home)
        search_add(s, env->config_home, "/sunshim");
    else
        search_add(s, env->home, "/.config/sunshim");
    search_add(s, "/etc/sunshim", "");
    search_add_own(s);
    search_add(s, "/etc/apparmor.d", "");
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

int search_read(struct workspace *w, const struct search *search, const char *name, char *path,
                struct policy_file *file)
{
    struct text t = text_into(path, PATH_BYTES);
    int err = -ENOENT;

    if (strchr(name, '/')) {
        text_str(&t, name);
        text_done(&t);
        return t.full ? -ENAMETOOLONG : workspace_read(w, path, file);
    }
    for (unsigned i = 0; i < search->count && err == -ENOENT; i++) {
        t = text_into(path, PATH_BYTES);
        text_str(&t, search->dirs[i]);
        text_byte(&t, '/');
        text_str(&t, name);
        if (!ends_in(name, ".policy"))
            text_str(&t, ".policy");
        text_done(&t);
        err = t.full ? -ENAMETOOLONG : workspace_read(w, path, file);
    }
    return err;
}
