#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void __attribute__((format(printf, 1, 0))) say_list(const char *format, va_list list)
{
    char *line;
    int len = vasprintf(&line, format, list);

    if (len < 0) { /* which may be what was to be said */
        fputs("sunshim: out of memory\n", stderr);
        return;
    }
    for (int i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    fprintf(stderr, "sunshim: %s\n", line);
    free(line);
}

void say(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
}

int fail(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
    return EXIT_SUNSHIM;
}

int usage_error(const char *command, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(format, list);
    va_end(list);
    fprintf(stderr, "Try 'sunshim help%s%s'.\n", command ? " " : "", command ? command : "");
    return EXIT_SUNSHIM;
}

static void *taken(void *memory)
{
    if (!memory)
        exit(fail("out of memory"));
    return memory;
}

void *allocate(size_t size)
{
    return taken(calloc(1, size ? size : 1));
}

void *enlarged(void *old, size_t used, size_t size)
{
    void *bigger = allocate(size);

    if (used)
        memcpy(bigger, old, used);
    free(old);
    return bigger;
}

char *format_new(const char *format, ...)
{
    va_list list;
    char *text = NULL;

    va_start(list, format);
    if (vasprintf(&text, format, list) < 0)
        text = NULL;
    va_end(list);
    return taken(text);
}

/* Memory is given back by ending. The leak checker of instrumented builds asks
 * this function; elsewhere nobody does. */
int __lsan_is_turned_off(void) __attribute__((visibility("default")));
int __lsan_is_turned_off(void)
{
    return 1;
}
