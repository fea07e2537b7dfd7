"""The limits that the person's own files set for this target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.markers import InvalidMarker, Marker

from npdoctor.model.declaration import Declared
from npdoctor.model.requirement import marker_environment
from npdoctor.model.target import Target


def limits_for(target: Target, declared: Iterable[Declared]) -> Mapping[str, str]:
    """Map each declared name to the person's own specifiers that apply to the target, joined."""
    environment = marker_environment(target)
    found: dict[str, list[str]] = {}
    for line in declared:
        if line.specifier and not line.direct and not line.from_fix and _applies(line.marker, environment):
            found.setdefault(line.name, []).append(line.specifier)
    return {name: ",".join(dict.fromkeys(texts)) for name, texts in found.items()}


def _applies(marker: str, environment: Mapping[str, str]) -> bool:
    try:
        return not marker or Marker(marker).evaluate(dict(environment))
    except InvalidMarker:
        return False
