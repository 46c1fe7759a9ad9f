#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static void *more(void *ctx, size_t *size)
{
    (void)ctx;
    return calloc(1, *size);
}

const struct arena new_arena = {.more = more};

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO or pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* Grows as it goes: files in /proc say they are empty, and a file can grow while
 * it is read. */
static int read_all(int fd, struct policy_file *out)
{
    size_t room = 64 * 1024, len = 0;
    char *text = allocate(room);
    ssize_t n;

    while ((n = read(fd, text + len, room - len)) > 0) {
        len += (size_t)n;
        if (len > POLICY_TEXT_MAX)
            break;
        if (len == room && !(text = realloc(text, room *= 2)))
            return -ENOMEM;
    }
    if (n < 0 || len > POLICY_TEXT_MAX) {
        int err = n < 0 ? errno : EFBIG;

        free(text);
        return -err;
    }
    *out = (struct policy_file){text, len};
    return 0;
}

static int read_file(void *ctx, const char *path, struct policy_file *out)
{
    /* O_NONBLOCK: opening a FIFO or a device must not wait for anybody. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int err;

    (void)ctx;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st))
        err = -errno;
    else if (S_ISDIR(st.st_mode))
        err = -EISDIR;
    else if (!S_ISREG(st.st_mode))
        err = -EINVAL;
    else if (st.st_size > (off_t)POLICY_TEXT_MAX)
        err = -EFBIG;
    else
        err = read_all(fd, out);
    close(fd);
    return err;
}

const char *read_failure(const char *path, int err)
{
    static char text[160];
    struct stat st;

    if (err != EISDIR && err != EINVAL && err != EFBIG)
        return strerror(err);
    if (stat(path, &st))
        return strerror(errno);
    if (err == EFBIG)
        snprintf(text, sizeof text, "is %lld bytes long; a policy may have %u", (long long)st.st_size,
                 POLICY_TEXT_MAX);
    else
        snprintf(text, sizeof text, "is %s, not a regular file", kind_of(st.st_mode));
    return text;
}

static int list_dir(void *ctx, const char *path, struct policy_file *out)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char *names = NULL;
    size_t len = 0;
    FILE *to;

    (void)ctx;
    if (!dir)
        return -errno;
    if (!(to = open_memstream(&names, &len))) {
        closedir(dir);
        return -ENOMEM;
    }
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            fwrite(entry->d_name, 1, strlen(entry->d_name) + 1, to);
    closedir(dir);
    if (fclose(to))
        return -ENOMEM;
    *out = (struct policy_file){names, len};
    return 0;
}

const struct policy_files policy_files = {.read = read_file, .list = list_dir};
