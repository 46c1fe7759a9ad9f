/* The environment, read once from the vector the program was started with:
 * getenv() sees nothing yet when the library is initialised first, and some
 * programs wipe environ later. */
#ifndef SUNSHIM_SHIM_ENVIRONMENT_H
#define SUNSHIM_SHIM_ENVIRONMENT_H

struct environment {
    const char *policy, *mode, *log, *log_format, *profile, *domain, *report, *follow;
    const char *repair, *shorten, *long_paths, *trace;
    /* What a policy as text may depend on. The first process of several that pass
     * SUNSHIM_POLICY on decides (follow.h): the text is to mean the same in all. */
    const char *home, *runtime_dir, *config_home, *tmpdir;
    const char *first_home, *first_runtime_dir, *first_config_home, *first_tmpdir;
    const char *listen_pid, *listen_fds; /* sd_listen_fds(3) */
    const char *listen; /* SUNSHIM_LISTEN: those are for every program of the run (--anon) */
    const char *passed; /* SUNSHIM_FDS (domain/passed.h) */
};

void environment_read(struct environment *e, char *const *envp);

/* Says in `envp`, the vector that the program will see, that the listening sockets of --anon are
 * meant for this process: nobody could know its pid before. Constructor only. */
void environment_adopt(struct environment *e, char **envp);

/* Where SUNSHIM_DOMAIN was lost on the way but the library was not: it was loaded
 * from the directory of its run, which then is the domain. Constructor only. */
void environment_find_domain(struct environment *e);

#endif
