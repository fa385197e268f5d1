"""What passes from step to step, and what is trained: maps of one group of images, and the network's parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod


def vecs(numbers: int, lanes: int) -> int:
    """How many vectors hold this many numbers.

    >>> vecs(17, 16)
    2
    """
    return -(-numbers // lanes)


@dataclass(eq=False)
class Value:
    """A map: `channels` planes of `rows` x `columns`, inside a border of zeros that its readers ask for.

    `home` is the value whose memory it uses, from which channel, when it has none of its own. `again` is where it is
    computed a second time on the way back, which costs less than keeping it. `compact`: in the program for one image,
    its pixels are not padded to whole vecs, because no step reads them by vecs. `readers`: how many steps read it, set
    when the steps are known. `strips`: in how many lanes each image is, one below the other; `rows` is then of one.
    `depth`: how many frames a map of a 3-D network has, one below the other; `rows` is then of all. It has no border.
    `frames`: how many of them there are where each is a map by itself; `channels` is then of all.
    """

    channels: int
    rows: int = 1
    columns: int = 1
    depth: int = 1
    _border: list[int] = field(default_factory=lambda: [0, 0, 0, 0])  # top, left, bottom, right
    home: tuple[Value, int] | None = None
    gradient_home: tuple[Value, int] | None = None
    again: Value | None = None
    readers: int = 0
    compact: bool = False
    strips: int = 1
    frames: int = 1

    @property
    def size(self) -> int:
        """Entries without the border."""
        return self.channels * self.rows * self.columns

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Frames, rows of a frame, and columns."""
        return self.depth, self.rows // self.depth, self.columns

    @property
    def root(self) -> Value:
        """The value that has the memory."""
        return self.home[0].root if self.home else self

    @property
    def gradient_root(self) -> Value:
        """The value whose gradient has the memory."""
        return self.gradient_home[0].gradient_root if self.gradient_home else self

    @property
    def on_the_way_back(self) -> Value:
        """What its readers read on the way back."""
        return self.again or self

    @property
    def geometry(self) -> tuple[int, ...]:
        """Equal for values whose entries and borders fall on the same places."""
        return (self.channels, self.rows, self.columns, *self.border)

    @property
    def border(self) -> tuple[int, int, int, int]:
        """Zeros above, left, below and right."""
        top, left, bottom, right = self.root._border
        return top, left, bottom, right

    @property
    def all_rows(self) -> int:
        """Rows with the border."""
        return self.rows + self.border[0] + self.border[2]

    @property
    def all_columns(self) -> int:
        """Columns with the border."""
        return self.columns + self.border[1] + self.border[3]

    def needs_border(self, *widths: int) -> None:
        """Ask for zeros above, left, below, right."""
        own = self.root._border
        own[:] = [max(a, b) for a, b in zip(own, widths, strict=True)]

    @property
    def place(self) -> int:
        """Entries from the root's beginning to this value's."""
        if not self.home:
            return 0
        holder, channel = self.home
        return holder.place + channel * self.all_rows * self.all_columns

    @property
    def gradient_place(self) -> int:
        """The same for its gradient, which has no border."""
        if not self.gradient_home:
            return 0
        holder, channel = self.gradient_home
        return holder.gradient_place + channel * self.rows * self.columns

    def as_map(self) -> str:
        """The C text of its memory layout."""
        top, left, _, _ = self.border
        numbers = (self.channels, self.rows, self.columns, top, left, self.all_rows, self.all_columns)
        return f"(struct map){{{', '.join(map(str, numbers))}}}"

    @property
    def lanes_in_use(self) -> str:
        """C text of how many lanes of the group at work have entries."""
        return "count" if self.strips == 1 else f"count * {self.strips}"

    def as_bare_map(self) -> str:
        """That of its gradient, which has no border."""
        sides = f"{self.rows}, {self.columns}"
        return f"(struct map){{{self.channels}, {sides}, 0, 0, {sides}}}"


@dataclass(eq=False)
class Parameter:
    """Numbers that are trained, under the name that the built module gives them.

    Attributes:
        name: Such as `conv1.weight`.
        shape: As PyTorch has it.
        width: Entries from one row to the next in memory, where that is more than a row has.
        offset: Its first entry in the flat array.
        sparse: Whether a step reads few of its rows, so that the others have no gradients.
    """

    name: str
    shape: tuple[int, ...]
    width: int = 0
    offset: int = 0
    sparse: bool = False

    @property
    def penalised(self) -> bool:
        """Whether L1 and L2 act on it: weights, not biases and normalisation."""
        return len(self.shape) >= 2

    @property
    def size(self) -> int:
        """Entries in memory."""
        return self.shape[0] * max(prod(self.shape[1:]), self.width)
