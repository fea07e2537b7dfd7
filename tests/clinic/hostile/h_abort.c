#include "hostile.h"

MISBEHAVE(h_abort)
{
    abort();
}
