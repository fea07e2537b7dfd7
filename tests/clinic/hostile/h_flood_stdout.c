#include "hostile.h"

MISBEHAVE(h_flood_stdout)
{
    write_forever(1);
}
