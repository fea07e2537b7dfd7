/* A stand-in for libnvidia-ml.so.1: answers as the file named by NVML_STANDIN says.
 *
 *   init 18                      what nvmlInit returns; "hang", "abort" and "exit" do that
 *   driver 570.148.08            also: nvml, cuda
 *   gpu                          begins a GPU; what follows belongs to it
 *   name NVIDIA A100             a value; "!4" returns that code, "hang" never returns, none is NotSupported
 *   compute 4242 1048576         a process with its bytes ("-" for not available); also: graphics
 *   mig                          begins a slice of the GPU above
 *   lost_after 5                 from the 6th call on, all but the identity of this GPU is lost
 *
 * Built with -DBEFORE_R470 it lacks what drivers of that time lack. Structures, versions and the protocol
 * for sizes are those of nvml.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default"))) int
#define VERSION_OF(type, number) ((unsigned)(sizeof(type) | ((unsigned)(number) << 24)))
enum { OK = 0, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, LOST = 15, BAD_VERSION = 25 };
enum { MOST_DEVICES = 32, MOST_LINES = 64, MOST_PROCESSES = 32 };

typedef struct { char key[32], value[96]; } line_t;
typedef struct {
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
} process_t;
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2_t;
typedef struct { unsigned version, sensor; int degrees; } temperature_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct {
    char legacy[16];
    unsigned domain, bus, device, id, subsystem;
    char bus_id[32];
} pci_t;
typedef struct {
    unsigned field, scope;
    int64_t timestamp, latency;
    unsigned type;
    int code;
    union { double d; unsigned u; unsigned long long ull; } value;
} field_t;
typedef struct device {
    struct device *parent;
    int lines, processes[2];
    unsigned calls;
    line_t line[MOST_LINES];
    process_t process[2][MOST_PROCESSES];
} device_t;

_Static_assert(sizeof(process_t) == 24, "nvmlProcessInfo_t");
_Static_assert(sizeof(memory_v2_t) == 40, "nvmlMemory_v2_t");
_Static_assert(sizeof(temperature_t) == 12, "nvmlTemperature_t");
_Static_assert(sizeof(pci_t) == 68, "nvmlPciInfo_t");
_Static_assert(sizeof(field_t) == 40, "nvmlFieldValue_t");

static device_t machine, devices[MOST_DEVICES];
static int count;

static void take_process(device_t *device, int kind, char *text) {
    process_t *process = &device->process[kind][device->processes[kind]++];
    char *memory = strchr(text, ' ');
    process->pid = strtoul(text, NULL, 10);
    process->memory = memory && memory[1] != '-' ? strtoull(memory, NULL, 10) : ~0ULL;
    process->gpu_instance = process->compute_instance = ~0U;
}

static void read_scenario(void) {
    const char *path = getenv("NVML_STANDIN");
    FILE *file = path ? fopen(path, "r") : NULL;
    char text[160];
    device_t *device = &machine, *gpu = NULL;
    while (file && fgets(text, sizeof text, file)) {
        char *value;
        text[strcspn(text, "\n")] = 0;
        if (!*text || *text == '#') continue;
        value = strchr(text, ' ');
        if (value) *value++ = 0;
        else value = text + strlen(text);
        if (!strcmp(text, "gpu") || !strcmp(text, "mig")) {
            device = &devices[count++];
            if (*text == 'g') gpu = device;
            else device->parent = gpu;
        } else if (!strcmp(text, "compute")) take_process(device, 0, value);
        else if (!strcmp(text, "graphics")) take_process(device, 1, value);
        else {
            line_t *line = &device->line[device->lines++];
            snprintf(line->key, sizeof line->key, "%.31s", text);
            snprintf(line->value, sizeof line->value, "%.95s", value);
        }
    }
    if (file) fclose(file);
}

static const char *find(const device_t *device, const char *key) {
    for (int i = 0; i < device->lines; i++)
        if (!strcmp(device->line[i].key, key)) return device->line[i].value;
    return NULL;
}

static int answer(const device_t *device, const char *key, const char **value) {
    *value = find(device, key);
    if (!*value) return NOT_SUPPORTED;
    if (!strcmp(*value, "hang")) for (;;) pause();
    return **value == '!' ? atoi(*value + 1) : OK;
}

static int is_lost(device_t *device) {
    const char *after = find(device, "lost_after");
    return after && device->calls++ >= strtoul(after, NULL, 10);
}

static int number(device_t *device, const char *key, unsigned *out) {
    const char *value;
    int code = is_lost(device) ? LOST : answer(device, key, &value);
    if (!code) *out = strtoul(value, NULL, 0);
    return code;
}

static int two(device_t *device, const char *key, unsigned *first, unsigned *second) {
    const char *value;
    int code = is_lost(device) ? LOST : answer(device, key, &value);
    if (!code && sscanf(value, "%u %u", first, second) != 2) code = INVALID;
    return code;
}

static int text(const device_t *device, const char *key, char *out, unsigned length) {
    const char *value;
    int code = answer(device, key, &value);
    if (!code) snprintf(out, length, "%s", value);
    return code;
}

/* -- system ------------------------------------------------------------------------------------ */

