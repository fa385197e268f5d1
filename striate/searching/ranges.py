"""What a search may vary: a range of numbers, or some values.

>>> read("lr=1e-4..1e-1"), read("batch=32,64")
(Range(name='lr', low=0.0001, high=0.1, log=True, whole=False), Choice(name='batch', values=(32, 64)))
>>> read("width=8..64 log").log, read("l2=0..0.1").log
(True, False)
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from striate.errors import InputError
from striate.training.options import Options

if TYPE_CHECKING:
    from optuna import Trial

DECADE = 10  # a range whose ends are so far apart is searched by orders of magnitude
RULE = "a range is name=low..high, as in lr=1e-4..1e-1 (log or linear after it says how); values are name=a,b,c"
Value = int | float | str


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Attributes:
        name: An option of training, or a letter of the network's text.
        low: The least.
        high: The greatest.
        log: Whether all orders of magnitude are as likely.
        whole: Whether they are whole numbers.
    """

    name: str
    low: float
    high: float
    log: bool
    whole: bool

    def drawn(self, trial: Trial) -> Value:
        """A value for a trial."""
        if self.whole:
            whole: int = trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
            return whole
        drawn: float = trial.suggest_float(self.name, self.low, self.high, log=self.log)
        return drawn

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values by which it is known whether all are allowed."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    def said(self) -> str:
        """It in words."""
        return f"{self.name} {self.low:g} to {self.high:g}{' (logarithmic)' if self.log else ''}"


@dataclass(frozen=True)
class Choice:
    """Some values.

    Attributes:
        name: As for a range.
        values: Which.
    """

    name: str
    values: tuple[Value, ...]

    def drawn(self, trial: Trial) -> Value:
        """A value for a trial."""
        value = trial.suggest_categorical(self.name, list(self.values))
        assert value is not None
        return value

    @property
    def ends(self) -> tuple[Value, ...]:
        """All of them."""
        return self.values

    def said(self) -> str:
        """It in words."""
        return f"{self.name} {', '.join(map(str, self.values))}"


Over = Range | Choice


def read(written: str) -> Over:
    """A range or values from their words.

    Raises:
        InputError: They are neither.
    """
    head, sign, rest = str(written).partition("=")
    name, rest = head.strip().replace("-", "_"), rest.strip()
    if not sign or not name.isidentifier() or not rest:
        raise InputError(f"{RULE}. Received: {written}")
    found = re.fullmatch(r"(\S+?)\.\.(\S+?)(?:\s+|:)?(log|linear)?", rest)
    if found:
        return ranged(name, _number(found[1], written), _number(found[2], written), found[3])
    return Choice(name, tuple(dict.fromkeys(_value(word.strip()) for word in rest.split(","))))


def ranged(name: str, low: float, high: float, how: str | None = None) -> Range:
    """A range from its ends.

    Raises:
        InputError: The ends are not in order, or a logarithmic range begins at 0.
    """
    if not low < high:
        raise InputError(f"the range of {name} goes from the least to the greatest. Received: {low:g}..{high:g}")
    if how == "log" and low <= 0:
        raise InputError(f"the range of {name} can't be logarithmic: it begins at {low:g}; begin above 0")
    log = how == "log" if how else low > 0 and high / low >= DECADE
    return Range(name, low, high, log, _whole(name, low, high))


def _whole(name: str, *ends: float) -> bool:
    """Whether an option takes whole numbers; of a letter the ends tell."""
    of = {field.name: str(field.type) for field in dataclasses.fields(Options)}
    return of[name].startswith("int") if name in of else all(isinstance(end, int) for end in ends)


def given(over: Mapping[str, Any] | Sequence[str]) -> tuple[Over, ...]:
    """What may vary, as the command line or a caller in Python says it.

    Args:
        over: Words as for `read`; or a dictionary from names to a pair (low, high), a list of values, or words.

    Raises:
        InputError: There is none, one is named twice, or one is neither a range nor values.
    """
    if isinstance(over, Mapping):
        found = [_given(str(name), value) for name, value in over.items()]
    else:
        found = [read(one) for one in ([over] if isinstance(over, str) else over)]
    names = [one.name for one in found]
    if not found or len(set(names)) < len(names):
        twice = next((name for name in names if names.count(name) > 1), "")
        raise InputError(f"{twice} is named twice" if twice else f"say what may vary; {RULE}")
    return tuple(found)


def _given(name: str, value: Any) -> Over:
    if isinstance(value, str):
        return read(f"{name}={value}")
    if isinstance(value, tuple) and len(value) == 2 and all(_is_number(one) for one in value):
        return ranged(name, *value)
    if isinstance(value, list | tuple) and value and all(_is_number(one) or isinstance(one, str) for one in value):
        return Choice(name, tuple(dict.fromkeys(value)))
    raise InputError(f"{name} takes a pair (low, high), a list of values, or words. Received: {value!r}")


def is_option(name: str) -> bool:
    """Whether it is an option of training; else it is a letter of the network's text."""
    return name in {field.name for field in dataclasses.fields(Options)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(word: str, written: str) -> float:
    value = _value(word)
    if isinstance(value, str) or abs(value) > 1e12:
        raise InputError(f"{RULE}. Received: {written}")
    return value


def _value(word: str) -> Value:
    """A whole number, a number, or the word."""
    try:
        value = float(word)
    except ValueError:
        return word
    return int(word) if re.fullmatch(r"[+-]?\d+", word) else value if value == value else word
