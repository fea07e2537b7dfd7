#include "hostile.h"

MISBEHAVE(h_loop)
{
    for (volatile int i = 0;; i++)
        ;
}
