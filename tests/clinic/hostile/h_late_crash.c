#include "hostile.h"

static void *crash_later(void *nothing)
{
    usleep(300000);
    abort();
    return nothing;
}

MISBEHAVE(h_late_crash)
{
    pthread_t thread;
    pthread_create(&thread, NULL, crash_later, NULL);
}
