"""Turn the tables of each section into the entries of model/rules.py."""

from __future__ import annotations

from collections.abc import Collection

from npdoctor.model.cuda_driver import CudaRelease
from npdoctor.model.finding import Severity
from npdoctor.model.rules import (
    CodeRule,
    OptionalModule,
    PackageRule,
    Pairing,
    Signature,
    SmokeTest,
    TorchIndex,
)
from npdoctor.rulebook.entry import Entry

SEVERITIES = tuple(s.value for s in Severity)
BINARIES = ("numpy", "none")
HOW = ("wheel", "metadata", "release notes")
GROUPS = ("audio", "document", "geo", "image", "ml", "scientific", "tool", "web")
FAMILIES = (
    "npdoctor itself",
    "binary compatibility",
    "installed distributions",
    "gpu and cuda",
    "host and container",
    "declared requirements",
    "fleet",
)
ROLES = ("cause", "wrapper", "noise")


def code_rule(entry: Entry) -> CodeRule:
    """Read a `[[code]]`."""
    rule = CodeRule(
        code=entry.code("code", None),
        title=entry.text("title"),
        family=entry.one_of("family", FAMILIES),
        severity=Severity(entry.one_of("severity", SEVERITIES)),
        meaning=entry.text("meaning"),
        check=entry.text("check"),
        remedy=entry.text("remedy"),
        wrong_when=entry.text("wrong_when"),
        see=entry.texts("see"),
    )
    entry.finish()
    return rule


def package_rule(entry: Entry) -> PackageRule:
    """Read a `[[package]]`."""
    rule = PackageRule(
        name=entry.name("name"),
        group=entry.one_of("group", GROUPS),
        binaries=entry.one_of("binaries", BINARIES),
        numpy2=entry.text("numpy2") if entry.has("numpy2") else None,
        last_numpy1=entry.text("last_numpy1") if entry.has("last_numpy1") else None,
        how=entry.one_of("how", HOW),
        source=entry.text("source"),
        unverified=entry.flag("unverified", default=False),
        note=entry.optional_text("note"),
    )
    if rule.binaries == "none" and rule.numpy2 is not None and rule.how == "wheel":
        entry.fail("numpy2", 'has no meaning where binaries = "none" was read in the wheels')
    entry.finish()
    return rule


def signature(entry: Entry, codes: Collection[str]) -> Signature:
    """Read a `[[signature]]`; a wrapper or noise may name no code."""
    role = entry.one_of("role", ROLES)
    bare = role != "cause" and not (entry.has("code") and entry.optional_text("code"))
    rule = Signature(
        id=entry.identifier(),
        pattern=entry.pattern("pattern"),
        code="" if bare else entry.code("code", codes),
        role=role,
        cause=entry.text("cause"),
        remedy=entry.text("remedy", empty=role != "cause"),
        source=entry.text("source"),
        verified=entry.flag("verified"),
        example=entry.raw("example"),
        unlike=entry.texts("unlike"),
    )
    entry.finish()
    return rule


def optional_module(entry: Entry) -> OptionalModule:
    """Read an `[[optional]]`."""
    rule = OptionalModule(
        distribution=entry.name("distribution"),
        module=entry.text("module"),
        reason=entry.text("reason"),
        source=entry.text("source"),
    )
    entry.finish()
    return rule


def pairing(entry: Entry, codes: Collection[str]) -> Pairing:
    """Read a `[[pairing]]`; empty versions mean every version."""
    rule = Pairing(
        id=entry.identifier(),
        distribution=entry.name("distribution"),
        versions=entry.optional_text("versions"),
        beside=entry.name("beside"),
        beside_versions=entry.optional_text("beside_versions"),
        severity=Severity(entry.one_of("severity", SEVERITIES)),
        code=entry.code("code", codes),
        cause=entry.text("cause"),
        remedy=entry.text("remedy"),
        source=entry.text("source"),
        verified=entry.flag("verified"),
    )
    entry.finish()
    return rule


def smoke_test(entry: Entry) -> SmokeTest:
    """Read a `[[smoke]]`; `also` names further distributions that it serves."""
    rule = SmokeTest(
        id=entry.identifier(),
        distributions=(entry.name("distribution"), *entry.names("also")),
        needs=entry.names("needs"),
        code=entry.raw("code"),
        proves=entry.text("proves"),
    )
    entry.finish()
    return rule


def cuda_release(entry: Entry) -> CudaRelease:
    """Read a `[[cuda]]`."""
    rule = CudaRelease(
        version=entry.text("version"),
        driver=entry.text("driver") if entry.has("driver") else None,
        floor=entry.text("floor"),
        source=entry.text("source"),
    )
    entry.finish()
    return rule


def torch_index(entry: Entry) -> TorchIndex:
    """Read a `[[torch_index]]`."""
    rule = TorchIndex(
        cuda=entry.pair("cuda"),
        url=entry.text("url"),
        gpus=entry.pairs("gpus"),
        serves_older=entry.flag("serves_older", default=False),
        source=entry.text("source"),
    )
    entry.finish()
    return rule
