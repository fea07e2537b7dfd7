#include "hostile.h"

MISBEHAVE(h_kill_parent)
{
    kill(getppid(), SIGKILL);
    sleep(1);
}
