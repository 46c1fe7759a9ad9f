/* swapper A B COUNT: exchanges the names A and B COUNT times, each in one step,
 * while another program uses them. Says how often. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    long count = argc > 3 ? atol(argv[3]) : 0, done = 0;
    for (; done < count; done++)
        if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE))
            return perror("swapper"), 1;
    printf("%ld swaps\n", done);
    return 0;
}
