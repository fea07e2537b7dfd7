"""Keep snapshots of real environments as JSON: `python tests/recording.py ENVIRONMENT OUT.json`."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import sys
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import npdoctor
from npdoctor.checkup import Request, examine
from npdoctor.diagnose.engine import diagnose
from npdoctor.diagnose.imports import last_file
from npdoctor.model.binary import Binary
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.outcome import Died, NoAnswer, Outcome, Raised
from npdoctor.model.snapshot import Snapshot
from npdoctor.rulebook.load import load_rule_book

PATIENTS = Path(__file__).parent / "patients"
PER_DISTRIBUTION = 5
OUTPUT = 2500
TAG = "is"


@functools.cache
def patient(name: str) -> Snapshot:
    """Return a recorded snapshot."""
    return decode((PATIENTS / f"{name}.json").read_text(encoding="utf-8"))


def encode(snapshot: Snapshot) -> str:
    """Write a snapshot as JSON, each member of a list on a line of its own."""
    lines = []
    for name, value in _plain(snapshot, Snapshot).items():
        if isinstance(value, list) and value:
            text = "[\n" + ",\n".join("  " + _json(member) for member in value) + "\n ]"
        elif isinstance(value, dict) and name == "imports" and value:
            text = "{\n" + ",\n".join(f"  {_json(k)}: {_json(v)}" for k, v in value.items()) + "\n }"
        else:
            text = _json(value)
        lines.append(f" {_json(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def decode(text: str) -> Snapshot:
    """Read what `encode` wrote."""
    seen: Snapshot = _typed(json.loads(text), Snapshot)
    return seen


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _members(hint: object) -> tuple[Any, ...] | None:
    """Return the members of a union, None for what is none."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return None


def _plain(value: Any, hint: Any) -> Any:
    """Turn a value into what JSON knows; a member of a union of classes is tagged with its class."""
    members = _members(hint)
    if value is None or isinstance(value, Enum):
        return value.value if value is not None else None
    if members:
        classes = [m for m in members if dataclasses.is_dataclass(m)]
        inner = next(m for m in members if m is not type(None)) if len(classes) < 2 else type(value)
        plain = _plain(value, inner)
        return {TAG: type(value).__name__, **plain} if len(classes) > 1 else plain
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {
            field.name: _plain(getattr(value, field.name), hints[field.name])
            for field in dataclasses.fields(value)
            if not _is_default(value, field)
        }
    arguments = typing.get_args(hint)
    if isinstance(value, Mapping):
        return {key: _plain(member, arguments[1]) for key, member in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(member, arguments[0]) for member in value)
    if isinstance(value, tuple):
        return [_plain(member, kind) for member, kind in zip(value, _each(arguments, value), strict=True)]
    return value


def _is_default(value: Any, field: dataclasses.Field[Any]) -> bool:
    present = getattr(value, field.name)
    if field.default is not dataclasses.MISSING:
        return bool(present == field.default)
    return field.default_factory is not dataclasses.MISSING and bool(present == field.default_factory())


def _each(arguments: tuple[Any, ...], value: typing.Sized) -> tuple[Any, ...]:
    """Return the type of each member of a tuple."""
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return (arguments[0],) * len(value)
    return arguments


def _typed(plain: Any, hint: Any) -> Any:
    """Turn what JSON knows into a value of this type."""
    members = _members(hint)
    if members:
        if plain is None:
            return None
        if isinstance(plain, dict) and TAG in plain:
            kind = next(m for m in members if getattr(m, "__name__", "") == plain[TAG])
            return _typed({k: v for k, v in plain.items() if k != TAG}, kind)
        return _typed(plain, next(m for m in members if m is not type(None)))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return tuple(_typed(m, kind) for m, kind in zip(plain, _each(arguments, plain), strict=True))
    if origin is frozenset:
        return frozenset(_typed(member, arguments[0]) for member in plain)
    if origin is not None:
        return {key: _typed(member, arguments[1]) for key, member in plain.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _typed(member, hints[name]) for name, member in plain.items()})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(plain)
    return float(plain) if hint is float else plain


# -- recording --------------------------------------------------------------------------------------


