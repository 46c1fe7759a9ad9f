/* The files of report/ and the libraries of its page, as they are. Private to cli/report*.c. */
#ifndef SUNSHIM_CLI_REPORT_ASSETS_H
#define SUNSHIM_CLI_REPORT_ASSETS_H

#include <stddef.h>

struct asset {
    const char *start, *end;
};

extern const struct asset asset_page; /* with {{NAME}} where something is put in */
/* Each ends with start NULL. */
extern const struct asset assets_style[], assets_licences[], assets_libraries[], assets_code[];

#endif
