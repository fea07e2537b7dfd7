"""The parts of a document: a small closed set, each of which every format can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from npdoctor.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Code:
    """A word of code: a name, a requirement, a path, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to an address."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A state: broken, warning, unknown, info or ok."""

    state: str


# In a plain text, what stands between two backticks is code; a format finds that after redaction, because
# a secret and the name that gives it away must not be torn apart before.
Inline: TypeAlias = "str | Code | Link | Mark"
Words: TypeAlias = "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    words: Words


@dataclass(frozen=True, slots=True)
class Bullets:
    """Items in no order that matters."""

    items: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """Items in an order that matters."""

    items: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first of which names what its row is about."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines to be copied; `language` names how they are to be coloured, empty for not at all."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """The lines of a unified diff of one file."""

    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that should be so: `state` is ok, broken, or unknown where nobody looked."""

    state: str
    words: Words
    evidence: Words = ()


@dataclass(frozen=True, slots=True)
class Checklist:
    """What should be so, each with what became of looking."""

    items: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One finding; `symptoms` are the subjects that fail because of it, `folded` counts evidence left out."""

    finding: Finding
    symptoms: tuple[str, ...] = ()
    folded: int = 0


Block: TypeAlias = "Paragraph | Bullets | Numbered | Table | CodeBlock | Diff | Checklist | Case | Section"


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a title; `id` is unique in the document and names the section in a link."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A title and sections. `warning` stands above all else, empty for none."""

    title: str
    sections: tuple[Section, ...]
    warning: str = ""
