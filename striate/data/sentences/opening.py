"""From a path to sentences with their classes.

>>> read("/nowhere/mr.txt") is None
True
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from striate.data.left_out import LeftOut
from striate.data.loading import check_bad, places_of
from striate.data.parts import Part
from striate.errors import InputError

from .decoding import Decoded, NotTextError, decoded, text_of
from .folders import Documents, documents_in
from .forms import Form, form_of, read_labelled
from .gathering import Entry, Told, gather
from .grouping import ENDS, Group
from .labelled import SentenceSet
from .lines import read_plain
from .places import Place, begun, located
from .rows import Fault, Read, bad_line, shortened
from .tables import columns_said, first_rows

FEW = 3  # lines named of a file that can't be read
RULE = (
    "a line is a class, a tab or space, and a sentence, or the file is a table with the columns label and text; one of "
    "images has the columns path and label"
)


def read(source: str | Path, *, bad: str = "skip", known: Sequence[str] = ()) -> SentenceSet | None:
    """Reads sentences with their classes into memory.

    Args:
        source: from here or from $STRIATE_DATA: a text file with a class and a sentence on each line (parted by a tab
            or space, or fastText's `__label__`), a CSV or TSV table, a folder with one sub-folder of text files per
            class, a folder with files for each part (`train.csv`, `test.csv`) or class (`mr.pos`, `mr.neg`), or what
            the names of such files have in common (`data/TREC`).
        bad: whether lines and files that are no labelled sentence are left out and noted, or refused.
        known: classes that a network has learned; a set to test on may hold as few as one of them.

    Returns:
        The data set; None when there is nothing at `source`, or it is no text with classes.

    Raises:
        InputError: it is, and it is not what it should be.
    """
    check_bad(bad)
    path = Path(source).expanduser()
    place = next((found for one in places_of(path) if (found := _located(one))), None)
    if place is None:
        if file := _begun(path):
            raise InputError(f"no '{path}'; did you mean '{file}'?")
        return None
    reading = _Reading(place.folder, refuses=bad == "refuse")
    if isinstance(place.files, Documents):
        entries = list(reading.documents(place.files))
    elif _is_other_format(place, path):
        return None
    else:
        entries = list(reading.group(place.files))
    told = Told((*place.notes, *reading.notes), (*place.left_out, *reading.left_out))
    return gather(_name(path, place), str(source), entries, told, known)


def of_hub(place: str, known: Sequence[str] = ()) -> SentenceSet | None:
    """The labelled sentences of a set of the package `datasets`; None where it has images, or no text.

    Raises:
        InputError: It can't be read, or has one class only.
    """
    from striate.data.hub import entries

    found = entries(place)
    return None if found is None else gather(found[0], place, found[1], Told(), known)


def _located(path: Path) -> Place | None:
    try:
        return located(path)
    except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL byte
        if isinstance(error, InputError):
            raise
        return None


def _begun(path: Path) -> Path | None:
    """A file of which `path` is only the beginning; not read, for another thing may have been meant."""
    places = places_of(path)
    try:
        return None if any(place.exists() for place in places) else next(filter(None, map(begun, places)), None)
    except (OSError, ValueError):  # a name that is too long, or holds a NUL byte
        return None


@dataclass
class _Reading:
    """Reads the files of a data set one after the other; what is to be said of them gathers here."""

    folder: Path
    refuses: bool
    notes: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def group(self, group: Group) -> Iterator[Entry]:
        """The sentences of files for each part or class."""
        like: Form | None = None
        for file, part, label in zip(group.files, group.parts, group.labels, strict=True):
            text = self._text(self.folder / file)
            form = Form("plain") if label else form_of(text.lines, like)
            if label:
                yield from self._entries(file, part, read_plain(text.lines, label))
            elif form.has_labels:
                yield from self._entries(file, part, self._labelled(file, text, form))
            elif part == "train":
                raise InputError(_unlabelled(self.folder / file, text, form))
            else:
                self.left_out.append(LeftOut(file, "file without classes", "its sentences have no classes"))
            like = like or (form if part == "train" and not label else None)

    def documents(self, found: Documents) -> Iterator[Entry]:
        """The documents of each class's folder."""
        for part, folders in found.folders.items():
            every = {folder: documents_in(folder) for folder in folders}
            in_lines = all(len(paths) == 1 for paths in every.values())
            if in_lines:
                self.notes.append(f"each class has one {part} file, so its lines are the sentences")
            for folder, paths in every.items():
                for path in paths:
                    yield from self._document(path, part, folder.name, in_lines)

    def _document(self, path: Path, part: Part, label: str, in_lines: bool) -> Iterator[Entry]:
        name = path.relative_to(self.folder).as_posix()
        try:
            text = self._text(path, named=name)
        except InputError as error:
            if self.refuses:
                raise
            self.left_out.append(LeftOut(name, "unreadable file", str(error.__cause__ or error)))
            return
        if in_lines:
            yield from self._entries(name, part, read_plain(text.lines, label))
            return
        sentence = " ".join(" ".join(text.lines).split())
        fault = bad_line(label, 1, sentence) if sentence else Fault(1, "an empty file", "write its text, or remove it")
        if fault is None:
            yield Entry(part, label, sentence, name)
        else:
            self._fault(name, fault)

    def _entries(self, file: str, part: Part, read: Read) -> Iterator[Entry]:
        if len(read.faults) > len(read.rows):
            raise InputError(_mostly_bad(self.folder / file, read))
        for fault in read.faults:
            self._fault(file, fault)
        self.notes += [f"{file}: {note}" for note in read.notes]
        if read.empty:
            self.notes.append(f"{file}: {read.empty:,} empty {'line is' if read.empty == 1 else 'lines are'} skipped")
        yield from (Entry(part, row.label, row.sentence, f"{file}:{row.line}") for row in read.rows)

    def _labelled(self, file: str, text: Decoded, form: Form) -> Read:
        try:
            return read_labelled(text.lines, form)
        except InputError as error:
            raise InputError(f"{self.folder / file}, {error}") from error

    def _fault(self, file: str, fault: Fault) -> None:
        if self.refuses:
            raise InputError(f"{self.folder / file}, line {fault.line:,}: {fault.rule}; {fault.remedy}")
        self.left_out.append(LeftOut(f"{file}:{fault.line}", "lines", fault.rule))

    def _text(self, path: Path, named: str = "") -> Decoded:
        text = text_of(path)
        self.notes += [f"{named or path.name}: {note}" for note in text.notes]
        return text


def _is_other_format(place: Place, path: Path) -> bool:
    """Whether a file that was named itself is binary, and its name does not say that it is text."""
    if not path.is_file() or path.suffix.lower() in ENDS:
        return False
    try:
        with path.open("rb") as file:
            decoded(file.read(1 << 16))
    except NotTextError:
        return True
    except OSError:
        pass  # told when it is read
    return False


def _unlabelled(path: Path, text: Decoded, form: Form) -> str:
    if not any(line.strip() for line in text.lines):
        return f"'{path}' is empty; {RULE}"
    if form.columns:
        said = columns_said(form.columns, first_rows(text.lines, form.delimiter)[0])
        return f"'{path}' has no column of classes; name it label in the first line ({said})"
    firsts = {line.split()[0] for line in text.lines if line.strip()}
    if len(firsts) == 1 and any(len(line.split()) > 1 for line in text.lines):
        return f"'{path}' has only one class, '{shortened(*firsts)}'; give sentences of at least two classes"
    words = len(next(line for line in text.lines if line.strip()).split())
    what = "no tab or space after a class" if words < 2 else "its first words are no classes"
    return f"'{path}', line 1: {what}; {RULE}"


def _mostly_bad(path: Path, read: Read) -> str:
    few = "; ".join(f"line {fault.line:,}: {fault.rule}" for fault in read.faults[:FEW])
    said = f" ({'; '.join(read.notes)})" if read.notes else ""
    lines = len(read.faults) + len(read.rows)
    return f"'{path}': {len(read.faults):,} of {lines:,} lines are no labelled sentence: {few}{said}; {RULE}"


def _name(path: Path, place: Place) -> str:
    """What a data set is called: as its files are, or as its folder is."""
    group = place.files
    if isinstance(group, Documents) or not group.name:
        return place.folder.resolve().name
    name = group.name
    while name.lower().endswith(ENDS) and "." in name.strip("."):
        name = name[: name.rindex(".")]
    return name
