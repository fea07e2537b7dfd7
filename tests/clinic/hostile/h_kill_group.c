#include "hostile.h"

MISBEHAVE(h_kill_group)
{
    kill(0, SIGKILL);
}
