"""Check a loaded rule book for meaning: what its rules say must be true of themselves.

These checks cost more than loading may, so that they are run by the tests and by `npdoctor rules`.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from npdoctor.errors import RuleBookError
from npdoctor.model.cuda_driver import CudaRelease
from npdoctor.model.rules import PackageRule, Pairing, RuleBook, Signature, TorchIndex

PAIRING_FIELDS = frozenset({"version", "beside_version"})


def validate(book: RuleBook) -> None:
    """Raise on the first rule that contradicts itself."""
    for problem in problems(book):
        raise RuleBookError(problem)


def problems(book: RuleBook) -> Iterator[str]:
    """Name every rule that contradicts itself, with its file and key."""
    for package in book.packages.values():
        for key, reason in _package_problems(package):
            yield f"{book.path}: [[package]] {package.name}: {key}: {reason}"
    for signature in book.signatures:
        for key, reason in _signature_problems(signature):
            yield f"{book.path}: [[signature]] {signature.id}: {key}: {reason}"
    for pairing in book.pairings:
        for key, reason in _pairing_problems(pairing):
            yield f"{book.path}: [[pairing]] {pairing.id}: {key}: {reason}"
    yield from _problems_of_cuda(book)
    for smoke in book.smoke:
        wrong = _source_problem(smoke.code)
        if wrong:
            yield f"{book.path}: [[smoke]] {smoke.id}: code: {wrong}"


def _problems_of_cuda(book: RuleBook) -> Iterator[str]:
    for release in book.cuda:
        for key, reason in _cuda_problems(release, book.cuda):
            yield f"{book.path}: [[cuda]] {release.version}: {key}: {reason}"
    before = None
    for index in book.torch_indexes:
        for key, reason in _index_problems(index, before):
            yield f"{book.path}: [[torch_index]] {_dotted(index.cuda)}: {key}: {reason}"
        before = index


def _package_problems(rule: PackageRule) -> Iterator[tuple[str, str]]:
    parsed: dict[str, Version] = {}
    for key, text in (("numpy2", rule.numpy2), ("last_numpy1", rule.last_numpy1)):
        version = _version(text) if text is not None else None
        if version is not None:
            parsed[key] = version
        elif text is not None:
            yield key, f"{text!r} is no version (PEP 440)"
    if len(parsed) == 2 and parsed["numpy2"] <= parsed["last_numpy1"]:
        yield "numpy2", f"{rule.numpy2} is not later than last_numpy1, {rule.last_numpy1}"


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _signature_problems(rule: Signature) -> Iterator[tuple[str, str]]:
    if not rule.pattern.search(rule.example):
        yield "example", "is not matched by the rule's own pattern"
    for text in rule.unlike:
        if rule.pattern.search(text):
            yield "unlike", f"is matched by the rule's own pattern: {text[:60]!r}"
    if rule.pattern.search(""):
        yield "pattern", "matches the empty text, and so every text"
    groups = {str(number) for number in range(rule.pattern.groups + 1)} | set(rule.pattern.groupindex)
    for key, text in (("cause", rule.cause), ("remedy", rule.remedy)):
        for reason in _placeholder_problems(text, groups):
            yield key, reason


def _placeholder_problems(text: str, groups: set[str] | frozenset[str]) -> Iterator[str]:
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError as error:
        yield f"has braces that do not pair ({error}); write {{{{ and }}}} for literal ones"
        return
    for _, name, layout, conversion in fields:
        if name is None:
            continue
        if layout or conversion or name not in groups:
            yield f"{{{name}}} names no group of the pattern"


def _pairing_problems(rule: Pairing) -> Iterator[tuple[str, str]]:
    for key, text in (("versions", rule.versions), ("beside_versions", rule.beside_versions)):
        if not _is_specifier(text):
            yield key, f"{text!r} is no version specifier (PEP 440)"
    if rule.distribution == rule.beside:
        yield "beside", "is the distribution itself"
    for key, text in (("cause", rule.cause), ("remedy", rule.remedy)):
        for reason in _placeholder_problems(text, PAIRING_FIELDS):
            yield key, reason.replace("group of the pattern", "version of the pairing")


def _cuda_problems(rule: CudaRelease, table: Sequence[CudaRelease]) -> Iterator[tuple[str, str]]:
    numbers = {key: _numbers(text) for key, text in (("version", rule.version), ("floor", rule.floor))}
    if rule.driver is not None:
        numbers["driver"] = _numbers(rule.driver)
    for key, parsed in numbers.items():
        if parsed is None:
            yield key, "is no version of numbers and dots"
    driver, floor = numbers.get("driver"), numbers["floor"]
    if driver and floor and driver < floor:
        yield "driver", f"{rule.driver} is older than the floor, {rule.floor}"
    major = rule.version.partition(".")[0]
    floors = {other.floor for other in table if other.version.partition(".")[0] == major}
    if len(floors) > 1:
        yield "floor", f"differs within CUDA {major}: {', '.join(sorted(floors))}"


def _index_problems(rule: TorchIndex, before: TorchIndex | None) -> Iterator[tuple[str, str]]:
    major, minor = rule.cuda
    if not rule.url.startswith("https://") or not rule.url.endswith(f"/cu{major}{minor}"):
        yield "url", f"is no https address that ends with /cu{major}{minor}"
    if before and before.cuda > rule.cuda:
        yield "cuda", f"comes after {_dotted(before.cuda)}: they go from old to new"
    if list(rule.gpus) != sorted(set(rule.gpus)):
        yield "gpus", "do not go from old to new"


def _dotted(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"


def _numbers(text: str) -> tuple[int, ...] | None:
    parts = text.split(".")
    return tuple(map(int, parts)) if all(p.isascii() and p.isdigit() for p in parts) else None


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _source_problem(code: str) -> str | None:
    try:
        compile(code, "smoke", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"does not compile: {error}"
    return None