def record(environment: str) -> Snapshot:
    """Examine a real environment, and return what was seen, trimmed and without traces of this machine."""
    book = load_rule_book()
    os.environ.pop("PYTHONPATH", None)
    seen = examine(Request(python=environment, working_folder="/"), book).snapshot
    trimmed = _without_machine(_trimmed(seen))
    before, after = _verdict(diagnose(seen, book)), _verdict(diagnose(trimmed, book))
    if before != after:
        raise SystemExit(f"trimming changes the verdict: {sorted(before ^ after)}")
    return trimmed


def _verdict(diagnosis: Diagnosis) -> frozenset[tuple[str, str, str, str | None]]:
    return frozenset((f.code, f.severity.value, f.subject, f.cause) for f in diagnosis.findings)


def _trimmed(snapshot: Snapshot) -> Snapshot:
    """Keep a few binaries of each distribution, one of every kind first, and what their outcomes name."""
    named = {place for outcome in snapshot.imports.values() if (place := _place(outcome))}
    kept: dict[str, list[Binary]] = {}
    kinds: set[object] = set()
    for binary in snapshot.binaries:
        outcome = snapshot.imports.get(binary.path)
        use = binary.numpy
        kind = (
            binary.distribution,
            binary.module is not None,
            (use.abi, use.api, use.minimum) if use else None,
            type(outcome),
            _place(outcome),
            bool(getattr(outcome, "output", "")),
            bool(binary.missing),
        )
        group = kept.setdefault(binary.distribution, [])
        if binary.path in named or kind not in kinds or len(group) < PER_DISTRIBUTION:
            group.append(_short(binary))
        kinds.add(kind)
    binaries = tuple(binary for group in kept.values() for binary in group)
    paths = {binary.path for binary in binaries}
    wanted = {place for outcome in snapshot.imports.values() if (place := last_file(outcome))}
    host = dataclasses.replace(
        snapshot.host, stale_processes=(), cpu_flags=frozenset(), ld_library_path="", is_container=True
    )
    return dataclasses.replace(
        snapshot,
        distributions=tuple(
            dataclasses.replace(
                d,
                requires=tuple(r for r in d.requires if "extra ==" not in r),
                files=tuple(row for row in d.files or () if f"{d.location}/{row.path}" in wanted),
                damage=d.damage[:5],
            )
            for d in snapshot.distributions
        ),
        binaries=binaries,
        numpy=snapshot.numpy and dataclasses.replace(snapshot.numpy, unowned=snapshot.numpy.unowned[:20]),
        imports={path: _bounded(o) for path, o in snapshot.imports.items() if path in paths},
        host=host,
    )


def _short(binary: Binary) -> Binary:
    use = binary.numpy and dataclasses.replace(binary.numpy, texts=binary.numpy.texts[:3])
    return dataclasses.replace(binary, numpy=use)


def _place(outcome: Outcome | None) -> str | None:
    if isinstance(outcome, Raised):
        return outcome.failed_in or last_file(outcome)
    return outcome.loading if isinstance(outcome, (Died, NoAnswer)) else None


def _bounded(outcome: Outcome) -> Outcome:
    changes: dict[str, Any] = {}
    if hasattr(outcome, "output"):
        changes["output"] = outcome.output[:OUTPUT]
    if hasattr(outcome, "seconds"):
        changes["seconds"] = round(outcome.seconds, 2)
    return dataclasses.replace(outcome, **changes)


def _without_machine(snapshot: Snapshot) -> Snapshot:
    """Leave out what is true of this machine alone: its paths, its limits and its GPUs."""
    target = snapshot.target
    host = dataclasses.replace(
        snapshot.host,
        container=None,
        memory=None,
        cpu=None,
        storage=None,
        ulimits={},
        thread_limits={},
        library_paths=(),
    )
    text = encode(dataclasses.replace(snapshot, host=host, gpus=None, cuda=None))
    source = os.path.dirname(npdoctor.__path__[0])
    for path, instead in ((target.prefix, "/venv"), (target.base_prefix, "/base"), (source, "/npdoctor")):
        text = text.replace(path, instead).replace(os.path.realpath(path), instead)
    return decode(re.sub(r"/tmp/npdoctor-\w+", "/tmp/probe", text))


def main(environment: str, out: str) -> None:
    """Record one environment into a file."""
    text = encode(record(environment))
    Path(out).write_text(text, encoding="utf-8")
    sys.stderr.write(f"{out}: {len(text) // 1024} KB\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
