"""Describe this interpreter: `python describe.py CHANNEL_FD` writes one JSON line to that pipe.

Parses on Python 2.7 and runs on 3.7 and later; an older one answers with its version alone. It exits
with 97 where the channel is gone, because something at start-up closed it.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
import sys

CHANNEL_GONE = 97
OLDEST = (3, 7)


def leave_own_folder():
    """Take this script's folder from sys.path, so that no neighbour of it hides a standard module."""
    own = __file__.rpartition("/")[0]
    if sys.path and isinstance(sys.path[0], str) and sys.path[0].rstrip("/") == own.rstrip("/"):
        del sys.path[0]


leave_own_folder()
EVERY_ENTRY = list(sys.path)


def standard_entries():
    """Return the entries of sys.path that belong to the standard library."""
    import os

    home = getattr(sys, "_stdlib_dir", None) or os.path.dirname(os.__file__)
    found = []
    for entry in EVERY_ENTRY:
        if isinstance(entry, str):
            if entry == home or entry.endswith(".zip") or os.path.basename(entry) == "lib-dynload":
                found.append(entry)
    return found


def import_standard_modules():
    """Import what is needed from the standard library, even where PYTHONPATH holds a file of that name."""
    names = ["json", "site", "stat", "sysconfig", "importlib.machinery"]
    for entries in (standard_entries(), EVERY_ENTRY):
        sys.path[:] = entries
        try:
            for name in names:
                __import__(name)
            break
        except ImportError:
            continue
    sys.path[:] = EVERY_ENTRY


def describe():
    """Return what npdoctor wants to know of this interpreter."""
    import importlib.machinery
    import sysconfig

    return {
        "version": list(sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "executable": sys.executable or "",
        "prefix": sys.prefix,
        "base_prefix": getattr(sys, "base_prefix", sys.prefix),
        "platform": sysconfig.get_platform(),
        "sys_path": plain_entries(),
        "site_packages": site_packages(),
        "user_site": user_site(),
        "extension_suffixes": list(importlib.machinery.EXTENSION_SUFFIXES),
        "stdlib_modules": stdlib_modules(),
        "libc": libc(),
        "byte_order": sys.byteorder,
        "bits": 64 if sys.maxsize > 2**32 else 32,
    }


def plain_entries():
    """Return sys.path as absolute paths, without what names the working folder."""
    import os

    found = []
    for entry in sys.path:
        try:
            path = os.fsdecode(entry)
        except TypeError:
            continue
        if path and path != ".":
            found.append(os.path.abspath(path))
    return found


def site_packages():
    """Return the folders into which distributions are installed, the installers' own choice first."""
    import site
    import sysconfig

    found = []
    for name in ("purelib", "platlib"):
        try:
            found.append(sysconfig.get_paths().get(name))
        except Exception:
            pass
    if hasattr(site, "getsitepackages"):  # an old virtualenv has a site module without it
        found.extend(site.getsitepackages())
    return [path for place, path in enumerate(found) if path and path not in found[:place]]


def user_site():
    """Return the user's site-packages where this interpreter looks into it."""
    import site

    if not getattr(site, "ENABLE_USER_SITE", False):
        return None
    try:
        return site.getusersitepackages()
    except Exception:
        return None


def stdlib_modules():
    """Return the names of the standard library's top-level modules."""
    import os

    names = set(sys.builtin_module_names)
    if hasattr(sys, "stdlib_module_names"):
        return sorted(names | set(sys.stdlib_module_names))
    home = os.path.dirname(os.__file__)
    for folder in (home, os.path.join(home, "lib-dynload")):
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            stem = entry.split(".")[0]
            is_package = os.path.isfile(os.path.join(folder, entry, "__init__.py"))
            if stem.isidentifier() and (entry.endswith((".py", ".so")) or is_package):
                names.add(stem)
    return sorted(names)


def libc():
    """Return the kind and version of the C library; musl tells no version."""
    import os

    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        text = ""
    kind, _, version = text.partition(" ")
    if version:
        return [kind, version]
    try:
        with open(sys.executable, "rb") as program:
            if b"ld-musl-" in program.read(65536):
                return ["musl", ""]
    except OSError:
        pass
    return None


def answer(record, channel):
    """Write the record to the channel, which has to be a pipe still."""
    import json
    import os
    import stat

    rest = (json.dumps(record) + "\n").encode("ascii")
    try:
        if not stat.S_ISFIFO(os.fstat(channel).st_mode):
            os._exit(CHANNEL_GONE)
        while rest:
            rest = rest[os.write(channel, rest) :]
    except OSError:
        os._exit(CHANNEL_GONE)


def main():
    """Answer with the description, or with the version alone where Python is too old for it."""
    if sys.version_info[:2] < OLDEST:
        answer({"version": list(sys.version_info[:3]), "too_old": True}, int(sys.argv[1]))
        return
    import_standard_modules()
    answer(describe(), int(sys.argv[1]))


if __name__ == "__main__":
    main()
