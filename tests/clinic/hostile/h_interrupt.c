#include "hostile.h"

MISBEHAVE(h_interrupt)
{
    PyErr_SetNone(PyExc_KeyboardInterrupt);
}
