#include "hostile.h"

MISBEHAVE(h_segfault)
{
    raise(SIGSEGV);
}
