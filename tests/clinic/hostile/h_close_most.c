#include "hostile.h"

MISBEHAVE(h_close_most)
{
    for (int descriptor = 3; descriptor < 1025; descriptor++)
        close(descriptor);
}
