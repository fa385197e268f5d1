"""A word's arguments → a layer's fields, by the metadata that the layer's dataclass carries.

>>> from striate.notation.tree import Conv
>>> form(Conv).usage
'conv filters@kernel [stride n] [pad n] [dilate n] [groups n] [nobias] [flip] [ceil]'
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from striate.errors import nearest
from striate.notation.errors import RuleError, Span
from striate.notation.habits import meant, reckoned, single_name, without
from striate.notation.syntax import Argument, Expression, Free, Operation, Pair, Sized, Value, Word
from striate.notation.tree import ALIASES, PAD_MODES, WORDS, Axes, Layer, Link, Pad, Sliding

LISTS = ("list", "numbers")  # kinds of which several may stand side by side
TO = "to"  # between the first and the last of neighbours in a list: `maps 0 to 57`
MOST_LISTED, WRITTEN_OUT = 100_000, 6  # numbers in a list; neighbours that are written one by one
Evaluate = Callable[[Expression], int | float]
NO_AXES = "no height or width comes in: put this layer before fc, or give the input axes (input 3x32x32)"


@dataclass(frozen=True)
class Form:
    """How a layer is written: its fields by place."""

    layer: type[Layer] | type[Link]
    leading: dataclasses.Field[Any] | None
    at: dataclasses.Field[Any] | None
    options: Mapping[str, dataclasses.Field[Any]]

    @property
    def lead(self) -> str:
        """What the leading argument is called."""
        return "" if not self.leading else "label" if _kind(self.leading) == "label" else self.leading.name

    @property
    def usage(self) -> str:
        """The layer's word with its arguments, as the documentation and the errors show it."""
        head = self.layer.word
        if self.leading:
            shown = self.lead + (f"@{self.at.name}" if self.at else "")
            shown += " …" if _kind(self.leading) in LISTS else ""
            head += f" {shown}" if self.leading.default is dataclasses.MISSING else f" [{shown}]"
        takes = {"flag": "", "labels": " label …"}
        return " ".join([head, *(f"[{word}{takes.get(_kind(f), ' n')}]" for word, f in self.options.items())])


def form(layer: type[Layer] | type[Link]) -> Form:
    """The form of the class of a layer or a link."""
    return _FORMS.get(layer.word) or _form(layer)


def _form(layer: type[Layer] | type[Link]) -> Form:
    fields = [f for f in dataclasses.fields(layer) if "place" in f.metadata]
    by_place = {f.metadata["place"]: f for f in fields}
    options = {f.metadata["word"]: f for f in fields if f.metadata["place"] == "option"}
    return Form(layer, by_place.get("leading"), by_place.get("at"), options)


_FORMS = {word: _form(layer) for word, layer in WORDS.items()}
OPTION_WORDS = {word for form in _FORMS.values() for word in form.options}


class ArgumentError(RuleError):
    """A wrong argument, with its place in the text."""

    def __init__(self, headline: str, span: Span, detail: str, axes: int = 0) -> None:
        super().__init__(headline, detail, axes=axes)
        self.span = span


def read_arguments(
    word: Word, layer: type[Layer] | type[Link], dims: int, evaluate: Evaluate
) -> tuple[dict[str, Any], dict[str, Span]]:
    """The values of a layer's fields and where each stands in the text.

    Args:
        word: The word with its arguments.
        layer: The class of the layer it names.
        dims: The number of spatial axes here; a single size stands for all of them.
        evaluate: Gives the value of an expression.

    Raises:
        ArgumentError: An argument that the layer does not take, or a value out of its range.
    """
    reader = _Arguments(word, form(layer), dims, evaluate)
    reader.read()
    return reader.values, reader.spans


