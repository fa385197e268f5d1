"""The letters of a text: names in its sizes that stand for numbers, and which of them nobody has given a value.

>>> from striate.notation.parse import parse
>>> text = parse("INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC")
>>> {name: sample for name, (_, sample) in missing(text, {"n": 3}).items()}
{'m': 2, 'k': 1}
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields

from striate.notation.arguments import TO, form
from striate.notation.errors import Span
from striate.notation.habits import single_name
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
from striate.notation.tree import ALIASES, PAD_MODES, WORDS, FullyConnected, Layer, Link

CHANNELS = "c"  # no letter: the channels that come in
SAMPLE = 2  # what a missing letter might be
HIDDEN_LAYERS = 1  # what it might be where it repeats fully connected layers

Used = tuple[Word | Call | Repeat, list[Name]]


def missing(program: Program, known: Collection[str]) -> dict[str, tuple[Span, int]]:
    """The letters of a text that are not `known`, in the order of the text: where each first stands, and a sample.

    Definitions that nothing uses need no letters.
    """
    bodies, labels = {definition.name: definition for definition in program.definitions}, label_places(program)
    found: list[tuple[Name, int]] = []
    waiting, seen = [(program.layers, frozenset[str]())], set[str]()
    while waiting:
        layers, parameters = waiting.pop()
        for element, names in uses(layers, labels):
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


def uses(layers: Sequence, labels: Mapping[str, Collection[int]] = {}) -> Iterator[Used]:
    """Every word, call and repeat of a chain, however deep, with the names in its sizes, but not its options' names.

    Args:
        layers: The chain.
        labels: The places of arguments that are labels, by the name of their definition.
    """
    for element in layers:
        if isinstance(element, Labelled):
            yield from uses((element.body,), labels)
        elif isinstance(element, Repeat):
            yield element, list(_names(element.times))
            yield from uses((element.body,), labels)
        elif isinstance(element, Block):
            for branch in element.branches:
                yield from uses(branch, labels)
        elif isinstance(element, Call):
            apart = labels.get(element.name, ())
            yield element, [n for i, value in enumerate(element.arguments) if i not in apart for n in _names(value)]
        else:
            yield element, list(_of_word(element))


def labels_of(kind: type[Layer] | type[Link]) -> list[str]:
    """The fields of a word's class that are labels.

    >>> labels_of(WORDS["unpool"])
    ['pool']
    """
    return [field.name for field in fields(kind) if field.metadata.get("kind") in ("label", "labels")]


def label_parameters(program: Program) -> dict[str, set[str]]:
    """The parameters of each definition that stand for labels: they follow `from`, `unpool` or `shared`."""
    found: dict[str, set[str]] = {definition.name: set() for definition in program.definitions}
    size = -1
    while size != (size := sum(map(len, found.values()))):  # a definition may pass a label on to another
        for definition in program.definitions:
            labels = {name for element, _ in uses(definition.body) for name in _labels(element, program, found)}
            found[definition.name] |= labels & {*definition.parameters}
    return found


def _labels(element: Word | Call | Repeat, program: Program, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    """The names that stand where an element takes a label."""
    if isinstance(element, Call):
        places = label_places(program, known).get(element.name, ())
        names = (element.arguments[i] for i in places if i < len(element.arguments))
        yield from (name.text for name in names if isinstance(name, Name))
    elif isinstance(element, Word) and element.name in WORDS and labels_of(WORDS[element.name]):
        yield from (name.partition(".")[0] for argument in element.arguments if (name := single_name(argument)))


def label_places(program: Program, labels: Mapping[str, Collection[str]] | None = None) -> dict[str, set[int]]:
    """Which arguments of each definition are labels, counted from 0. `labels`: their names, where they are known."""
    labels = label_parameters(program) if labels is None else labels
    return {
        definition.name: {i for i, name in enumerate(definition.parameters) if name in labels[definition.name]}
        for definition in program.definitions
    }


def _of_word(word: Word) -> Iterator[Name]:
    """The names that stand where a word takes a number: first, or after an option that has a value."""
    layer = WORDS.get(ALIASES.get(word.name, word.name))
    options = form(layer).options if layer else {}
    valued = {option for option, field in options.items() if field.metadata["kind"] not in ("flag", "labels")}
    listed = layer and (lead := form(layer).leading) and lead.metadata["kind"] == "list"
    due = not layer or not (lead := form(layer).leading) or lead.metadata["kind"] != "label"
    for argument in word.arguments:
        name = single_name(argument)
        if name in options or name in PAD_MODES:
            due = name in valued or name in PAD_MODES
        elif listed and name == TO:
            due = True
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
