/* The environment, read once from the vector the program was started with:
 * getenv() sees nothing yet when the library is initialised first, and some
 * programs wipe environ later. */
#ifndef SUNSHIM_SHIM_ENVIRONMENT_H
#define SUNSHIM_SHIM_ENVIRONMENT_H

struct environment {
    const char *policy, *mode, *log, *log_format, *profile, *domain, *report, *follow;
    const char *home, *runtime_dir, *config_home, *tmpdir;
    const char *listen_pid, *listen_fds; /* sd_listen_fds(3) */
};

void environment_read(struct environment *e, char *const *envp);

/* Where SUNSHIM_DOMAIN was lost on the way but the library was not: it was loaded
 * from the directory of its run, which then is the domain. Constructor only. */
void environment_find_domain(struct environment *e);

#endif
