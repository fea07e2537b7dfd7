#include "hostile.h"

MISBEHAVE(h_memory)
{
    size_t step = (size_t)16 << 20;
    for (int count = 0; count < 384; count++) { /* 6 GiB, should nobody stop it */
        char *block = malloc(step);
        if (block)
            memset(block, 1, step);
    }
    for (;;)
        sleep(3600);
}
