#include "environment.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} variables[] = {
#define VARIABLE(name, field) {name "=", offsetof(struct environment, field)}
    VARIABLE("SUNSHIM_POLICY", policy),
    VARIABLE("SUNSHIM_MODE", mode),
    VARIABLE("SUNSHIM_LOG", log),
    VARIABLE("SUNSHIM_LOG_FORMAT", log_format),
    VARIABLE("SUNSHIM_PROFILE", profile),
    VARIABLE("SUNSHIM_DOMAIN", domain),
    VARIABLE("SUNSHIM_REPORT", report),
    VARIABLE("HOME", home),
    VARIABLE("XDG_RUNTIME_DIR", runtime_dir),
    VARIABLE("XDG_CONFIG_HOME", config_home),
    VARIABLE("TMPDIR", tmpdir),
#undef VARIABLE
};

static void take(struct environment *e, const char *entry)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        size_t len = strlen(variables[i].name);

        if (strncmp(entry, variables[i].name, len) != 0)
            continue;
        const char *value = entry[len] ? entry + len : NULL; /* empty is unset */
        memcpy((char *)e + variables[i].offset, &value, sizeof value);
        return;
    }
}

void environment_read(struct environment *e, char *const *envp)
{
    *e = (struct environment){0};
    for (; *envp; envp++)
        if ((*envp)[0] == 'S' || (*envp)[0] == 'H' || (*envp)[0] == 'X' || (*envp)[0] == 'T')
            take(e, *envp);
}
