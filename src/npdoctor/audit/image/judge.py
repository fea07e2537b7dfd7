"""Judge a Dockerfile (NPD504): steps that put back, move or never verify what the requirements say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.version import Version

from npdoctor.audit.image.moves import moving
from npdoctor.audit.image.order import Step, commands_of, contradict, numpy_side, steps_of
from npdoctor.audit.image.wording import evidence_of, finding, replaced, running, shown
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.image import Act, Image
from npdoctor.model.requirement import parsed_version
from npdoctor.model.rules import RuleBook

_IMPORTS = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "torch": "torch",
    "torchvision": "torchvision",
    "scikit-learn": "sklearn",
    "scikit-image": "skimage",
    "opencv-python": "cv2",
    "opencv-python-headless": "cv2",
}


def judge_image(
    image: Image, named: Mapping[str, tuple[Declared, ...]], numpy: str, book: RuleBook
) -> tuple[Finding, ...]:
    """Return what in a Dockerfile undoes the requirements; `numpy` is the wanted version.

    `named` maps the files that -r and -c name, as written, to what they declare. A file that it does not
    have is said to be unknown.
    """
    steps = steps_of(image, named)
    wanted = parsed_version(numpy) or Version("2")
    found = [
        *_pinned_to_the_other(image, steps, wanted, numpy),
        *_contradicting_itself(image, steps),
        *moving(image, steps, book, wanted),
        *_redirected(image, steps),
        *_unverified(image, steps, book),
        *_unread(image, steps),
    ]
    return tuple(sorted(found, key=lambda f: f.severity.rank))


def _pinned_to_the_other(
    image: Image, steps: tuple[Step, ...], wanted: Version, numpy: str
) -> Iterator[Finding]:
    """Yield what holds NumPy on the other side of version 2 than the wanted one."""
    side = 2 if wanted.major >= 2 else 1
    for index, step in enumerate(steps):
        own = [d for d in step.of("numpy") if d.path == image.path or d.constraint]
        held = next((d for d in own if numpy_side(d.specifier) == 3 - side), None)
        if held is None or any(contradict(held, d) for d in step.of("numpy")):
            continue
        yield _of_pin(image, steps, index, held, side, numpy)


def _of_pin(
    image: Image, steps: tuple[Step, ...], index: int, held: Declared, side: int, numpy: str
) -> Finding:
    step, later = steps[index], steps[index + 1 :]
    other = f"NumPy {3 - side}" if side == 2 else "NumPy 2"
    line = step.command.line
    evidence = [*evidence_of(image, step), *([] if held.path == image.path else [_line_of(held)])]
    does = "limits NumPy to" if held.constraint else "asks for"
    said = f"Line {line} {does} `numpy{held.specifier}`, and NumPy {numpy} is wanted."
    right = [(s, d) for s in later for d in s.of("numpy") if numpy_side(d.specifier) == side]
    severity = Severity.WARNING
    if right:
        mover, declared = right[0]
        evidence += [
            *evidence_of(image, mover),
            *([] if declared.path == image.path else [_line_of(declared)]),
        ]
        said += (
            f" Line {mover.command.line} asks for `numpy{declared.specifier}` afterwards and replaces it. "
            f"What is installed in between is chosen for {other}, and not looked at again."
            if mover is not later[0]
            else f" Line {mover.command.line} asks for `numpy{declared.specifier}` right after it and "
            f"replaces it, so that nothing of line {line} lasts."
        )
    elif later:
        said += (
            f" It is not the last install: {_lines(later)}. An installer leaves what is there as long as it "
            f"satisfies, so {other} stays unless one of those packages asks for another."
        )
    else:
        before = any(numpy_side(d.specifier) == side for s in steps[:index] for d in s.of("numpy"))
        again = "undoes what an earlier step asked for" if before else "is the last word"
        said += f" It is the last install and {again}: the image has {other}."
        if step.command.certain and not step.command.unread and not held.constraint and not held.marker:
            severity = Severity.BROKEN
    correct = f"=={numpy}" if held.exact else (">=2,<3" if side == 2 else "<2")
    where = "" if held.path == image.path else f" In {held.path}, line {held.line}, write `numpy{correct}`."
    remedy = where.strip() or (
        f"Leave NumPy out of line {held.line}, or write:\n"
        + running(replaced(step.command.text, held, correct))
    )
    return finding(image, severity, f"A step holds {other}", said, tuple(evidence), remedy)


def _contradicting_itself(image: Image, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Yield steps in which a pin of the Dockerfile and a line of its files admit no version together."""
    for step in steps:
        own = [d for d in step.says if d.path == image.path or d.constraint]
        for mine in own:
            other = next((d for d in step.of(mine.name) if contradict(mine, d)), None)
            if other is None or (other.path == image.path and other.line < mine.line):
                continue
            certain = step.command.certain and not mine.marker and not other.marker
            yield finding(
                image,
                Severity.BROKEN if certain else Severity.WARNING,
                f"A step asks for two versions of {mine.name}",
                f"Line {step.command.line} asks for `{shown(mine)}` ({_place(mine)}) and `{shown(other)}` "
                f"({_place(other)}) at once. No version is both: the installer refuses and the build ends.",
                (*evidence_of(image, step), _line_of(mine), _line_of(other)),
                f"Make both say the same of {mine.name}, or take it out of one of them.",
            )
            break


