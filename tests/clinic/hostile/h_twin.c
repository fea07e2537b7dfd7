#include "hostile.h"

MISBEHAVE(h_twin)
{
    fork(); /* and both go on */
}
