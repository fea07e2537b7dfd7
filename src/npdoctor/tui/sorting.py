"""The orders in which a pane can list its rows, and the words for the one that is chosen; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from npdoctor.tui.signs import Signs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sort(Generic[T]):
    """One order; without `by` the rows stay as they come, gravest first."""

    name: str
    by: Callable[[T], Any] | None = None


@dataclass(frozen=True, slots=True)
class Ordering:
    """What was chosen: the position among the pane's sorts, and whether it is turned round."""

    position: int = 0
    reverse: bool = False

    def following(self, sorts: tuple[Sort[Any], ...]) -> Ordering:
        """Return the next order, the right way round."""
        return Ordering((self.position + 1) % len(sorts))

    def turned(self) -> Ordering:
        """Return the same order from the other end."""
        return Ordering(self.position, not self.reverse)


def ordered(rows: tuple[T, ...], sorts: tuple[Sort[T], ...], ordering: Ordering) -> tuple[T, ...]:
    """Return the rows in the order that was chosen, what is ignored last; equal ones stay as they come."""
    by = sorts[ordering.position].by if sorts else None
    if by is not None:
        rows = tuple(sorted(rows, key=by, reverse=ordering.reverse))
    elif ordering.reverse:
        rows = rows[::-1]
    return tuple(sorted(rows, key=_is_ignored))


def _is_ignored(row: object) -> bool:
    return bool(getattr(row, "reason", ""))


def order_words(sorts: tuple[Sort[Any], ...], ordering: Ordering, signs: Signs) -> str:
    """Name the order that was chosen, as the line under a list shows it."""
    if not sorts:
        return ""
    left, right = ("<", ">") if signs.only_ascii else ("‹", "›")
    return f"sort {left}{sorts[ordering.position].name}{right}{' reversed' if ordering.reverse else ''}"