class _Arguments:
    def __init__(self, word: Word, form: Form, dims: int, evaluate: Evaluate) -> None:
        self.word, self.form, self.dims, self.evaluate = word, form, dims, evaluate
        self.values: dict[str, Any] = {}
        self.spans: dict[str, Span] = {}

    def read(self) -> None:
        if self.dims == 0 and any(
            _kind(f) in ("axes", "pad") for f in dataclasses.fields(self.form.layer) if f.metadata
        ):
            raise ArgumentError(f"{self.word.name} has no axes to act on", self.word.span, NO_AXES)
        arguments = list(self.word.arguments)
        lead = self.form.leading
        if lead and _kind(lead) == "pad" and arguments and single_name(arguments[0]) in PAD_MODES:
            self._pad_mode(lead, arguments)
        elif arguments and not self._option(arguments[0]):
            self._leading(arguments.pop(0))
            while self._goes_on(arguments):
                argument = arguments.pop(0)
                if lead and _kind(lead) == "list" and single_name(argument) == TO:
                    self._append_to(argument, arguments)
                else:
                    self._append(argument)
        while arguments:
            self._named(arguments)
        if lead and lead.name not in self.values and lead.default is dataclasses.MISSING:
            raise ArgumentError(
                f"{self.word.name} needs its {self.form.lead}", self.word.span, f"it is written: {self.form.usage}"
            )
        self._defaults()

    def _option(self, argument: Argument) -> str | None:
        """The option that an argument names, if it names one."""
        name = single_name(argument)
        return name if name in self.form.options else None

    def _leading(self, argument: Argument) -> None:
        lead, at = self.form.leading, self.form.at
        name = single_name(argument)
        if not lead or _kind(lead) != "label":
            refuse_layer(argument, self.word.name)
        hint = meant(argument, self.form.options) if name and len(name) > 3 else ""
        by_itself = without(name, self.form.options) if name else ""
        if lead is None or hint or by_itself:
            shown = f"'{name}'" if name else "size"
            detail = by_itself or f"it is written: {self.form.usage}{hint}"
            raise ArgumentError(f"{self.word.name} takes no {shown}", argument.span, detail)
        if at and not isinstance(argument, Sized):
            detail = f"write it after an '@', as in {self.word.name} 64@3x3; the whole form: {self.form.usage}"
            raise ArgumentError(f"{self.word.name} needs its {at.name}", argument.span, detail)
        if not at and isinstance(argument, Sized):
            detail = f"write a single size; the whole form: {self.form.usage}"
            raise ArgumentError(f"{self.word.name} takes no '@'", argument.span, detail)
        if isinstance(argument, Sized) and at:
            if len(argument.count.parts) > 1:
                detail = f"write them before the '@', the {at.name} after it: {self.word.name} 64@3x3"
                raise ArgumentError(f"{lead.name} must be one number", argument.count.span, detail)
            self._set(lead, argument.count)
            self._set(at, argument.size)
            self.spans[lead.name] = self.spans[at.name] = argument.span
        elif isinstance(argument, Value):
            self._set(lead, argument)
            self.spans[f"{lead.name}[0]"] = argument.span

    def _goes_on(self, arguments: list[Argument]) -> bool:
        """Whether what follows is one more entry of a leading list."""
        lead = self.form.leading
        return bool(arguments and lead and _kind(lead) in LISTS and not self._option(arguments[0]))

    def _append(self, argument: Argument) -> None:
        lead = self.form.leading
        assert lead
        refuse_layer(argument, self.word.name)
        refuse_x(argument)
        before, place = self.values[lead.name], self.spans[lead.name]
        self._set(lead, argument)
        self.spans[f"{lead.name}[{len(before)}]"] = argument.span
        self.values[lead.name] = before + self.values[lead.name]
        self.spans[lead.name] = Span(place.start, argument.span.end)

    def _append_to(self, to: Argument, arguments: list[Argument]) -> None:
        """All numbers from the last one on up to the next."""
        lead = self.form.leading
        assert lead
        if not arguments:
            raise ArgumentError("'to' needs the last number", to.span, f"as in {self.word.name} 0 to 7")
        argument, before = arguments.pop(0), self.values[lead.name]
        self._append(argument)
        first, last = before[-1], self.values[lead.name][-1]
        if not first <= last < MOST_LISTED:
            detail = f"received {first} to {last}; write the smaller number first, and less than {MOST_LISTED:,}"
            raise ArgumentError(f"{lead.name} must go up", argument.span, detail)
        self.values[lead.name] = (*before, *range(first + 1, last + 1))
        places = range(len(before), len(self.values[lead.name]))
        self.spans |= {f"{lead.name}[{place}]": argument.span for place in places}

    def _named(self, arguments: list[Argument]) -> None:
        argument = arguments.pop(0)
        option = self._option(argument)
        if option is None:
            name = single_name(argument)
            refuse_layer(argument, self.word.name)
            refuse_x(argument)
            what = f"has no option '{name}'" if name else "has one value too many"
            by_itself = without(name, self.form.options) if name else ""
            free = [word for word, field in self.form.options.items() if field.name not in self.values]
            early = name or len(free) == len(self.form.options)  # a number after an option is no stride
            hint = f"it is written: {self.form.usage}{meant(argument, free) if early else ''}"
            raise ArgumentError(f"{self.word.name} {what}", argument.span, by_itself or hint)
        field = self.form.options[option]
        if field.name in self.values:
            raise ArgumentError(f"'{option}' is given twice", argument.span, "keep one of them")
        if _kind(field) == "flag":
            self._keep(field, not field.default, argument.span)
        elif _kind(field) == "labels" and arguments and not self._option(arguments[0]):
            self._labels(field, arguments)
        elif _kind(field) == "pad" and arguments and single_name(arguments[0]) in PAD_MODES:
            self._pad_mode(field, arguments)
        elif not arguments or self._option(arguments[0]):
            sample = {"number": field.default, "pad": 1, "labels": ("p2", "p3")}.get(_kind(field), 2)
            written = " ".join(sample) if isinstance(sample, tuple) else _written(sample)
            detail = f"as in {self.word.name} … {option} {written}"
            raise ArgumentError(f"'{option}' needs a value", argument.span, detail)
        else:
            self._set(field, arguments.pop(0))

    def _labels(self, field: dataclasses.Field[Any], arguments: list[Argument]) -> None:
        """All the names that follow."""
        labels, first = list[str](), arguments[0].span
        while arguments and (name := single_name(arguments[0])) and not self._option(arguments[0]):
            labels.append(name)
            last = arguments.pop(0).span
        if not labels:
            raise ArgumentError("from must be followed by labels", first, "such as from p2 p3")
        self._keep(field, tuple(labels), Span(first.start, last.end))

    def _pad_mode(self, field: dataclasses.Field[Any], arguments: list[Argument]) -> None:
        mode, span = single_name(arguments[0]) or "", arguments.pop(0).span
        if mode in ("same", "valid"):
            self._keep(field, Pad("same", ()) if mode == "same" else Pad("zeros", (0,) * self.dims), span)
        elif not arguments or self._option(arguments[0]):
            raise ArgumentError(f"pad {mode} needs a size", span, f"as in pad {mode} 1")
        else:
            self._set(field, arguments.pop(0))
            self.values[field.name] = dataclasses.replace(self.values[field.name], mode=mode)

    def _set(self, field: dataclasses.Field[Any], argument: Argument) -> None:
        if isinstance(argument, Sized):
            detail = "it stands between filters and kernel only; write a single size"
            raise ArgumentError("'@' is out of place", argument.span, detail)
        try:
            value = _READ[_kind(field)](self, argument)
        except RuleError as error:
            if isinstance(error, ArgumentError):
                raise
            name = field.metadata.get("word", self.form.lead if field is self.form.leading else field.name)
            raise ArgumentError(f"{name} {error.headline}", argument.span, error.detail, error.axes) from None
        self._keep(field, value, argument.span)

    def _keep(self, field: dataclasses.Field[Any], value: object, span: Span) -> None:
        self.values[field.name], self.spans[field.name] = value, span

    def _defaults(self) -> None:
        """Sizes left out: 1 on every axis, or another field's; padding: 0 on every axis."""
        for field in self.form.options.values():
            if field.name in self.values:
                continue
            if _kind(field) == "axes":
                default = self.values[field.default] if isinstance(field.default, str) else (1,) * self.dims
                self.values[field.name] = default
            elif _kind(field) == "pad":
                self.values[field.name] = Pad("zeros", (0,) * self.dims)

    # how each kind of value is read

    def _number(self, argument: Value) -> int | float:
        if len(argument.parts) != 1:
            raise RuleError(f"is one number, not {len(argument.parts)}", "write a single number")
        if isinstance(argument.parts[0], Free):
            raise RuleError("can't be left open", "only an axis of the input may be '?'; write a number")
        return self.evaluate(argument.parts[0])

    def _whole(self, expression: Expression, least: int) -> int:
        if isinstance(expression, Free):
            raise RuleError("can't be left open", "only an axis of the input may be '?'; write a number")
        value = self.evaluate(expression)
        if value != int(value):
            detail = f"it comes to {value:g}; write a whole one, such as {max(least, round(value))}"
            raise RuleError("must be a whole number", detail)
        if value < least:
            raise RuleError(f"must be at least {least}", f"received {int(value)}; write {least} or more")
        return int(value)

    def _count(self, argument: Value) -> int:
        self._number(argument)
        return self._whole(argument.parts[0], 1)

    def _label(self, argument: Value) -> str:
        name = single_name(argument)
        if name is None:
            raise RuleError(
                "must be a name", "write the label of what stands before it, such as p1 after p1: maxpool 2"
            )
        return name

    def _list(self, argument: Value) -> tuple[int, ...]:
        if len(argument.parts) != 1:
            raise RuleError("must be separate", f"write blanks between them: {self.word.name} 0 1 2")
        self._number(argument)
        return (self._whole(argument.parts[0], 0),)

    def _axes(self, argument: Value, least: int = 1, end: bool = False) -> Axes:
        """One number per axis; of a pair, which only `pad` allows, the first, or with `end` the second."""
        parts = [_side(part, end) if least == 0 else part for part in argument.parts]
        refuse_reckoned(parts)
        sizes = tuple(self._whole(part, least) for part in parts)
        if len(sizes) not in (1, self.dims):
            there = (
                "there is 1 axis here: give one size"
                if self.dims == 1
                else (f"there are {self.dims} axes here: give one size, or one per axis")
            )
            raise RuleError(f"has {len(sizes)} sizes", there, axes=len(sizes))
        return sizes * self.dims if len(sizes) == 1 else sizes

    def _sizes(self, argument: Value) -> Axes:
        """One number per axis, 0 too; none at all where each is 0."""
        if any(isinstance(part, Pair) for part in argument.parts):
            raise RuleError("takes no pair", "it is the entries at the end of an axis; write a single size")
        sizes = self._axes(argument, 0)
        return sizes if any(sizes) else ()

    def _pad(self, argument: Value) -> Pad:
        name = single_name(argument)
        try:
            before, after = self._axes(argument, 0), self._axes(argument, 0, end=True)
            return Pad("zeros", before, () if after == before else after)
        except ArgumentError:
            if name is None:
                raise
            detail = f"it takes a number, {', '.join(PAD_MODES)}{nearest(name, PAD_MODES)}"
            raise RuleError(f"knows no '{name}'", detail) from None

    def _fraction(self, argument: Value) -> float:
        value = self._number(argument)
        if not 0 <= value < 1:
            detail = f"received {value:g}; it is the share that is dropped, such as 0.5"
            raise RuleError("must be at least 0 and below 1", detail)
        return float(value)

    def _pair(self, argument: Value) -> tuple[int, int]:
        if len(argument.parts) != 2:
            raise RuleError("has two sizes", "words known x width of a vector, as in embed 20000x300")
        return self._whole(argument.parts[0], 1), self._whole(argument.parts[1], 1)