def _redirected(image: Image, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Yield requirements whose version the shell takes for a redirection."""
    for step in steps:
        if not step.command.lost:
            continue
        texts = ", ".join(f"`{text}`" for text in step.command.lost)
        quoted = " ".join(f"'{text}'" for text in step.command.lost)
        yield finding(
            image,
            Severity.WARNING,
            "The shell takes versions for redirections",
            f"Line {step.command.line} has {texts} without quotes. The shell reads what begins with < or > "
            "as a file to read from or to write to, so the installer is given the bare name.",
            evidence_of(image, step),
            f"Put quotes around it: {quoted}",
        )


def _unverified(image: Image, steps: tuple[Step, ...], book: RuleBook) -> Iterator[Finding]:
    """Yield that nothing verifies the image after the last install, if that concerns NumPy at all."""
    names = {d.name for step in steps for d in step.asks}
    touched = sorted(n for n in names if n in _IMPORTS or (n in book.packages and book.packages[n].numpy2))
    altering = [s for s in steps if s.asks or (s.unread and not s.has("--no-deps"))]
    if not touched or not altering:
        return
    commands = commands_of(image)
    last = max(i for i, c in enumerate(commands) if c is altering[-1].command)
    checks = [i for i, c in enumerate(commands) if c.act is Act.VERIFY]
    if any(i > last for i in checks):
        return
    line = altering[-1].command.line
    said = f"Nothing verifies the image after its last install, line {line}."
    if checks:
        said += f" The verification of line {commands[checks[-1]].line} comes before it."
    if any(s.has("--no-deps") for s in altering):
        said += " And --no-deps leaves out what would have been checked while installing."
    said += " What does not fit NumPy shows only when the program runs."
    modules = ", ".join(dict.fromkeys(_IMPORTS[n] for n in touched if n in _IMPORTS)) or "numpy"
    yield finding(
        image,
        Severity.WARNING,
        "Nothing verifies the result",
        said,
        evidence_of(image, altering[-1]),
        f'Add as the last step:\nRUN python -m pip check && python -c "import {modules}"\n'
        "or `npdoctor check --no-import`, where npdoctor is installed in the image.",
    )


def _unread(image: Image, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Yield which files of the steps nobody could read."""
    unread = [(step, file) for step in steps for file in step.unread]
    if not unread:
        return
    files = ", ".join(dict.fromkeys(file for _, file in unread))
    evidence = tuple(dict.fromkeys(e for step, _ in unread for e in evidence_of(image, step)))
    yield finding(
        image,
        Severity.UNKNOWN,
        "Files of the steps were not read",
        f"The steps install from {files}, which could not be looked at. "
        "Whether that moves NumPy is not known.",
        evidence,
        "Give these files to the audit as well.",
    )


def _lines(steps: tuple[Step, ...]) -> str:
    numbers = [str(s.command.line) for s in steps[:5]]
    more = " and others" if len(steps) > 5 else ""
    return f"line {numbers[0]} follows" if len(steps) == 1 else f"lines {', '.join(numbers)}{more} follow"


def _place(declared: Declared) -> str:
    return f"{declared.path}:{declared.line}"


def _line_of(declared: Declared) -> Evidence:
    return Evidence("file", _place(declared), shown(declared))
