#include "hostile.h"

MISBEHAVE(h_base_exception)
{
    run("class Odd(BaseException):\n"
        "    pass\n"
        "raise Odd('neither error nor exit')\n");
}
