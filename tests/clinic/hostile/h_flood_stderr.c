#include "hostile.h"

MISBEHAVE(h_flood_stderr)
{
    write_forever(2);
}
