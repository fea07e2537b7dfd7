#include "hostile.h"

MISBEHAVE(h_stubborn)
{
    if (fork() == 0) {
        setsid();
        for (int number = 1; number < 65; number++)
            signal(number, SIG_IGN);
        for (;;)
            sleep(3600);
    }
}