API nvmlInitWithFlags(unsigned flags) {
    const char *value;
    (void)flags;
    read_scenario();
    printf("noise on stdout\n");
    fflush(stdout);
    if (!(value = find(&machine, "init"))) return OK;
    if (!strcmp(value, "hang")) for (;;) pause();
    if (!strcmp(value, "abort")) abort();
    if (!strcmp(value, "exit")) exit(3);
    return atoi(value);
}
API nvmlShutdown(void) { return OK; }
API nvmlSystemGetDriverVersion(char *out, unsigned length) {
    return text(&machine, "driver", out, length);
}
API nvmlSystemGetNVMLVersion(char *out, unsigned length) { return text(&machine, "nvml", out, length); }
API nvmlSystemGetCudaDriverVersion_v2(int *out) { return number(&machine, "cuda", (unsigned *)out); }

static device_t *nth(const device_t *parent, unsigned index) {
    for (int i = 0; i < count; i++)
        if (devices[i].parent == parent && !index--) return &devices[i];
    return NULL;
}
API nvmlDeviceGetCount_v2(unsigned *out) {
    for (*out = 0; nth(NULL, *out); ) ++*out;
    return OK;
}
API nvmlDeviceGetHandleByIndex_v2(unsigned index, device_t **out) {
    const char *value;
    int code;
    if (!(*out = nth(NULL, index))) return INVALID;
    code = answer(*out, "handle", &value);
    return code == NOT_SUPPORTED ? OK : code;
}

/* -- identity ---------------------------------------------------------------------------------- */

API nvmlDeviceGetUUID(device_t *d, char *out, unsigned length) { return text(d, "uuid", out, length); }
API nvmlDeviceGetName(device_t *d, char *out, unsigned length) { return text(d, "name", out, length); }
API nvmlDeviceGetPciInfo_v3(device_t *d, pci_t *out) {
    memset(out, 0, sizeof *out);
    return text(d, "bus", out->bus_id, sizeof out->bus_id);
}
static int constant(device_t *d, const char *key, unsigned *out) {
    const char *value;
    int code = answer(d, key, &value);
    if (!code) *out = strtoul(value, NULL, 0);
    return code;
}
API nvmlDeviceGetMinorNumber(device_t *d, unsigned *out) { return constant(d, "minor", out); }
API nvmlDeviceGetArchitecture(device_t *d, unsigned *out) { return constant(d, "architecture", out); }
API nvmlDeviceGetVirtualizationMode(device_t *d, unsigned *out) {
    return constant(d, "virtualization", out);
}
API nvmlDeviceGetCudaComputeCapability(device_t *d, int *major, int *minor) {
    const char *value;
    int code = answer(d, "capability", &value);
    if (!code && sscanf(value, "%d.%d", major, minor) != 2) code = INVALID;
    return code;
}

/* -- load -------------------------------------------------------------------------------------- */

static int memory(device_t *d, memory_v2_t *out) { /* in MiB: total reserved used */
    const char *value;
    int code = is_lost(d) ? LOST : answer(d, "memory", &value);
    if (code) return code;
    if (sscanf(value, "%llu %llu %llu", &out->total, &out->reserved, &out->used) != 3) return INVALID;
    out->total <<= 20, out->reserved <<= 20, out->used <<= 20;
    out->free = out->total - out->reserved - out->used;
    return OK;
}
API nvmlDeviceGetMemoryInfo(device_t *d, memory_t *out) {
    memory_v2_t all;
    int code = memory(d, &all);
    if (!code) out->total = all.total, out->free = all.free, out->used = all.used + all.reserved;
    return code;
}
API nvmlDeviceGetUtilizationRates(device_t *d, utilization_t *out) {
    return two(d, "utilization", &out->gpu, &out->memory);
}
API nvmlDeviceGetTemperature(device_t *d, int sensor, unsigned *out) {
    return sensor ? INVALID : number(d, "temperature", out);
}
API nvmlDeviceGetPowerUsage(device_t *d, unsigned *out) { return number(d, "power", out); }

