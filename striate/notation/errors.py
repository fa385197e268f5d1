"""An error that points at the place in the text and states the rule, the values and a way out.

>>> text = "input 1x14x14\\nconv 16@15x15 -> tanh"
>>> print(NotationError("conv 16@15x15 does not fit", text, Span(19, 27), "use a kernel of at most 14", "lenet.net"))
lenet.net:2: conv 16@15x15 does not fit
    conv 16@15x15 -> tanh
         ^^^^^^^^
  use a kernel of at most 14
"""

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
    """A layer that breaks a rule. `field` names the part at fault; the binder adds the place in the text."""

    def __init__(self, headline: str, detail: str, field: str = "") -> None:
        super().__init__(f"{headline}; {detail}")
        self.headline, self.detail, self.field = headline, detail, field


class NotationError(InputError):
    """A text that is no network.

    Args:
        headline: What is wrong, in one line.
        text: The whole text.
        span: The characters at fault.
        detail: The rule with its values, and a way out.
        source: The file's name, or what stands for it.
        via: The calls that led here, outermost first.
    """

    def __init__(
        self, headline: str, text: str, span: Span, detail: str, source: str = "", via: tuple[str, ...] = ()
    ) -> None:
        self.headline, self.span, self.detail = _cut(headline), span, _cut(detail)
        line = text.count("\n", 0, span.start) + 1
        place = f"{source}:{line}" if source else f"line {line}"
        calls = [f"\n  in {_cut(call, 100)}" for call in via]
        if len(calls) > SHOWN_CALLS:
            calls[SHOWN_CALLS - 2 : -1] = [f"\n  … {len(calls) - SHOWN_CALLS + 1} more"]
        super().__init__(f"{place}: {self.headline}{_excerpt(text, span)}{''.join(calls)}\n  {self.detail}")


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
