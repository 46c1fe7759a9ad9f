#include "scratch.h"

#include <stdatomic.h>

#include "sys.h"

#ifdef __SANITIZE_THREAD__
enum { SLOTS = 64 }; /* the sanitizer does not see that a fresh mapping is not an old one */
#else
enum { SLOTS = 4 };
#endif

static char slots[SLOTS][SCRATCH_SIZE];
static atomic_uint taken[SLOTS]; /* words: some machines have no smaller atomic exchange */

char *scratch_take(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (!atomic_exchange_explicit(&taken[i], 1, memory_order_acquire))
            return slots[i];
    return sys_map(SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void scratch_give(char *buffer)
{
    if (!buffer)
        return;
    if (buffer >= slots[0] && buffer < slots[SLOTS - 1] + SCRATCH_SIZE)
        atomic_store_explicit(&taken[(size_t)(buffer - slots[0]) / SCRATCH_SIZE], 0, memory_order_release);
    else
        sys_unmap(buffer, SCRATCH_SIZE);
}
