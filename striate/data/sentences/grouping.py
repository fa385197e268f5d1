"""Which text files make up one data set: by part (`TREC.train.all`, `TREC.test.all`) or by class (`mr.pos`, `mr.neg`).

>>> [(g.name, g.files) for g in grouped(["mr.neg", "mr.pos", "sst.dev", "sst.train", "README.md"])]
[('mr', ('mr.neg', 'mr.pos')), ('sst', ('sst.train', 'sst.dev'))]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from striate.data.parquet import PARQUET, is_readable
from striate.data.parts import PARTS, Part, part_of

TEXTS = (".txt", ".text", ".csv", ".tsv", ".tab", ".all", ".data", ".dat")
ENDS = (*TEXTS, PARQUET)  # suffixes that say nothing of the content
NO_DATA = ("readme", "license", "licence", "copying", "notice", "changelog", "requirements", "makefile", "citation")
OTHERS = (
    *(".md", ".rst", ".html", ".htm", ".pdf", ".json", ".xml", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".lock"),
    *(".py", ".sh", ".lua", ".ipynb", ".log", ".bib", ".tex", ".gz", ".xz", ".zip", ".tar", ".npy", ".npz", ".wav"),
)
CLASSES = ("pos", "positive", "neg", "negative", "neu", "neutral", "subjective", "objective", "spam", "ham")


@dataclass(frozen=True)
class Group:
    """The files of one data set.

    Attributes:
        name: what their names share; "" when they share nothing (`train.csv`, `test.csv`).
        files: their names.
        parts: the part of each.
        labels: the class of each by its name (`mr.pos`); "" when its lines have their own.
    """

    name: str
    files: tuple[str, ...]
    parts: tuple[Part, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class _Name:
    """A file's name, taken apart."""

    file: str
    stem: str
    part: Part | None
    label: str


def is_candidate(name: str) -> bool:
    """Whether a file may hold sentences, judged by its name."""
    low = name.lower()
    return not low.startswith((".", *NO_DATA)) and not low.endswith(OTHERS) and is_readable(name)


def grouped(names: Iterable[str]) -> list[Group]:
    """The data sets among files of one folder, by name."""
    taken = [_taken_apart(name) for name in sorted(names) if is_candidate(name)]
    groups: dict[tuple[str, bool], list[_Name]] = {}
    for name in _with_classes(taken):
        groups.setdefault((name.stem.lower(), name.part is not None), []).append(name)
    return [_group(found) for _, found in sorted(groups.items())]


def _group(names: Sequence[_Name]) -> Group:
    ordered = sorted(names, key=lambda name: (PARTS.index(name.part or "train"), name.file))
    parts: tuple[Part, ...] = tuple(name.part or "train" for name in ordered)
    return Group(names[0].stem, tuple(n.file for n in ordered), parts, tuple(n.label for n in ordered))


def _taken_apart(file: str) -> _Name:
    """`TREC.train.all` is TREC, train; `rt-polarity.pos` is rt-polarity, pos."""
    core = file
    while core.lower().endswith(ENDS) and core.count("."):
        core = core[: core.rindex(".")]
    pieces = core.replace("_", ".").split(".")
    found = [(at, named[0]) for at, piece in enumerate(pieces) if (named := part_of(piece))]
    whole = part_of(core)
    if not found or not whole:
        stem, _, end = core.rpartition(".")
        label = end if stem else core if core.lower() in CLASSES else ""
        return _Name(file, stem if label or stem else core, None, label)
    at, part = found[0]
    rest = [*pieces[:at], *pieces[at + 1 :]]
    if rest and rest[-1].lower() in CLASSES:
        return _Name(file, ".".join(rest[:-1]), part, rest[-1])
    return _Name(file, ".".join(rest), part, "")


def _with_classes(names: Sequence[_Name]) -> list[_Name]:
    """The names; an end is a class only where another file has the same stem and another end (`mr.pos`, `mr.neg`)."""
    stems: dict[tuple[str, Part | None], set[str]] = {}
    for name in names:
        stems.setdefault((name.stem, name.part), set()).add(name.label)
    alone = {key for key, labels in stems.items() if len(labels) < 2 or "" in labels}
    return [
        _Name(name.file, f"{name.stem}.{name.label}".strip("."), name.part, "")
        if name.label and (name.stem, name.part) in alone
        else name
        for name in names
    ]
