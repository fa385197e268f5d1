"""A text file with a sentence on each line and no classes: what a network is asked about.

>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "new.txt"
>>> _ = path.write_text("a fine film\\n\\ndull\\n")
>>> sentences_in(path).sentences
('a fine film', 'dull')
"""

from dataclasses import dataclass
from pathlib import Path

from striate.data.left_out import LeftOut
from striate.errors import InputError

from .decoding import Decoded, NotTextError, decoded
from .rows import bad_line

MOST_LINES = 10_000  # sentences of a file that a network is asked about
NO_LABEL = "?"


@dataclass(frozen=True)
class Unlabelled:
    """The sentences of a file, a sentence on each thing that was decided, and the lines that are none."""

    sentences: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def sentences_in(path: Path, bad: str = "skip") -> Unlabelled:
    """The sentences of a text file, those of its first lines.

    Raises:
        InputError: It can't be read, or with "refuse", a line can't.
    """
    text = text_of(path)
    lines = [(number, line.strip()) for number, line in enumerate(text.lines, start=1) if line.strip()]
    faults = [fault for number, line in lines if (fault := bad_line(NO_LABEL, number, line))]
    if faults and bad == "refuse":
        raise InputError(f"{path}, line {faults[0].line:,}: {faults[0].rule}; {faults[0].remedy}")
    wrong = {fault.line for fault in faults}
    good = [line for number, line in lines if number not in wrong]
    notes = [f"{path}: {note}" for note in text.notes]
    if len(good) > MOST_LINES:
        notes.append(f"{path}: only the first {MOST_LINES:,} of its {len(good):,} sentences are answered")
    left_out = (LeftOut(f"{path}:{fault.line}", "lines", fault.rule) for fault in faults)
    return Unlabelled(tuple(good[:MOST_LINES]), tuple(notes), tuple(left_out))


def text_of(path: Path) -> Decoded:
    """The lines of a text file.

    Raises:
        InputError: It can't be read, or is no text.
    """
    try:
        return decoded(path.read_bytes())
    except NotTextError as error:
        raise InputError(f"cannot read '{path}': {error}; save it as UTF-8 text") from error
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror}); check that it may be read") from error
