#include "hostile.h"

MISBEHAVE(h_sleep)
{
    for (;;)
        sleep(3600);
}