_READ: dict[str, Callable[[_Arguments, Value], Any]] = {
    "count": _Arguments._count,
    "axes": _Arguments._axes,
    "sizes": _Arguments._sizes,
    "number": lambda reader, argument: float(reader._number(argument)),
    "fraction": _Arguments._fraction,
    "pad": _Arguments._pad,
    "pair": _Arguments._pair,
    "list": _Arguments._list,
    "numbers": lambda reader, argument: (reader._number(argument),),
    "label": _Arguments._label,
}


def write_arguments(layer: Layer | Link) -> Iterator[str]:
    """A layer's arguments as text, defaults left out; `read_arguments` gives the same fields again.

    >>> from striate.notation.tree import Conv
    >>> " ".join(write_arguments(Conv(64, (3, 3), (2, 2), Pad("zeros", (1, 1)), (1, 1), bias=False)))
    '64@3x3 stride 2 pad 1 nobias'
    """
    shape = form(type(layer))
    if shape.leading and (shape.leading.default is dataclasses.MISSING or _differs(layer, shape.leading)):
        value = getattr(layer, shape.leading.name)
        head = _written(value, uniform=_kind(shape.leading) != "pair")
        if _kind(shape.leading) in LISTS:
            head = f"{value[0]} {TO} {value[-1]}" if _is_run(value) else " ".join(map(_written, value))
        head = value if _kind(shape.leading) == "label" else head
        yield f"{head}@{_written(getattr(layer, shape.at.name), uniform=False)}" if shape.at else head
    for word, field in shape.options.items():
        if _differs(layer, field):
            value = getattr(layer, field.name)
            shown = {"flag": "", "labels": " ".join(value) if _kind(field) == "labels" else ""}
            yield f"{word} {shown.get(_kind(field), _written(value))}".rstrip()


