"""What an argument that a word does not take may stand for: options as other libraries and papers write them.

>>> from striate.notation.syntax import Name, Value
>>> meant(Value((Name("s2"),)), {"stride", "pad"}), meant(Value((Name("same"),)), {"stride", "pad"})
("; did you mean 'stride 2'?", "; did you mean 'pad same'?")
"""

import re
from collections.abc import Collection, Iterator

from striate.errors import nearest
from striate.notation.syntax import Argument, Expression, Name, Number, Operation, Value
from striate.notation.tree import PAD_MODES

OPTIONS_ALSO = {  # what other libraries call an option
    "stride": ("strides", "step", "subsampling"),
    "pad": ("padding", "paddings", "border"),
    "dilate": ("dilation", "dilations", "dilationrate", "atrous", "holes"),
    "groups": ("group", "cardinality", "numgroup", "featuregroupcount"),
    "nobias": ("biasfalse", "usebias", "bias"),
    "ceil": ("ceilmode",),
    "eps": ("epsilon",),
    "noaffine": ("affinefalse", "affine", "elementwiseaffine", "scale", "center"),
    "points": ("samplingratio",),
    "extra": ("outputpadding",),
    "corners": ("aligncorners",),
    "bilinear": ("linear", "trilinear"),
    "uncounted": ("countincludepad",),
    "unaligned": ("aligned",),
}
WITHOUT = {"bilinear": "nearest", "ceil": "floor"}  # what a word does that lacks this option


def single_name(argument: Argument) -> str | None:
    """The name that an argument consists of, if it is a single name."""
    one = _single(argument)
    return one.text if isinstance(one, Name) else None


def meant(argument: Argument, options: Collection[str]) -> str:
    """`; did you mean 'stride 2'?` for an argument that a word with these options does not take; empty where unlikely.

    Args:
        argument: What stands there.
        options: The names of the word's options.
    """
    found = next(_meant(_single(argument), options), "")
    name = single_name(argument)
    return f"; did you mean '{found}'?" if found else nearest(name, options, OPTIONS_ALSO) if name else ""


def without(name: str, options: Collection[str]) -> str:
    """What to say of a name for what a word does by itself: `upsample 2 nearest`; empty for any other name."""
    by_itself = [option for option in options if WITHOUT.get(option) == name]
    return f"leave it out: it is '{name}' without '{by_itself[0]}'" if by_itself else ""


def _meant(one: Expression | None, options: Collection[str]) -> Iterator[str]:
    if isinstance(one, Number) and "stride" in options:
        yield f"stride {one.value}"  # as in MaxPool2d(3, 2)
    if not isinstance(one, Name):
        return
    if one.text in PAD_MODES and "pad" in options:
        yield f"pad {one.text}"
    yield from (option for option in options if one.text == option[:1])
    if beside := re.fullmatch(r"([a-z]+?)_?(\d+)", one.text):
        word, number = beside.groups()
        options_also = {option: (*OPTIONS_ALSO.get(option, ()), option) for option in options}
        yield from (f"{option} {number}" for option, names in options_also.items() if word in names)
        yield from (f"{option} {number}" for option in options if word == option[:1])


def _single(argument: Argument) -> Expression | None:
    return argument.parts[0] if isinstance(argument, Value) and len(argument.parts) == 1 else None


def reckoned(expression: Expression) -> tuple[str, str] | None:
    """What is written and what may be meant where sizes are due, for plain numbers: `3*3` for 3x3, `3/2` for a stride.

    >>> reckoned(Operation(Number(3), (("*", Number(3)),)))
    ('3*3', "sizes are joined by 'x', as in 3x3; '*' repeats brackets: [conv 8@3 -> relu]*2")
    >>> reckoned(Operation(Number(3), (("/", Number(2)),)))
    ('3/2', 'a stride is an option: 3 stride 2')
    """
    if not isinstance(expression, Operation) or {*(sign for sign, _ in expression.rest)} not in ({"*"}, {"/"}):
        return None
    numbers = [expression.first, *(number for _, number in expression.rest)]
    sizes = [str(number.value) for number in numbers if isinstance(number, Number)]
    if len(sizes) < len(numbers):
        return None
    if expression.rest[0][0] == "/":
        return "/".join(sizes), f"a stride is an option: {sizes[0]} stride {sizes[1]}"
    repeated = "'*' repeats brackets: [conv 8@3 -> relu]*2"
    return "*".join(sizes), f"sizes are joined by 'x', as in {'x'.join(sizes)}; {repeated}"
