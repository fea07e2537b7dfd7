"""Import modules, and remember which extension files loaded and which failed.

Loaded by importer.py inside the target: standard library only, parses on 2.7, runs on 3.7 and later.
"""

import hashlib
import importlib
import importlib.machinery
import marshal
import os
import time

MESSAGE_LIMIT = 4000
FRAMES = 8
HERE = os.path.dirname(os.path.abspath(__file__))


class Watcher(object):
    """Imports modules and remembers which extension files loaded and which failed to."""

    def __init__(self):
        self.loaded = set()  # type: set[str]
        self.failures = []
        self.blocked = {}
        self.stage = None
        self.current = None
        loader = importlib.machinery.ExtensionFileLoader
        self.originals = (loader.create_module, loader.exec_module)
        watcher = self

        def create_module(self, spec):
            return watcher.guarded(watcher.originals[0], self, spec)

        def exec_module(self, module):
            result = watcher.guarded(watcher.originals[1], self, module)
            watcher.loaded.add(os.path.realpath(self.path))
            return result

        loader.create_module = create_module  # type: ignore[method-assign]
        loader.exec_module = exec_module  # type: ignore[method-assign]

    def forget(self):
        """Put the loader back as it was; an importer forked from here watches anew."""
        loader = importlib.machinery.ExtensionFileLoader
        loader.create_module, loader.exec_module = self.originals  # type: ignore[method-assign]
        self.failures = []

    def guarded(self, original, loader, argument):
        """Call the loader, tell which file is being loaded, and keep its failure."""
        if self.stage:
            self.stage(loader.path)
        try:
            result = original(loader, argument)
        except BaseException as error:
            self.failures.append((loader.path, error))
            raise
        if self.stage:
            self.stage(self.current)
        return result

    def attempt(self, file, name, stage):
        """Import parents first, then the module unless its package has already loaded the file."""
        self.stage = stage
        self.failures = []
        started = time.time()
        parts = name.split(".")
        packages = [".".join(parts[:end]) for end in range(1, len(parts))]
        record = None
        for package in packages:
            if package in self.blocked:
                record = dict(self.blocked[package])
                break
            record = self.import_one(package)
            if record:
                record["parent"] = package
                self.blocked[package] = record
                break
        place = os.path.realpath(file)
        if record is None and place not in self.loaded:
            record = self.import_one(name)
            for partner in (record or {}).pop("circle", ()):
                self.import_one(partner)
                if place in self.loaded:
                    record = None
                    break
        self.stage = None
        return dict(record or {"ok": True}, seconds=round(time.time() - started, 4))

    def run(self, name, source):
        """Run a small program; the record says whether it raised."""
        started = time.time()
        self.current, self.failures, record = name, [], {"ok": True}
        try:
            exec(compile(source, "<%s>" % name, "exec"), {"__name__": "__main__"})
        except BaseException as error:
            record = self.describe(error)
        return dict(record, seconds=round(time.time() - started, 4))

    def import_one(self, name):
        """Import one module; return None, or the record of how it raised."""
        self.current = name
        if self.stage:
            self.stage(name)
        try:
            importlib.import_module(name)
        except BaseException as error:
            return self.describe(error)
        return None

    def describe(self, error):
        """Return the exception chain and the extension file in which it began."""
        chain = []  # type: list[BaseException]
        while error is not None and all(error is not seen for seen in chain) and len(chain) < 12:
            chain.append(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        culprit = None
        for path, failure in self.failures:
            if any(failure is link for link in chain):
                culprit = path
                break
        links = [describe_exception(link) for link in chain]
        circle = "partially initialized module" in links[0]["message"]
        return {
            "ok": False,
            "chain": links,
            "failed_in": culprit,
            "circle": partners(chain[0], self.current) if circle else [],
        }


def partners(error, name):
    """Return the modules a circular import went through: imported first, one of them may close the circle."""
    found = []
    link = error.__traceback__
    while link is not None:
        module = link.tb_frame.f_globals.get("__name__")
        if module not in found and module != name and str(module).partition(".")[0] == name.partition(".")[0]:
            found.append(module)
        link = link.tb_next
    return found


def describe_exception(error):
    """Return an exception as plain data, bounded, whatever its own methods do."""
    try:
        message = str(error)
    except BaseException as failure:
        message = "(its text could not be made: %s)" % type(failure).__name__
    frames = []
    link = error.__traceback__
    while link is not None:
        code = link.tb_frame.f_code
        if not code.co_filename.startswith("<frozen importlib") and os.path.dirname(code.co_filename) != HERE:
            frames.append("%s:%d in %s" % (code.co_filename, link.tb_lineno, code.co_name))
        link = link.tb_next
    kind = type(error)
    name = kind.__name__
    if kind.__module__ not in ("builtins", None):
        name = "%s.%s" % (kind.__module__, name)
    return {"type": name, "message": message[:MESSAGE_LIMIT], "frames": frames[-FRAMES:]}


def preload(names):
    """Import modules of the standard library that all who are forked from here then share."""
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:
            pass


def share_compiled(folder):
    """Compile a source file once for all importers: the target may hold no .pyc and gets none."""
    loader = importlib.machinery.SourceFileLoader
    original = loader.source_to_code

    def source_to_code(self, data, path, **options):
        key = hashlib.sha1(repr((path, sorted(options.items()))).encode("utf-8") + bytes(data)).hexdigest()
        place = os.path.join(folder, key)
        try:
            with open(place, "rb") as handle:
                return marshal.load(handle)
        except (OSError, EOFError, ValueError, TypeError):
            pass
        code = original(self, data, path, **options)
        try:
            part = "%s.%d" % (place, os.getpid())
            with open(part, "wb") as output:
                marshal.dump(code, output)
            os.rename(part, place)
        except (OSError, ValueError):
            pass
        return code

    loader.source_to_code = source_to_code  # type: ignore[method-assign]