def _differs(layer: Layer | Link, field: dataclasses.Field[Any]) -> bool:
    value = getattr(layer, field.name)
    if _kind(field) == "axes":
        return bool(value != getattr(layer, field.default)) if isinstance(field.default, str) else set(value) != {1}
    if _kind(field) == "pad":
        return bool(value.mode != "zeros" or any((*value.sizes, *value.after)))
    return bool(value != field.default)


def _written(value: object, uniform: bool = True) -> str:
    """A value as the notation writes it; with `uniform`, equal sizes on all axes are written once."""
    if isinstance(value, Pad):
        sizes = _written(value.sizes) if value.sizes else ""
        if value.after:
            pairs = [f"({b},{a})" if a != b else str(b) for b, a in zip(value.sizes, value.after, strict=True)]
            sizes = pairs[0] if len(set(pairs)) == 1 else "x".join(pairs)
        return sizes if value.mode == "zeros" else f"{value.mode} {sizes}".rstrip()
    if isinstance(value, tuple):
        same = uniform and len(value) > 1 and len(set(value)) == 1
        return str(value[0]) if same else "x".join(map(str, value))
    return repr(value).removesuffix(".0")


def _is_run(value: Any) -> bool:
    """Whether a list is of so many neighbours that it is written by its ends."""
    return len(value) > WRITTEN_OUT and list(value) == list(range(int(value[0]), int(value[0]) + len(value)))


