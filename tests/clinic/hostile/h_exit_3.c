#include "hostile.h"

MISBEHAVE(h_exit_3)
{
    _exit(3);
}
