#include "hostile.h"
#include <sys/mman.h>

MISBEHAVE(h_bad_pointer)
{
    volatile char *forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *forbidden = 1;
}
