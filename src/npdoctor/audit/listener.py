"""Who hears how an audit goes."""

from __future__ import annotations


class AuditListener:
    """Hears how an audit goes; this one says nothing, a face overrides what it shows."""

    def stage(self, words: str) -> None:
        """Hear what begins."""

    def looked(self, done: int, total: int, name: str) -> None:
        """Hear of how many distributions the wheels were read."""
