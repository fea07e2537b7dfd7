"""The limits that the person's own files set for this target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from npdoctor.model.declaration import Declared
from npdoctor.model.requirement import marker_environment, marker_holds
from npdoctor.model.target import Target


def limits_for(target: Target, declared: Iterable[Declared]) -> Mapping[str, str]:
    """Map each declared name to the person's own specifiers that apply to the target, joined."""
    environment = marker_environment(target)
    found: dict[str, list[str]] = {}
    for line in declared:
        of_the_person = line.specifier and not line.direct and not line.from_fix
        if of_the_person and marker_holds(line.marker, environment):
            found.setdefault(line.name, []).append(line.specifier)
    return {name: ",".join(dict.fromkeys(texts)) for name, texts in found.items()}
