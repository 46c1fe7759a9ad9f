#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/layers.h"

static const struct layer three[] = {
    {.blob = "first", .len = 5, .flags = LAYER_COMPLAIN},
    {.blob = "", .len = 0},
    {.blob = "the third one", .len = 13},
};

/* The file of `count` layers of `three`, in memory of exactly its size, so that
 * the sanitizers see a read past its end. */
static char *file_of(uint32_t count, size_t *len)
{
    *len = layers_size(three, count);
    char *file = malloc(*len);
    cr_assert_eq(layers_layout(three, count, 0, file, *len), 0);
    return file;
}

Test(layers, come_back_in_order_with_their_flags)
{
    size_t len;
    char *file = file_of(3, &len);
    struct layer l;

    cr_assert_eq(layers_check(file, len), 3);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(layers_get(file, len, i, &l), 0);
        cr_assert_eq(l.len, three[i].len);
        cr_assert_eq(l.flags, three[i].flags);
        cr_assert_eq(memcmp(l.blob, three[i].blob, l.len), 0);
        cr_assert_eq((size_t)((const char *)l.blob - file) % 8, 0, "layer %u is not aligned", i);
    }
    cr_assert_eq(layers_get(file, len, 3, &l), -ENOENT);
    free(file);
}

Test(layers, say_whether_there_is_a_memory)
{
    size_t len = layers_size(three, 3);
    char *file = malloc(len);

    cr_assert_eq(layers_layout(three, 3, LAYERS_NO_MEMORY, file, len), 0);
    cr_assert_eq(layers_check(file, len), 3);
    cr_assert_eq(layers_flags(file, len), LAYERS_NO_MEMORY);
    cr_assert(layers_sealed(file, len));
    cr_assert_eq(layers_layout(three, 3, 0, file, len), 0);
    cr_assert_eq(layers_flags(file, len), 0);
    free(file);
}

Test(layers, may_be_none)
{
    size_t len;
    char *file = file_of(0, &len);
    struct layer l;

    cr_assert_eq(layers_check(file, len), 0);
    cr_assert_eq(layers_get(file, len, 0, &l), -ENOENT);
    free(file);
}

Test(layers, a_file_cut_short_anywhere_is_refused)
{
    size_t len;
    char *file = file_of(3, &len);

    for (size_t n = 0; n < len; n++) {
        char *part = malloc(n ? n : 1);
        memcpy(part, file, n);
        cr_assert_eq(layers_check(part, n), -EINVAL, "%zu of %zu bytes", n, len);
        free(part);
    }
    free(file);
}

Test(layers, a_longer_file_is_refused)
{
    size_t len;
    char *file = file_of(3, &len);

    file = realloc(file, len + 8);
    memset(file + len, 0, 8);
    cr_assert_eq(layers_check(file, len + 8), -EINVAL);
    free(file);
}

Test(layers, another_version_is_told_from_damage)
{
    size_t len;
    char *file = file_of(1, &len);

    file[8]++;
    cr_assert_eq(layers_check(file, len), -EPROTO);
    free(file);
}

/* Whatever a byte becomes, what is accepted lies inside the file. */
Test(layers, a_damaged_byte_leads_nowhere)
{
    size_t len;
    char *file = file_of(3, &len);
    struct layer l;
    int refused = 0;

    for (size_t at = 0; at < len; at++)
        for (int bit = 0; bit < 8; bit++) {
            file[at] ^= (char)(1 << bit);
            int n = layers_check(file, len);
            refused += n < 0;
            for (int i = 0; i < n; i++) {
                cr_assert_eq(layers_get(file, len, (uint32_t)i, &l), 0);
                cr_assert((const char *)l.blob >= file && l.len <= len &&
                              (const char *)l.blob + l.len <= file + len,
                          "byte %zu, bit %d: layer %d is outside", at, bit, i);
            }
            file[at] ^= (char)(1 << bit);
        }
    /* magic, version, count, size, and each offset: every bit of them counts */
    cr_assert(refused >= (8 + 4 + 4 + 8 + 3 * 8) * 8, "only %d damages noticed", refused);
    free(file);
}

Test(layers, more_than_the_limit_have_no_size)
{
    static struct layer many[LAYERS_MAX + 1];

    cr_assert_neq(layers_size(many, LAYERS_MAX), 0);
    cr_assert_eq(layers_size(many, LAYERS_MAX + 1), 0);
}

Test(layers, sizes_that_overflow_have_none)
{
    const struct layer huge[] = {{.len = SIZE_MAX - 64}, {.len = 100}};

    cr_assert_eq(layers_size(huge, 2), 0);
    cr_assert_eq(layers_layout(huge, 2, 0, NULL, 0), -EINVAL);
}

Test(layers, a_small_buffer_is_refused)
{
    char room[16];

    cr_assert_eq(layers_layout(three, 3, 0, room, sizeof room), -ENOSPC);
}

Test(layers, any_changed_bit_breaks_the_seal)
{
    size_t len;
    char *file = file_of(3, &len);

    cr_assert(layers_sealed(file, len));
    for (size_t bit = 0; bit < 8 * len; bit++) {
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
        cr_assert_not(layers_sealed(file, len), "bit %zu of %zu", bit, 8 * len);
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
    }
    free(file);
}
