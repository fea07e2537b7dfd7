#include "hostile.h"

MISBEHAVE(h_mute_error)
{
    run("class Mute(Exception):\n"
        "    def __str__(self):\n"
        "        raise RuntimeError('no words')\n"
        "    __repr__ = __str__\n"
        "raise Mute()\n");
}
