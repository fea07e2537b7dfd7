"""Compile minimal extension modules, each of which behaves in one way when it is imported."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <Python.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int greet(void) {
    const char *text = "hello from " NAME_TEXT "\n";
    return write(1, text, strlen(text)) > 0;
}

static int behave(void) {
    int fd;
    long n;
    switch (KIND) {
    case 1: PyErr_SetString(PyExc_ImportError, "it does not want to"); return -1;
    case 2: raise(SIGSEGV); break;
    case 3: _exit(0);
    case 4: for (;;) pause();
    case 5: for (fd = 0; fd < 1024; fd++) close(fd); break;
    case 6: kill(getppid(), SIGKILL); for (n = 0; n < 40; n++) usleep(50000); break;
    case 7: { static char junk[65536]; memset(junk, 'x', sizeof junk); greet();
              for (n = 0; n < 320; n++) if (write(1, junk, sizeof junk) < 0) break;
              if (write(1, "\nthe end\n", 9) < 0) return 0; break; }
    case 8: if (fork() == 0) { setsid(); for (n = 0; n < 1200; n++) usleep(50000); _exit(0); } break;
    case 9: for (n = 0; n < 200; n++) { memset(malloc(8 << 20), 1, 8 << 20); usleep(10000); } break;
    case 10: { const char *text = "[[[\n{\"event\": \"begin\"}\n{\"event\": \"begin\", \"index\": 99}\n"
                                  "{\"event\": \"exit\", \"status\": \"x\"}\n{\"role\": \"guard\"}\n";
               for (fd = 3; fd < 64; fd++) send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL); break; }
    case 11: { char path[64], line[512] = ""; int guard = getppid(), root = 0; FILE *stat;
               snprintf(path, sizeof path, "/proc/%d/stat", guard);
               stat = fopen(path, "r");
               if (stat && fgets(line, sizeof line, stat)) sscanf(strrchr(line, ')') + 4, "%d", &root);
               if (root > 1) kill(root, SIGKILL);
               usleep(100000); break; }
    case 12: abort();
    case 13: signal(SIGTERM, SIG_IGN); for (;;) { if (write(2, "busy\n", 5) < 0) usleep(10); usleep(1000); }
    }
    return 0;
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, NAME_TEXT, 0, -1};

PyMODINIT_FUNC INIT(void) {
    if (KIND != 3 && KIND != 7) greet();
    if (behave() < 0) return NULL;
    return PyModule_Create(&definition);
}
"""
KINDS = (
    "ok", "raises", "segfaults", "exits", "hangs", "closes", "killsparent", "floods",
    "forks", "eats", "garbles", "killsroot", "aborts", "hangsloudly",
)  # fmt: skip


@functools.cache
def why_not() -> str | None:
    """Return why nothing can be compiled here, None where it can."""
    if shutil.which("gcc") is None:
        return "no gcc"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "no Python.h"
    return None


@functools.cache
def _cache() -> Path:
    return Path(tempfile.mkdtemp(prefix="compiled-"))


@functools.cache
def compiled(kind: str, name: str) -> bytes:
    """Return the bytes of an extension module of this kind, to be imported by this last name."""
    out = _cache() / f"{kind}-{name}.so"
    defines = [f"-DKIND={KINDS.index(kind)}", f'-DNAME_TEXT="{name}"', f"-DINIT=PyInit_{name}"]
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-w", "-O0", *defines, include, "-x", "c", "-", "-o", str(out)],
        input=SOURCE.encode(),
        check=True,
        capture_output=True,
    )
    data = out.read_bytes()
    out.unlink()
    return data


def place(site: Path, dotted: str, kind: str) -> str:
    """Put an extension module of this kind below a folder of sys.path; return its path."""
    *packages, name = dotted.split(".")
    folder = site.joinpath(*packages)
    folder.mkdir(parents=True, exist_ok=True)
    for depth in range(len(packages)):
        marker = site.joinpath(*packages[: depth + 1], "__init__.py")
        if not marker.exists():
            marker.write_text("")
    path = folder / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    path.write_bytes(compiled(kind, name))
    return str(path)