static int processes(device_t *d, int kind, unsigned *size, process_t *out) {
    const char *value;
    unsigned room = *size;
    int code = is_lost(d) ? LOST : answer(d, "processes", &value);
    if (code && !(code == NOT_SUPPORTED && !find(d, "processes"))) return code;
    *size = d->processes[kind];
    if (!*size) return OK;
    if (!out || room < *size) return TOO_SMALL;
    memcpy(out, d->process[kind], *size * sizeof *out);
    return OK;
}
#ifdef BEFORE_R470
API nvmlDeviceGetComputeRunningProcesses_v2(device_t *d, unsigned *n, process_t *out) {
    return processes(d, 0, n, out);
}
API nvmlDeviceGetCurrentClocksThrottleReasons(device_t *d, unsigned long long *out) {
    unsigned bits = 0;
    int code = number(d, "reasons", &bits);
    *out = bits;
    return code;
}
#else
API nvmlDeviceGetMemoryInfo_v2(device_t *d, memory_v2_t *out) {
    return out->version == VERSION_OF(memory_v2_t, 2) ? memory(d, out) : BAD_VERSION;
}
API nvmlDeviceGetTemperatureV(device_t *d, temperature_t *out) {
    if (out->version != VERSION_OF(temperature_t, 1)) return BAD_VERSION;
    return out->sensor ? INVALID : number(d, "temperature", (unsigned *)&out->degrees);
}
API nvmlDeviceGetComputeRunningProcesses_v3(device_t *d, unsigned *n, process_t *out) {
    return processes(d, 0, n, out);
}
API nvmlDeviceGetGraphicsRunningProcesses_v3(device_t *d, unsigned *n, process_t *out) {
    return processes(d, 1, n, out);
}
API nvmlDeviceGetCurrentClocksEventReasons(device_t *d, unsigned long long *out) {
    unsigned bits = 0;
    int code = number(d, "reasons", &bits);
    *out = bits;
    return code;
}
#endif

/* -- pace, links, health ----------------------------------------------------------------------- */

static int one_of(device_t *d, const char *first, const char *second, int which, unsigned *out) {
    return number(d, which ? second : first, out);
}
API nvmlDeviceGetTemperatureThreshold(device_t *d, int which, unsigned *out) {
    return which > 1 ? INVALID : one_of(d, "shutdown", "slowdown", which, out);
}
API nvmlDeviceGetEnforcedPowerLimit(device_t *d, unsigned *out) { return number(d, "power_limit", out); }
API nvmlDeviceGetFanSpeed(device_t *d, unsigned *out) { return number(d, "fan", out); }
API nvmlDeviceGetPerformanceState(device_t *d, unsigned *out) { return number(d, "pstate", out); }
API nvmlDeviceGetClockInfo(device_t *d, int which, unsigned *out) {
    return one_of(d, "sm_clock", "memory_clock", which == 2, out);
}
API nvmlDeviceGetMaxClockInfo(device_t *d, int which, unsigned *out) {
    return one_of(d, "max_sm_clock", "max_memory_clock", which == 2, out);
}
API nvmlDeviceGetCurrPcieLinkGeneration(device_t *d, unsigned *out) {
    return number(d, "pcie_generation", out);
}
API nvmlDeviceGetCurrPcieLinkWidth(device_t *d, unsigned *out) { return number(d, "pcie_width", out); }
API nvmlDeviceGetMaxPcieLinkGeneration(device_t *d, unsigned *out) {
    return number(d, "max_pcie_generation", out);
}
API nvmlDeviceGetMaxPcieLinkWidth(device_t *d, unsigned *out) {
    return number(d, "max_pcie_width", out);
}
API nvmlDeviceGetFieldValues(device_t *d, int n, field_t *out) {
    if (is_lost(d)) return LOST;
    for (int i = 0; i < n; i++) {
        const char *key = out[i].field == 91 ? "nvlinks" : out[i].field == 230 ? "recovery" : "";
        out[i].code = constant(d, key, &out[i].value.u);
        out[i].type = 1;
    }
    return OK;
}
API nvmlDeviceGetNvLinkState(device_t *d, unsigned link, unsigned *active) {
    const char *value;
    int code = is_lost(d) ? LOST : answer(d, "nvlink_states", &value);
    if (!code) *active = link < strlen(value) && value[link] == '+';
    return code;
}
API nvmlDeviceGetEccMode(device_t *d, unsigned *now, unsigned *pending) {
    return two(d, "ecc", now, pending);
}
API nvmlDeviceGetTotalEccErrors(device_t *d, int type, int counter, unsigned long long *out) {
    unsigned errors = 0;
    int code = type == 1 ? one_of(d, "ecc_volatile", "ecc_aggregate", counter, &errors) : INVALID;
    *out = errors;
    return code;
}
API nvmlDeviceGetRemappedRows(device_t *d, unsigned *a, unsigned *b, unsigned *pending, unsigned *failure) {
    *a = *b = 0;
    return two(d, "remap", pending, failure);
}
API nvmlDeviceGetRetiredPagesPendingStatus(device_t *d, unsigned *out) {
    return number(d, "retired", out);
}

/* -- MIG --------------------------------------------------------------------------------------- */

API nvmlDeviceGetMigMode(device_t *d, unsigned *now, unsigned *pending) {
    return two(d, "mig_mode", now, pending);
}
API nvmlDeviceGetMaxMigDeviceCount(device_t *d, unsigned *out) { return number(d, "mig_most", out); }
API nvmlDeviceGetMigDeviceHandleByIndex(device_t *d, unsigned index, device_t **out) {
    unsigned at;
    for (unsigned i = 0; (*out = nth(d, i)); i++)
        if (!number(*out, "at", &at) && at == index) return OK;
    return NOT_FOUND;
}
API nvmlDeviceGetGpuInstanceId(device_t *d, unsigned *out) { return number(d, "gpu_instance", out); }
API nvmlDeviceGetComputeInstanceId(device_t *d, unsigned *out) {
    return number(d, "compute_instance", out);
}
