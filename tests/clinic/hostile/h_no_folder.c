#include "hostile.h"

MISBEHAVE(h_no_folder)
{
    run("import os, tempfile\n"
        "folder = tempfile.mkdtemp()\n"
        "os.chdir(folder)\n"
        "os.rmdir(folder)\n");
}
