#include "hostile.h"

MISBEHAVE(h_fine)
{
    (void)0;
}
