#include "hostile.h"

MISBEHAVE(h_babble)
{
    static const char rubbish[] = "{]\xff\n[1]\n\n{\"event\": 7}\n";
    for (int descriptor = 3; descriptor < 64; descriptor++) {
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        if (write(descriptor, rubbish, sizeof rubbish - 1) < 0)
            continue;
    }
}
