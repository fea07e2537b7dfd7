#include "hostile.h"

MISBEHAVE(h_rubbish)
{
    run("import os\n"
        "for stream in (1, 2):\n"
        "    os.write(stream, bytes(range(256)) * 20 + b'\\0npdoctor:0:\\n{}\\n')\n");
}
