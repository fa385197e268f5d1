"""Syntax → network: letters get values, definitions and repeats are written out, every size is checked.

>>> from striate.notation.parse import parse
>>> net = bind(parse("input 1x28x28 -> [conv w@3 -> relu]*n -> gap -> fc 10"), {"w": 8, "n": 2})
>>> [layer.word for layer in net.layers]
['conv', 'relu', 'conv', 'relu', 'gap', 'fc']
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from striate.errors import InputError, nearest
from striate.notation import given, rules
from striate.notation.arguments import ArgumentError, read_arguments, refuse_layer, refuse_x
from striate.notation.errors import MissingLettersError, NotationError, RuleError, Span
from striate.notation.evaluate import LARGEST, NoValueError, evaluate
from striate.notation.given import MAX_AXES
from striate.notation.graph import graph, meeting
from striate.notation.letters import SAMPLE, missing
from striate.notation.lookup import Lookup
from striate.notation.measure import rows
from striate.notation.notes import channels_first, way_out
from striate.notation.rules.shape import shown
from striate.notation.scan import MAX_DEPTH
from striate.notation.syntax import (
    Block,
    Call,
    Element,
    Expression,
    Free,
    Labelled,
    Program,
    Repeat,
    Value,
    Word,
)
from striate.notation.thumb import RulesOfThumb
from striate.notation.tree import (
    Aux,
    Chain,
    Group,
    Identity,
    MaxPool,
    Network,
    Node,
    RoI,
    Shape,
    Unpool,
)

MAX_LAYERS = 10_000
MAX_NESTED = MAX_DEPTH  # blocks and definitions inside each other: as in a text, so that the network can be read again

Letters = Mapping[str, int | float]


def bind(
    program: Program, letters: Letters | None = None, *, name: str = "net", input: Sequence[int | None] | None = None
) -> Network:
    """Make a network from a text.

    Args:
        program: What `parse` returned.
        letters: Values for the text's letters (`{"n": 2}`); they override the values in the text itself.
        name: What to call the network.
        input: The shape that comes in, for a text with a bare `INPUT`: (C, H, W), None for a free axis.

    Returns:
        The network with every size a number.

    Raises:
        NotationError: An unknown word, a value out of range, or a layer that does not fit its input.
        InputError: A letter that the text does not have, or a shape that it does not take.
    """
    letters = given.letters({} if letters is None else letters)
    binder = _Binder(program, letters)
    binder.check(letters)
    shape, layers = binder.network(input)
    return Network(shape, layers, name, program, tuple(sorted(letters.items())))


class _Made:
    """A chain in the making: its layers so far, and the labels that are taken."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.labels: set[str] = set()
        self.numbers: dict[str, int] = {}

    def append(self, node: Node) -> None:
        self.nodes.append(node)
        self.labels.add(node.label)

    def fresh(self, name: str) -> str:
        """`bottleneck1`, `bottleneck2`, …: the first number that the chain has not used (`c3_1` after a digit)."""
        name = f"{name}_" if name[-1].isdigit() else name
        while True:
            self.numbers[name] = self.numbers.get(name, 0) + 1
            if f"{name}{self.numbers[name]}" not in self.labels:
                return f"{name}{self.numbers[name]}"


