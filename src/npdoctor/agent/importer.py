"""Import extension modules of the target, each in a process that may die.

Run inside the target as `python importer.py SOCKET CACHE_FOLDER`; standard library only, parses on 2.7,
and runs on 3.7 and later. Every process connects to npdoctor's Unix socket and speaks JSON lines.

    server    forks on request; the first one has imported nothing of the target
    guard     parent of one importer: drains its output, watches its memory, reports how it ended
    importer  imports modules one after the other, then becomes a server for what depends on them
"""

import errno
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import types

try:
    import ctypes
except ImportError:
    ctypes = None  # type: ignore[assignment]

PR_SET_CHILD_SUBREAPER = 36
OUTPUT_LIMIT = 16384
MARK = "\0npdoctor:"


def prctl(option, value):
    """Set an attribute of this process, where ctypes can; without it only cleaning up is less thorough."""
    if ctypes is None or not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):
        pass


class Line(object):
    """A connection to npdoctor that comes back when an extension closed it under our feet."""

    def __init__(self, path, hello):
        self.path = path
        self.hello = hello
        self.buffer = b""
        self.connect()

    def connect(self):
        """Connect and introduce this process."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(self.path)
        self.inode = os.fstat(self.socket.fileno()).st_ino
        self._write(dict(self.hello, pid=os.getpid()))

    def _write(self, message):
        self.socket.sendall(json.dumps(message).encode("ascii") + b"\n")

    def send(self, **message):
        """Send one message; reconnect first where the descriptor is not ours any more."""
        try:
            ours = os.fstat(self.socket.fileno()).st_ino == self.inode
        except (OSError, ValueError):
            ours = False
        if not ours:
            try:
                self.socket.detach()
            except OSError:
                pass
            self.connect()
        self._write(message)

    def receive(self):
        """Return the next message, or None when npdoctor is gone."""
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                return None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line.decode("ascii"))


def reap(block):
    """Collect children that have ended; wait for all of them if `block`."""
    while True:
        try:
            pid, _ = os.waitpid(-1, 0 if block else os.WNOHANG)
        except OSError:
            return
        if pid == 0:
            return


def serve(line, path, folders=()):
    """Fork a guarded importer for every order, until told to leave or npdoctor is gone.

    What npdoctor cannot clear away any more, because it was killed, are the `folders`.
    """
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    while True:
        order = line.receive()
        if order is None:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
        if order["op"] == "leave":
            line.socket.close()
            reap(True)
            os._exit(0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        reap(False)
        if os.fork() == 0:
            line.socket.close()
            try:
                guard(order, path)
            finally:
                os._exit(1)


def guard(order, path):
    """Fork the importer, watch it, and report how it ended.

    The importer waits at a gate until npdoctor knows its guard: else a module could kill it unseen.
    """
    os.setsid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    reading, writing = os.pipe()
    gate, opener = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.close(opener)
            os.read(gate, 1)
            os.close(gate)
            become_importer(order, path, writing)
        finally:
            os._exit(1)
    os.close(writing)
    os.close(gate)
    os.set_blocking(reading, False)
    line = Line(path, {"role": "guard", "node": order["node"], "child": child})
    os.close(opener)
    output = Output(line, order["nonce"])
    status, why = watch(child, reading, line, output, order["memory"])
    output.feed(drain(reading))
    output.flush()
    kill_group(child)
    bury_orphans()
    line.send(event="exit", status=status, why=why)
    os._exit(0)


def watch(child, reading, line, output, memory):
    """Wait for the child; kill it when npdoctor says so, goes away, or memory (bytes) runs out."""
    why = None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status, why
        wanted = [reading, line.socket] if reading >= 0 else [line.socket]
        ready = select.select(wanted, [], [], 0.05 if output.importing or reading < 0 else 0.5)[0]
        if reading in ready:
            data = drain(reading)
            output.feed(data)
            if not data:
                reading = -1
        if line.socket in ready:
            order = line.receive()
            why = "npdoctor left" if order is None else order["why"]
            kill_group(child)
            return os.waitpid(child, 0)[1], why
        if output.importing and resident(child) > memory:
            why = "memory"
            kill_group(child)


def drain(descriptor):
    """Read what is there without blocking."""
    try:
        return os.read(descriptor, 65536) if descriptor >= 0 else b""
    except OSError:
        return b""


def resident(pid):
    """Return the resident memory of a process in bytes, 0 where it cannot be read."""
    try:
        with open("/proc/%d/statm" % pid) as handle:
            return int(handle.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def kill_group(pid):
    """Kill a process and all that stayed in its group."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except OSError:
            pass


