#include "hostile.h"

MISBEHAVE(h_close_all)
{
    for (int descriptor = 0; descriptor < 1025; descriptor++)
        close(descriptor);
}