class _Binder:
    def __init__(self, program: Program, letters: Letters) -> None:
        self.program, self.lookup = program, Lookup(program, self.error)
        self.letters = {**dict(program.letters), **letters}
        self.thumb = RulesOfThumb(program, self.letters)
        self.count = 0
        self.calls: list[tuple[Call, list[int | float]]] = []
        self.pools: list[dict[str, tuple[MaxPool, Shape]]] = []  # the labelled ones of each open chain
        self.depth = 0
        self.input: Shape = ()  # what comes into the network; empty until it is read
        self.scope: Shape | None = None  # what comes into the brackets that are open; None outside of any

    def error(self, headline: str, span: Span, detail: str) -> NotationError:
        return NotationError(headline, self.program.text, span, detail, self.program.source, self._via())

    def _via(self) -> tuple[str, ...]:
        """The calls that are open, each with its values and its line."""
        via = []
        for call, values in self.calls:
            line = self.program.text.count("\n", 0, call.span.start) + 1
            via.append(f"{call.name}({', '.join(f'{value:g}' for value in values)}), line {line}")
        return tuple(via)

    def _without_value(self, error: NoValueError) -> NotationError:
        """The error for all letters without a value, placed at the first; for a misspelt letter, for that one alone."""
        program = self.program
        found = missing(program, self.letters) if not error.hint else {}
        if error.name not in found:
            found = {error.name: (error.span, SAMPLE)}
        span = error.span if self.calls else next(iter(found.values()))[0]
        letters = {program.text[at.start : at.end] or name: sample for name, (at, sample) in found.items()}
        return MissingLettersError(program.text, span, letters, error.hint, program.source, self._via())

    def check(self, given: Letters) -> None:
        self.lookup.check()
        known = sorted(self.thumb.names())
        for name in given:
            if name not in known:
                listed = ", ".join(known[:20]) or "none"
                raise InputError(f"the text has no letter '{name}'; it has {listed}{nearest(name, known)}")

    def network(self, outside: Sequence[int | None] | None) -> tuple[Shape, Chain]:
        if not self.program.layers:
            raise self.error(
                "there is no layer",
                Span(0, 1),
                "a network is layers in order: input 3x32x32 -> conv 16@3x3 -> fc 10",
            )
        first = self.program.layers[0]
        if not isinstance(first, Word) or first.name != "input":
            raise self.error("a network begins with its input", first.span, "write it first: input 3x32x32 -> …")
        shape = self.input = self.shape(first, outside)
        chain, _ = self.chain(self.program.layers[1:], shape, self.letters)
        if not chain:
            raise self.error("there is no layer after the input", first.span, "add one: input 3x32x32 -> conv 16@3x3")
        self._check_boxes(chain, shape)
        return shape, chain

    def _check_boxes(self, chain: Chain, shape: Shape) -> None:
        """Check that boxes can be cut out of the maps that RoI layers read."""
        if not any(isinstance(node, RoI) for node in chain):
            return
        flat = graph(Network(shape, chain))
        figures = rows(flat, shape)
        for vertex in flat.vertices:
            with self._placed(otherwise=vertex.node.span):
                next(figures)

    def shape(self, word: Word, outside: Sequence[int | None] | None) -> Shape:
        if word.optional:
            raise self.error("the input can't be left out", word.span, "delete the '?'; a free axis is written 3x?x?")
        if not word.arguments:
            return self.thumb.input if outside is None else given.shape(outside)
        with self._placed():
            for argument in word.arguments:
                refuse_layer(argument, word.name)
            for argument in word.arguments[1:]:
                refuse_x(argument)
        value = word.arguments[0]
        if len(word.arguments) > 1 or not isinstance(value, Value):
            raise self.error("input takes one shape", word.span, "channels x height x width, as in input 3x224x224")
        sizes = tuple(None if isinstance(part, Free) else self._size(part) for part in value.parts)
        if sizes[0] is None:
            detail = f"write it first: input {shown(channels_first(sizes) or (3, *sizes[1:]))}"
            raise self.error("the number of channels can't be left open", value.parts[0].span, detail)
        if len(sizes) > 1 + MAX_AXES:
            raise self.error(
                f"an input of {len(sizes)} sizes",
                value.span,
                "channels and at most three axes: input 1x16x112x112",
            )
        if outside is not None and tuple(outside) != sizes:
            raise InputError(f"the text has its own input, {shown(sizes)}; only a bare INPUT takes another")
        return sizes

    def _size(self, expression: Expression) -> int:
        value = self.value(expression, self.letters, (None,))
        if value != int(value) or value < 1:
            raise self.error(
                "a size of the input must be a whole number from 1",
                expression.span,
                f"received {value:g}; '?' leaves an axis open",
            )
        return int(value)

    def value(self, expression: Expression, letters: Letters, shape: Shape) -> int | float:
        with self._placed():
            return evaluate(expression, letters, self._channels(shape))

    def _channels(self, shape: Shape) -> int | None:
        """What `c` stands for: the channels that come into the innermost brackets; outside of any, into the layer."""
        return (self.scope or shape)[0]

    @contextmanager
    def _placed(self, spans: Mapping[str, Span] | None = None, otherwise: Span | None = None) -> Iterator[None]:
        """Report a broken rule with its place: the argument's own, that of the field at fault, or `otherwise`."""
        try:
            yield
        except NoValueError as error:
            raise self._without_value(error) from None
        except RuleError as error:
            span = error.span if isinstance(error, ArgumentError) else (spans or {}).get(error.field, otherwise)
            assert span
            raise self.error(error.headline, span, error.detail + way_out(self.input, error.axes)) from None

    def _fits(self, text: str, shape: Shape, span: Span) -> Shape:
        if any(size is not None and size > LARGEST for size in shape):
            raise self.error(f"{text} gives {shown(shape)}", span, f"a size may reach {LARGEST:,}; make it smaller")
        return shape

    # chains and what stands in them: each method adds the nodes to `made` and returns the shape after them

    def chain(self, elements: Sequence[Element], shape: Shape, letters: Letters) -> tuple[Chain, Shape]:
        made = _Made()
        self.pools.append({})
        for element in elements:
            shape = self.element(element, shape, letters, made)
        self.pools.pop()
        return tuple(made.nodes), shape

    def inner(self, elements: Sequence[Element], shape: Shape, letters: Letters) -> tuple[Chain, Shape]:
        """A chain inside a block; one that is left out altogether passes its input through."""
        chain, after = self.chain(elements, shape, letters)
        return chain or (Identity(),), after

    def element(self, element: Element, shape: Shape, letters: Letters, made: _Made) -> Shape:
        self.count += not isinstance(element, Labelled)
        if self.count > MAX_LAYERS:
            detail = f"written out, a network may have {MAX_LAYERS:,}; repeat less"
            raise self.error(f"more than {MAX_LAYERS:,} layers", element.span, detail)
        if isinstance(element, Word):
            return self.word(element, shape, letters, made)
        if isinstance(element, Block):
            return self.block(element, shape, letters, made)
        if isinstance(element, Call):
            return self.call(element, shape, letters, made, made.fresh(element.name))
        if isinstance(element, Labelled):
            return self.labelled(element, shape, letters, made)
        for _ in range(self._times(element, letters, shape)):
            shape = self.element(element.body, shape, letters, made)
        return shape

    def _times(self, repeat: Repeat, letters: Letters, shape: Shape) -> int:
        times = self.value(repeat.times, letters, shape)
        if times != int(times) or times < 0:
            detail = f"received {times:g}; write 0 or more"
            raise self.error("a part repeats a whole number of times", repeat.times.span, detail)
        return int(times)

    def word(self, word: Word, shape: Shape, letters: Letters, made: _Made) -> Shape:
        if word.optional and not self.thumb.keeps_optional:
            return shape
        layer_class = self.lookup.layer(word)
        plain = self.thumb.sized(word, layer_class)
        c = self._channels(shape)
        with self._placed():
            values, spans = read_arguments(plain, layer_class, len(shape) - 1, lambda e: evaluate(e, letters, c))
            pooled = self._pooled(values["pool"], spans["pool"]) if layer_class is Unpool else None
        layer = layer_class(**values, span=word.span)
        if isinstance(layer, RoI):
            self._refuse_inside(word)
            self.pools[-1].clear()  # after it the maps are of boxes, and no unpool can use a pool of the images
        with self._placed(spans, word.span):
            if isinstance(layer, Unpool) and pooled:
                pool, seen = pooled
                after = rules.output(dataclasses.replace(layer, source=pool), shape, seen).value
            else:
                after = rules.output(layer, shape).value
        made.append(layer)
        return self._fits(word.name, after, word.span)

    def _refuse_inside(self, word: Word) -> None:
        if len(self.pools) > 1:
            detail = "boxes come in beside the images; put it before or after the block or definition"
            raise self.error(f"{word.name} stands in the network's own chain, not in a branch", word.span, detail)

    def _pooled(self, label: str, span: Span) -> tuple[MaxPool, Shape]:
        """The pool of that label in the chain at hand, and the shape that it saw."""
        known = self.pools[-1]
        if any(label in outer for outer in self.pools[:-1]) and label not in known:
            detail = "where its maxima were is known in its own chain only; put the unpool there, or the pool in here"
            raise ArgumentError(f"the maxpool '{label}' stands outside of this branch", span, detail)
        if label not in known:
            listed = f"; this chain has {', '.join(known)}" if known else ""
            detail = f"label one in the same chain: p1: maxpool 2 -> … -> unpool p1{listed}{nearest(label, known)}"
            raise ArgumentError(f"no maxpool '{label}' comes before", span, detail)
        return known[label]

    def block(self, block: Block, shape: Shape, letters: Letters, made: _Made) -> Shape:
        if block.kind:
            return self.joined(block, shape, letters, made)
        if len(block.branches) > 1:
            raise self.error("branches that are not joined", block.span, "say how: concat[ a | b ] or sum[ a | b ]")
        with self._inside(block.span, shape):
            for element in block.branches[0]:
                shape = self.element(element, shape, letters, made)
        return shape

    def joined(self, block: Block, shape: Shape, letters: Letters, made: _Made) -> Shape:
        kind = self.lookup.block(block)
        if kind is Aux and self.depth:
            raise self.error(
                "aux inside another block",
                block.span,
                "it leaves the main chain only; put it before or after the block",
            )
        with self._inside(block.span, shape):
            branches = [self.inner(branch, shape, letters) for branch in block.branches]
        node = kind(tuple(chain for chain, _ in branches), span=block.span)
        met = meeting(node, shape, [out for _, out in branches])
        with self._placed(otherwise=block.span):
            after = rules.output(met[0], *met[1]).value if met else shape
        made.append(node)
        return self._fits(block.kind, after, block.span)

    def call(self, call: Call, shape: Shape, letters: Letters, made: _Made, label: str) -> Shape:
        definition = self.lookup.definition(call)
        values = [self.value(argument, letters, shape) for argument in call.arguments]
        if any(other.name == call.name for other, _ in self.calls):
            detail = "a definition may use only others, or it never ends"
            raise self.error(f"{call.name} calls itself", call.span, detail)
        self.calls.append((call, values))
        inner = {**self.letters, **dict(zip(definition.parameters, values, strict=True))}
        with self._inside(call.span, shape):
            chain, after = self.inner(definition.body, shape, inner)
        self.calls.pop()
        made.append(Group((chain,), label=label, span=call.span))
        return after

    def labelled(self, element: Labelled, shape: Shape, letters: Letters, made: _Made) -> Shape:
        body, label = element.body, element.label
        if label in made.labels:
            detail = "a label names one layer; choose another, or label a whole repeat: a: [ … ]*2"
            raise self.error(f"the label '{label}' appears twice", element.span, detail)
        if isinstance(body, Call):
            return self.call(body, shape, letters, made, label)
        if isinstance(body, Repeat) or (isinstance(body, Block) and not body.kind):
            parts = body.branches[0] if isinstance(body, Block) and len(body.branches) == 1 else (body,)
            with self._inside(element.span, shape):
                chain, after = self.inner(parts, shape, letters)
            made.append(Group((chain,), label=label, span=element.span))
            return after
        own = _Made()
        after = self.element(body, shape, letters, own)
        for node in own.nodes:  # one, or none where it is optional and left out
            made.append(dataclasses.replace(node, label=label))
            if isinstance(node, MaxPool):
                self.pools[-1][label] = (node, shape)
        return after

    @contextmanager
    def _inside(self, span: Span, shape: Shape) -> Iterator[None]:
        outside, self.scope = self.scope, shape
        self.depth += 1
        if self.depth > MAX_NESTED:
            raise self.error("blocks nested too deep", span, f"at most {MAX_NESTED} may stand inside each other")
        yield
        self.scope = outside
        self.depth -= 1