def _kind(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata["kind"])


def refuse_layer(argument: Argument, word: str) -> None:
    """Raise an error if an argument of `word` is itself a layer: an arrow is missing before it."""
    name = single_name(argument)
    slides = issubclass(WORDS.get(ALIASES.get(word, word), Layer), Sliding)
    if (name in WORDS or name in ALIASES) and not (slides and name in OPTION_WORDS):  # pad, which a window may have
        detail = f"layers are separated by '->' or a new line: {word} … -> {name} …"
        raise ArgumentError(f"an arrow is missing before '{name}'", argument.span, detail)


def refuse_x(argument: Argument) -> None:
    """Raise an error if an argument after the first begins with an `x`, which joins sizes without blanks."""
    if (single_name(argument) or "").startswith("x"):
        detail = "as in 3x3; a letter beside an 'x' stands in brackets: (n)x3"
        raise ArgumentError("sizes are joined by 'x' without blanks", argument.span, detail)


def refuse_reckoned(parts: Iterable[Expression]) -> None:
    """Raise an error if one of several sizes is reckoned of plain numbers: `3*3` for `3x3`."""
    for part in parts:
        if isinstance(part, Operation) and (found := reckoned(part)):
            written, detail = found
            raise ArgumentError(f"'{written}' where sizes are due", part.span, detail)


def _side(part: Expression, end: bool) -> Expression:
    return part if not isinstance(part, Pair) else part.after if end else part.before
