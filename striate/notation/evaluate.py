"""Arithmetic in a size: letters, parameters, `c`, and + - * /.

>>> from striate.notation.syntax import Name, Number, Operation
>>> evaluate(Operation(Name("c"), (("/", Number(16)),)), {}, 64)
4
"""

import re
from collections.abc import Mapping

from striate.errors import nearest
from striate.notation.arguments import ArgumentError
from striate.notation.syntax import Expression, Free, Name, Number, Pair

LARGEST = 10**12


class NoValueError(ArgumentError):
    """A letter that nobody has given a value. `hint` is the letter that may be meant."""

    def __init__(self, name: Name, hint: str) -> None:
        super().__init__(f"'{name.text}' has no value", name.span, f"give it one{hint}")
        self.name, self.hint = name.text, hint


def evaluate(expression: Expression, letters: Mapping[str, int | float], channels: int | None) -> int | float:
    """The value of an expression, an int when it is whole.

    Args:
        expression: The expression as parsed.
        letters: The letters and parameters known here.
        channels: What `c` stands for, the channels that come into the brackets around it; None where there are none.

    Raises:
        ArgumentError: An unknown letter, a division by zero, a value beyond 10^12.
    """
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Free):
        raise ArgumentError(
            "'?' where a number is due", expression.span, "only an axis of the input may be left open; write a number"
        )
    if isinstance(expression, Pair):
        detail = "sizes are joined by 'x' (3x3); a pair follows pad only, before and after an axis: pad (0,1)"
        raise ArgumentError("a pair where a number is due", expression.span, detail)
    if isinstance(expression, Name):
        return _letter(expression, letters, channels)
    value = evaluate(expression.first, letters, channels)
    for sign, operand in expression.rest:
        other = evaluate(operand, letters, channels)
        if sign == "/" and other == 0:
            raise ArgumentError("a division by zero", operand.span, "write a divisor other than 0")
        value = (
            value + other
            if sign == "+"
            else value - other
            if sign == "-"
            else value * other
            if sign == "*"
            else value / other
        )
        if abs(value) > LARGEST:
            raise ArgumentError("a number too large", expression.span, f"it may reach {LARGEST:,}; write a smaller one")
        value = int(value) if value == int(value) else value
    return value


def _letter(name: Name, letters: Mapping[str, int | float], channels: int | None) -> int | float:
    if name.text == "c" and channels is not None:
        return channels
    if name.text in letters:
        return letters[name.text]
    if name.text == "c":
        raise ArgumentError("'c' has no value", name.span, "it is the number of channels that come in; none do here")
    if "." in name.text:
        raise ArgumentError(f"'{name.text}' where a number is due", name.span, "a label names a value, not a size")
    beside = re.fullmatch(r"(\w+)x(\d+)", name.text)
    if beside and beside[1] in letters:
        detail = f"a letter beside an 'x' stands in brackets: ({beside[1]})x{beside[2]}"
        raise ArgumentError(f"'{name.text}' has no value", name.span, detail)
    raise NoValueError(name, nearest(name.text, letters))
