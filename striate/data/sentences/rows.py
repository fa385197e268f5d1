"""What a reader makes of a file's lines: labelled sentences, and the lines that are none.

>>> bad_line("ok", 3, "good\\0")
Fault(line=3, rule='a NUL byte', remedy='save the file as UTF-8 text')
"""

from dataclasses import dataclass

NO_LABEL = "?"  # of a sentence whose class is not read
LONGEST = 1_000_000  # characters of a sentence; a novel is shorter


@dataclass(frozen=True)
class Row:
    """A sentence, its class, and where it begins, counted from 1."""

    label: str
    sentence: str
    line: int


@dataclass(frozen=True)
class Fault:
    """A line that is no labelled sentence: the rule that it breaks, and a way out."""

    line: int
    rule: str
    remedy: str


@dataclass(frozen=True)
class Read:
    """What a file holds.

    Attributes:
        rows: its labelled sentences.
        faults: lines with something in them that are none.
        empty: how many lines are empty.
        notes: a sentence on each thing that was decided.
    """

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...] = ()
    empty: int = 0
    notes: tuple[str, ...] = ()


def bad_line(label: str, number: int, sentence: str) -> Fault | None:
    """What is wrong with a label and its sentence, if anything is."""
    if "\0" in sentence or "\0" in label:
        return Fault(number, "a NUL byte", "save the file as UTF-8 text")
    if len(sentence) > LONGEST or len(label) > LONGEST:
        most = f"more than the {LONGEST:,} that are read"
        return Fault(number, f"a sentence of {len(sentence):,} characters, {most}", "put one sentence on each line")
    if not label.strip():
        return Fault(number, "a sentence without a label", "write its class before it")
    if not sentence.strip():
        return Fault(number, f"the label '{shortened(label)}' without a sentence", "add one, or remove the line")
    return None


def shortened(text: str) -> str:
    """The beginning of a text, printable, for a message."""
    plain = "".join(c if c.isprintable() else "?" for c in text.strip()[:41])
    return plain[:40] + "…" if len(plain) > 40 else plain


def _bare(label: str) -> str:
    """A label without space around it, and without the mark that a file in UTF-8 begins with: joined files keep it."""
    return label.strip().lstrip("\ufeff").strip()


def collected(found: list[tuple[str, str, int]], empty: int = 0, notes: tuple[str, ...] = ()) -> Read:
    """The rows among (label, sentence, line), and the faults of the others."""
    faults = [bad_line(_bare(label), line, sentence) for label, sentence, line in found]
    rows = (Row(_bare(label), sentence.strip(), line) for label, sentence, line in found)
    good = tuple(row for row, fault in zip(rows, faults, strict=True) if fault is None)
    return Read(good, tuple(fault for fault in faults if fault), empty, notes)
