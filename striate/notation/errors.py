"""An error that points at the place in the text and states the rule, the values and a way out.

>>> text = "input 1x14x14\\nconv 16@15x15 -> tanh"
>>> print(NotationError("conv 16@15x15 does not fit", text, Span(19, 27), "use a kernel of at most 14", "lenet.net"))
lenet.net:2: conv 16@15x15 does not fit
    conv 16@15x15 -> tanh
         ^^^^^^^^
  use a kernel of at most 14
"""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.errors import InputError

WIDTH = 96  # characters of a long line that are shown around the place
SHOWN_CALLS = 5
LONGEST = 500  # characters of a headline or a detail; the rest of a longer one is left out


@dataclass(frozen=True)
class Span:
    """Where something stands in the text: characters `start` (included) to `end` (excluded)."""

    start: int
    end: int


class RuleError(InputError):
    """A layer that breaks a rule. `field` names the part at fault; the binder adds the place in the text.

    `axes` is the number of axes that the layer is written for, where that is at fault: the input may be wrong instead.
    """

    def __init__(self, headline: str, detail: str, field: str = "", axes: int = 0) -> None:
        super().__init__(f"{headline}; {detail}")
        self.headline, self.detail, self.field, self.axes = headline, detail, field, axes


class UnevenError(RuleError):
    """Maps that meet and differ in size, which the size of the input may help.

    Args:
        headline: Of the error.
        rule: That is broken.
        way_out: What to do whatever comes in.
    """

    def __init__(self, headline: str, rule: str, way_out: str) -> None:
        super().__init__(headline, f"{rule}; {way_out}")
        self.rule = rule


class NotationError(InputError):
    """A text that is no network.

    Args:
        headline: What is wrong, in one line.
        text: The whole text.
        span: The characters at fault.
        detail: The rule with its values, and a way out.
        source: The file's name, or what stands for it.
        via: The calls that led here, outermost first.

    Attributes:
        unknown: The layer's name, where the notation has none of that name: a module of one's own in a saved text.
    """

    unknown = ""

    def __init__(
        self, headline: str, text: str, span: Span, detail: str, source: str = "", via: tuple[str, ...] = ()
    ) -> None:
        self.headline, self.span, self.detail = _cut(headline), span, _cut(detail)
        line = text.count("\n", 0, span.start) + 1
        place = f"{source}:{line}" if source else f"line {line}"
        calls = [f"\n  in {_cut(call, 100)}" for call in via]
        if len(calls) > SHOWN_CALLS:
            calls[SHOWN_CALLS - 2 : -1] = [f"\n  … {len(calls) - SHOWN_CALLS + 1} more"]
        self.head = f"{place}: {self.headline}{_excerpt(text, span)}{''.join(calls)}"
        super().__init__(f"{self.head}\n  {self.detail}")


class MissingLettersError(NotationError):
    """Letters of a text that nobody has given a value.

    Attributes:
        letters: All of them as the text writes them, each with a number that it might stand for.
        hint: The letter that may be meant, for one that is misspelt.
    """

    def __init__(
        self, text: str, span: Span, letters: Mapping[str, int], hint: str, source: str = "", via: tuple[str, ...] = ()
    ) -> None:
        self.letters, self.hint = dict(letters), hint
        *first, last = (f"'{letter}'" for letter in letters)
        headline = f"{', '.join(first)} and {last} have no value" if first else f"{last} has no value"
        super().__init__(headline, text, span, self.way_out(f"letters={self.letters}"), source, via)

    def way_out(self, given: str) -> str:
        """What to do. `given` is how the letters are given where the text is used: in Python, or in a command."""
        line = " ".join(f"{letter}={number}" for letter, number in self.letters.items())
        what = "it a value" if len(self.letters) == 1 else "each a value"
        return f"give {what}, in the text by a line {line}, or by {given}{self.hint}"


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def _excerpt(text: str, span: Span) -> str:
    """The line of the text that holds the span, with carets under it; what can't be printed is shown as `�`.

    Each line begins with a line end; an empty line is not shown.
    """
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    line = text[begin : end if end >= 0 else len(text)].rstrip().replace("\t", " ")
    line = "".join(sign if sign.isprintable() else "�" for sign in line)
    if not line:
        return ""
    at = span.start - begin
    left = max(0, at - WIDTH // 2) if len(line) > WIDTH else 0
    shown = line[left : left + WIDTH]
    carets = max(1, min(span.end - span.start, left + len(shown) - at))
    before, after = "…" if left else "", "…" if left + WIDTH < len(line) else ""
    return f"\n    {before}{shown}{after}\n    {' ' * (len(before) + at - left)}{'^' * carets}"
