#include "hostile.h"

MISBEHAVE(h_daemon)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            for (;;)
                sleep(3600); /* with the pipes of its grandparent open */
        _exit(0);
    }
}
