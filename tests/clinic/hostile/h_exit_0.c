#include "hostile.h"

MISBEHAVE(h_exit_0)
{
    exit(0);
}
