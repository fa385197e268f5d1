"""What a check found, for people and for programs.

>>> one = Finding("damaged", "cat/3.jpg", "cut short")
>>> Checked("pets", "my/pets", 20, {"train": 20}, {"cat": 20}, (one,)).to_json()["faults"]
1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from striate.data.left_out import printable

from .kinds import KINDS, Kind

SHOWN = 5  # of a kind, where not all are asked for
MOST_COPIES = 3  # other copies named in a line


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or odd.

    Attributes:
        kind: A key of `KINDS`.
        path: The file, line or class it is about.
        said: What is the matter.
        also: Other files that it is about: the copies.
    """

    kind: str
    path: str
    said: str = ""
    also: tuple[str, ...] = ()

    @property
    def about(self) -> Kind:
        """Whether its kind is a fault, and what follows."""
        return KINDS[self.kind]

    def __str__(self) -> str:
        more = f" and {len(self.also) - MOST_COPIES:,} more" if len(self.also) > MOST_COPIES else ""
        others = " = " + ", ".join(self.also[:MOST_COPIES]) + more if self.also else ""
        return printable(self.path + others + (f": {self.said}" if self.said else ""))

    def to_json(self) -> dict[str, Any]:
        """It for programs."""
        also = {"also": list(self.also)} if self.also else {}
        return {"kind": self.kind, "fault": self.about.fault, "path": self.path, "said": self.said, **also}


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    Attributes:
        name, source: The data's short name, and where they are.
        examples: How many can be read.
        parts, classes: How many are in each.
        findings: What was found, the order that of `KINDS`.
        notes: What could not be checked, a sentence each.
    """

    name: str
    source: str
    examples: int
    parts: Mapping[str, int]
    classes: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that are faults, not merely odd."""
        return tuple(one for one in self.findings if one.about.fault)

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of a kind."""
        return tuple(one for one in self.findings if one.kind == kind)

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate data check --json`."""
        return {
            "data": self.source,
            "examples": self.examples,
            "parts": dict(self.parts),
            "classes": dict(self.classes),
            "faults": len(self.faults),
            "odd": len(self.findings) - len(self.faults),
            "findings": [one.to_json() for one in self.findings],
            "notes": list(self.notes),
        }

    def lines(self, most: int | None = SHOWN) -> Iterator[str]:
        """It for people: a paragraph for each kind, faults first, each with its first files.

        Args:
            most: Files shown of a kind; None for all.
        """
        parts = ", ".join(f"{count:,} {part}" for part, count in self.parts.items() if part)
        classes = f", {len(self.classes)} class{'es' * (len(self.classes) != 1)}" if self.classes else ""
        yield f"{self.name}: {self.examples:,} examples{f' ({parts})' if parts else ''}{classes}"
        for kind, about in KINDS.items():
            found = self.of(kind)
            if found:
                yield f"{'FAULT' if about.fault else 'odd'}  {kind} ({len(found):,}): {about.means}"
                yield from (f"    {one}" for one in found[:most])
                if most is not None and len(found) > most:
                    yield f"    … {len(found) - most:,} more; `all=True` or `json=True` names them"
        faults = len(self.faults)
        yield f"{faults:,} fault{'s' * (faults != 1)}, {len(self.findings) - faults:,} odd"


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings by their kinds, faults first, and as they were found within each."""
    rank = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(sorted(findings, key=lambda one: rank[one.kind]))
