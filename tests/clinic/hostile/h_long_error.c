#include "hostile.h"

MISBEHAVE(h_long_error)
{
    run("raise ValueError('long ' * 4000000)\n");
}
