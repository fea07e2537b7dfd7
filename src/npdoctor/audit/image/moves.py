"""Find installs that may move what an earlier step of the Dockerfile pinned, or took from its own index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import Version

from npdoctor.audit.image.arguments import names
from npdoctor.audit.image.order import Step, contradict, is_bounded, numpy_side
from npdoctor.audit.image.wording import evidence_of, finding, running, shown, with_pins
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.image import Image
from npdoctor.model.rules import RuleBook

TORCH_FAMILY = frozenset({"torch", "torchvision", "torchaudio"})
# Each has torch among the requirements of its wheels (Requires-Dist), directly or by one that has.
_NEED_TORCH = names(
    """
    torchvision torchaudio xformers accelerate bitsandbytes peft timm ultralytics easyocr vllm flash-attn
    sentence-transformers open-clip-torch lightning pytorch-lightning torchmetrics deepspeed kornia optimum
    trl openai-whisper whisperx pyannote-audio docling-ibm-models docling docstrange stable-baselines3
    """
)
_WITHOUT_NUMPY = frozenset({"torch", "torchaudio", "tokenizers", "polars", "duckdb"})
_USUAL_INDEXES = ("https://pypi.org/simple", "https://pypi.python.org/simple")


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an earlier step asked for, and the indexes of its own that it used."""

    declared: Declared
    step: Step
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Move:
    """What a later step may do to something kept: `how` says it, `sure` that it will."""

    kept: _Kept
    how: str
    sure: bool
    other: Declared | None = None


def moving(image: Image, steps: tuple[Step, ...], book: RuleBook, wanted: Version) -> Iterator[Finding]:
    """Yield, for each later install, what it may move that earlier ones pinned or took from an index."""
    kept: dict[str, _Kept] = {}
    side = 2 if wanted.major >= 2 else 1
    for step in steps:
        moves = [m for name in kept if (m := _move(kept[name], step, book)) is not None]
        if moves:
            yield _told(image, step, moves)
        for declared in step.says:
            if declared.name == "numpy" and numpy_side(declared.specifier) == 3 - side:
                kept.pop("numpy", None)
                continue
            indexes = _own_indexes(step) if declared.name in TORCH_FAMILY else ()
            if is_bounded(declared) or indexes:
                kept[declared.name] = _Kept(declared, step, indexes)


def _own_indexes(step: Step) -> tuple[str, ...]:
    return tuple(i for i in step.command.indexes if i.rstrip("/") not in _USUAL_INDEXES and "://" in i)


def _move(kept: _Kept, step: Step, book: RuleBook) -> _Move | None:
    """Return what a step may do to what is kept, None where it leaves it alone or that cannot be known."""
    name = kept.declared.name
    mine = step.of(name)
    other = next((d for d in mine if contradict(kept.declared, d)), None)
    if other is not None:
        return _Move(kept, f"asks for `{shown(other)}`", True, other)
    if name not in TORCH_FAMILY | {"numpy"} or any(f in step.unread for f in step.command.constraints):
        return None
    if any(is_bounded(d) and (d.exact or d.specifier == kept.declared.specifier) for d in mine):
        return _reinstalled(kept, step) if step.has("--force-reinstall") else None
    if mine:
        return _named(kept, step, mine[0])
    if step.has("--no-deps"):
        return None
    users = [d for d in step.asks if _needs(d.name, name, book)]
    settled = all(d.exact for d in users) and set(kept.indexes) <= set(step.command.indexes)
    if not users or (settled and not step.has("--force-reinstall")):
        return None
    brought = ", ".join(dict.fromkeys(d.name for d in users[:3]))
    if step.has("--force-reinstall"):
        return _Move(
            kept, f"installs {brought} with --force-reinstall, which installs {name} again too", False
        )
    return _Move(kept, f"installs {brought} and does not say which {name} to keep", False)


def _named(kept: _Kept, step: Step, mine: Declared) -> _Move | None:
    """Return what a step may do that names what is kept without one version."""
    for option in ("--upgrade", "--force-reinstall"):
        if step.has(option):
            how = f"asks for `{shown(mine)}` with {option}, which takes the newest that it admits"
            return _Move(kept, how, False, mine)
    if len(step.asks) == 1 and step.asks[0].name == mine.name and not step.unread:
        return None
    return _Move(kept, f"asks for `{shown(mine)}`, which admits other versions", False, mine)


def _reinstalled(kept: _Kept, step: Step) -> _Move | None:
    """Return what --force-reinstall does to a pinned build from an index that the step is not given."""
    if set(kept.indexes) <= set(step.command.indexes) or "+" in kept.declared.specifier:
        return None
    return _Move(kept, f"installs {kept.declared.name} again (--force-reinstall)", False)


def _needs(user: str, name: str, book: RuleBook) -> bool:
    """Tell whether a distribution is known to require another one, of torch's family or NumPy."""
    if name == "numpy":
        return user not in _WITHOUT_NUMPY and user in book.packages and book.packages[user].numpy2 is not None
    return name == "torch" and user in _NEED_TORCH


def _told(image: Image, step: Step, moves: list[_Move]) -> Finding:
    line = step.command.line
    evidence = list(evidence_of(image, step))
    parts, missing = [], dict[str, None]()
    for move in moves:
        kept = move.kept
        evidence += evidence_of(image, kept.step)
        evidence += [
            _line_of(d) for d in (kept.declared, move.other) if d is not None and d.path != image.path
        ]
        parts.append(
            f"Line {kept.step.command.line} asks for `{shown(kept.declared)}`. Line {line} {move.how}, so it "
            f"{'replaces' if move.sure else 'may replace'} it."
        )
        lacking = [i for i in kept.indexes if i not in step.command.indexes]
        missing.update(dict.fromkeys(lacking))
        if lacking:
            parts.append(
                f"The {kept.declared.name} of line {kept.step.command.line} is from {', '.join(lacking)}, "
                f"which line {line} is not given: the other build would come from another index."
            )
    pins = tuple(m.kept.declared for m in moves if is_bounded(m.kept.declared) and not m.sure)
    sure = [m.kept.declared.name for m in moves if m.sure]
    remedy = []
    if sure:
        remedy.append(f"Make both steps say the same of {', '.join(sure)}.")
    if pins or missing:
        remedy.append(
            "Install everything in one step, or give this one the same pins:\n"
            + running(with_pins(step.command.text, pins, tuple(missing)))
        )
    moved = ", ".join(m.kept.declared.name for m in moves[:4])
    title = f"A later install {'moves' if sure else 'may move'} {moved}"
    return finding(image, Severity.WARNING, title, " ".join(parts), tuple(evidence), "\n".join(remedy))


def _line_of(declared: Declared) -> Evidence:
    return Evidence("file", f"{declared.path}:{declared.line}", shown(declared))
