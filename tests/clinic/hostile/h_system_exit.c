#include "hostile.h"

MISBEHAVE(h_system_exit)
{
    PyErr_SetString(PyExc_SystemExit, "that was it");
}
