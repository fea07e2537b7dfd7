#include "hostile.h"

MISBEHAVE(h_signals)
{
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
}
