"""The letters of a text: names in its sizes that stand for numbers, and which of them nobody has given a value.

>>> from striate.notation.parse import parse
>>> text = parse("INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC")
>>> {name: sample for name, (_, sample) in missing(text, {"n": 3}).items()}
{'m': 2, 'k': 1}
"""

from collections.abc import Collection, Iterator

from striate.notation.arguments import form, single_name
from striate.notation.errors import Span
from striate.notation.syntax import (
    Argument,
    Block,
    Call,
    Expression,
    Labelled,
    Name,
    Operation,
    Pair,
    Program,
    Repeat,
    Sequence,
    Sized,
    Word,
)
from striate.notation.tree import ALIASES, LAYERS, PAD_MODES, FullyConnected, Unpool

CHANNELS = "c"  # no letter: the channels that come in
SAMPLE = 2  # what a missing letter might be
HIDDEN_LAYERS = 1  # what it might be where it repeats fully connected layers

Used = tuple[Word | Call | Repeat, list[Name]]


def missing(program: Program, known: Collection[str]) -> dict[str, tuple[Span, int]]:
    """The letters of a text that are not `known`, in the order of the text: where each first stands, and a sample.

    Definitions that nothing uses need no letters.
    """
    bodies = {definition.name: definition for definition in program.definitions}
    found: list[tuple[Name, int]] = []
    waiting, seen = [(program.layers, frozenset[str]())], set[str]()
    while waiting:
        layers, parameters = waiting.pop()
        for element, names in uses(layers):
            found += [(name, _sample(element)) for name in names if name.text not in parameters]
            if isinstance(element, Call) and element.name in bodies and element.name not in seen:
                seen.add(element.name)
                waiting.append((bodies[element.name].body, frozenset(bodies[element.name].parameters)))
    letters: dict[str, tuple[Span, int]] = {}
    for name, sample in sorted(found, key=lambda pair: pair[0].span.start):
        if name.text not in known and name.text != CHANNELS:
            letters.setdefault(name.text, (name.span, sample))
    return letters


def _sample(element: Word | Call | Repeat) -> int:
    if not isinstance(element, Repeat):
        return SAMPLE
    words = [inner.name for inner, _ in uses((element.body,)) if isinstance(inner, Word)]
    return HIDDEN_LAYERS if FullyConnected.word in words else SAMPLE


def uses(layers: Sequence) -> Iterator[Used]:
    """Every word, call and repeat of a chain, however deep, with the names in its sizes, but not its options' names."""
    for element in layers:
        if isinstance(element, Labelled):
            yield from uses((element.body,))
        elif isinstance(element, Repeat):
            yield element, list(_names(element.times))
            yield from uses((element.body,))
        elif isinstance(element, Block):
            for branch in element.branches:
                yield from uses(branch)
        elif isinstance(element, Call):
            yield element, [name for argument in element.arguments for name in _names(argument)]
        else:
            yield element, list(_of_word(element))


def _of_word(word: Word) -> Iterator[Name]:
    """The names that stand where a word takes a number: first, or after an option that has a value."""
    layer = LAYERS.get(ALIASES.get(word.name, word.name))
    options = form(layer).options if layer else {}
    valued = {option for option, field in options.items() if field.metadata["kind"] != "flag"}
    listed = layer and (lead := form(layer).leading) and lead.metadata["kind"] == "list"
    due = layer is not Unpool  # what follows it is a label
    for argument in word.arguments:
        name = single_name(argument)
        if name in options or name in PAD_MODES:
            due = name in valued or name in PAD_MODES
        elif due or not name or not layer:
            yield from (found for part in _parts(argument) for found in _names(part))
            due = bool(listed)


def _parts(argument: Argument) -> tuple[Expression, ...]:
    return (*argument.count.parts, *argument.size.parts) if isinstance(argument, Sized) else argument.parts


def _names(expression: Expression) -> Iterator[Name]:
    if isinstance(expression, Name):
        yield expression
    elif isinstance(expression, Operation):
        for operand in (expression.first, *(operand for _, operand in expression.rest)):
            yield from _names(operand)
    elif isinstance(expression, Pair):
        yield from _names(expression.before)
        yield from _names(expression.after)
