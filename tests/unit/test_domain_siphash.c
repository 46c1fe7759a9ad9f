/* Against the results that the authors publish for SipHash-2-4 with 128 bits: key
 * bytes 0 to 15, input bytes 0 to n-1. */
#include "tests/unit/domain_support.h"

#include "domain/siphash.h"

static const struct {
    size_t len;
    uint64_t want[2]; /* little-endian */
} published[] = {
    {0, {0xe6a825ba047f81a3, 0x930255c71472f66d}},
    {8, {0x61f55862baa9623b, 0xb49714f364e2830f}},
    {15, {0x11a8b03399e99354, 0xd9c3cf970fec087e}},
    {63, {0x4a83502f77d15051, 0x7cbd3f979a063e50}},
};

static const uint64_t secret[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

Test(domain_siphash, is_the_published_function)
{
    unsigned char in[64];
    uint64_t out[2];
    struct siphash s;

    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        siphash_start(&s, secret);
        siphash_end(&s, in, published[i].len, 0, out);
        cr_assert_eq(out[0], published[i].want[0], "%zu bytes", published[i].len);
        cr_assert_eq(out[1], published[i].want[1], "%zu bytes", published[i].len);
    }
}

Test(domain_siphash, may_be_given_in_parts)
{
    unsigned char in[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    uint64_t whole[2], parts[2];
    struct siphash s;

    siphash_start(&s, secret);
    siphash_end(&s, in, 40, 0, whole);
    siphash_start(&s, secret);
    siphash_block(&s, 0x0807060504030201);
    siphash_end(&s, in + 8, 32, 8, parts);
    cr_assert(whole[0] == parts[0] && whole[1] == parts[1]);
}
