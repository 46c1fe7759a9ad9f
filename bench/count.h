/* Between `calls` and `count`: how often the operation runs between the marks. */
#ifndef SUNSHIM_BENCH_COUNT_H
#define SUNSHIM_BENCH_COUNT_H

#define COUNT_TIMES 8

#endif