def bury_orphans():
    """Kill what the importer left behind: as subreaper this guard inherited it."""
    for _ in range(100):
        try:
            with open("/proc/self/task/%d/children" % os.getpid()) as handle:
                children = [int(pid) for pid in handle.read().split()]
        except (OSError, ValueError):
            return
        if not children:
            return
        for pid in children:
            kill_group(pid)
        reap(False)
        time.sleep(0.002)


class Output(object):
    """What the importer printed, cut into the modules it was importing, each bounded."""

    def __init__(self, line, nonce):
        self.line = line
        self.mark = (MARK + nonce + ":").encode("ascii")
        self.rest = b""
        self.kept = b""
        self.index = None
        self.importing = True

    def feed(self, data):
        """Take the next bytes; a mark says that another module begins, or that none is left."""
        self.rest += data
        while True:
            before, mark, after = self.rest.partition(self.mark)
            if not mark:
                break
            index, end, after = after.partition(b"\n")
            if not end:
                break
            self.keep(before)
            self.flush()
            self.rest = after
            self.importing = index != b"-"
            self.index = int(index) if self.importing else None
        if len(self.rest) > 2 * OUTPUT_LIMIT:
            self.keep(self.rest[:-256])
            self.rest = self.rest[-256:]

    def keep(self, data):
        """Keep the beginning and the end."""
        self.kept += data
        if len(self.kept) > 2 * OUTPUT_LIMIT:
            self.kept = self.kept[:OUTPUT_LIMIT] + self.kept[-OUTPUT_LIMIT:]

    def flush(self):
        """Send what was kept for the module that ended, be it nothing."""
        if self.index is not None:
            text = self.kept[: 2 * OUTPUT_LIMIT].decode("utf-8", "replace")
            self.line.send(event="output", index=self.index, text=text.strip())
        self.kept = b""


def become_importer(order, path, output):
    """Detach from the guard's terminal and group, import the modules, then serve or leave."""
    os.setpgid(0, 0)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(null)
    limit_harm()
    line = Line(path, {"role": "importer", "node": order["node"]})
    gc.disable()
    WATCHER.preload(order["standard"])
    watcher = WATCHER.Watcher()
    for index, (file, name) in enumerate(order["modules"]):
        mark(output, order["nonce"], str(index))
        line.send(event="begin", index=index)
        if order["source"] is None:
            record = watcher.attempt(file, name, lambda stage: line.send(event="stage", stage=stage))
        else:
            record = watcher.run(name, order["source"])
        flush_streams()
        line.send(event="end", index=index, **record)
    mark(output, order["nonce"], "-")
    line.send(event="done")
    if order["server"]:
        watcher.forget()
        serve(line, path)
    os._exit(0)


def mark(output, nonce, text):
    """Write a mark into the output so that the guard knows whose it is."""
    try:
        os.write(output, (MARK + nonce + ":" + text + "\n").encode("ascii"))
    except OSError:
        pass


def flush_streams():
    """Push out what Python itself has buffered."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def limit_harm():
    """Be the first to go when memory is short, and leave no core file."""
    try:
        with open("/proc/self/oom_score_adj", "w") as handle:
            handle.write("1000")
    except OSError:
        pass
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass


def load(name):
    """Load another script of the agent by its path: its folder is not on sys.path."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    module = types.ModuleType("npdoctor_" + name)
    module.__file__ = path
    with open(path) as handle:
        exec(compile(handle.read(), path, "exec"), module.__dict__)
    return module


def main():
    """Connect to npdoctor and serve."""
    own = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0] or ".") == own:
        del sys.path[0]
    path, cache = sys.argv[1:3]
    WATCHER.share_compiled(cache)
    sys.argv = [""]
    sys.modules["__main__"] = types.ModuleType("__main__")
    serve(Line(path, {"role": "server", "node": ""}), path, (os.path.dirname(path), cache))


WATCHER = load("watcher")

if __name__ == "__main__":
    main()
