/* What every hostile module shares: MISBEHAVE(name) { ... } runs when the module is imported. */
#define _GNU_SOURCE
#include <Python.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MISBEHAVE(name)                                                                                      \
    static struct PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT, .m_name = #name, .m_size = -1}; \
    static void misbehave(void);                                                                             \
    PyMODINIT_FUNC PyInit_##name(void)                                                                       \
    {                                                                                                        \
        misbehave();                                                                                         \
        return PyErr_Occurred() ? NULL : PyModule_Create(&definition);                                       \
    }                                                                                                        \
    static void misbehave(void)

/* Run Python statements in a namespace of their own; what they raise stays raised. */
static void __attribute__((unused)) run(const char *source)
{
    PyObject *space = PyDict_New();
    PyDict_SetItemString(space, "__builtins__", PyEval_GetBuiltins());
    Py_XDECREF(PyRun_String(source, Py_file_input, space, space));
    Py_DECREF(space);
}

static void __attribute__((unused)) write_forever(int descriptor)
{
    static char rubbish[1 << 16];
    memset(rubbish, 'x', sizeof rubbish);
    for (;;)
        if (write(descriptor, rubbish, sizeof rubbish) < 0)
            usleep(1000);
}
