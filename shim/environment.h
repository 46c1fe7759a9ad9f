/* The environment, read once from the vector the program was started with:
 * getenv() sees nothing yet when the library is initialised first, and some
 * programs wipe environ later. */
#ifndef SUNSHIM_SHIM_ENVIRONMENT_H
#define SUNSHIM_SHIM_ENVIRONMENT_H

struct environment {
    const char *policy, *mode, *log, *log_format, *profile, *domain, *report;
    const char *home, *runtime_dir, *config_home, *tmpdir;
};

void environment_read(struct environment *e, char *const *envp);

#endif
