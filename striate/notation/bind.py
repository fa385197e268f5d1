"""Syntax → network: letters get values, definitions and repeats are written out, every size is checked.

>>> from striate.notation.parse import parse
>>> net = bind(parse("input 1x28x28 -> [conv w@3 -> relu]*n -> gap -> fc 10"), w=8, n=2)
>>> [layer.word for layer in net.layers]
['conv', 'relu', 'conv', 'relu', 'gap', 'fc']
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from striate.errors import nearest
from striate.notation import rules
from striate.notation.arguments import ArgumentError, form, read_arguments
from striate.notation.errors import NotationError, RuleError, Span
from striate.notation.evaluate import evaluate
from striate.notation.syntax import (
    Block,
    Call,
    Definition,
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
    ALIASES,
    BLOCKS,
    BRANCHES,
    LAYERS,
    Aux,
    Chain,
    Group,
    Layer,
    Network,
    Node,
    Shape,
)
from striate.notation.tree import Block as Joined

MAX_LAYERS = 10_000
MAX_NESTED = 100  # blocks and definitions inside each other
RESERVED = {"c", "input", "x", *LAYERS, *BLOCKS, *ALIASES}

Letters = Mapping[str, int | float]


def bind(
    program: Program, *, name: str = "net", input: Sequence[int | None] | None = None, **letters: int | float
) -> Network:
    """Make a network of a text.

    Args:
        program: What `parse` returned.
        name: What to call the network.
        input: The shape that comes in, for a text with a bare `INPUT`.
        letters: Values for the text's letters (`n=2`); they go before values that the text itself gives.

    Returns:
        The network with every size a number.

    Raises:
        NotationError: An unknown word or letter, a value out of range, or a layer that does not fit its input.
    """
    binder = _Binder(program, {key.lower(): value for key, value in letters.items()})
    shape, layers = binder.network(input)
    return Network(shape, layers, name, program, tuple(sorted(binder.given.items())))


class _Binder:
    def __init__(self, program: Program, given: dict[str, int | float]) -> None:
        self.program, self.given = program, given
        self.definitions = {definition.name: definition for definition in program.definitions}
        self.letters = {**dict(program.letters), **given}
        self.thumb = RulesOfThumb(program, self.letters)
        self.count = 0
        self.calls: list[tuple[Call, list[int | float]]] = []
        self.depth = 0

    def error(self, headline: str, span: Span, detail: str) -> NotationError:
        text, via = self.program.text, []
        for call, values in self.calls:
            line = text.count("\n", 0, call.span.start) + 1
            via.append(f"{call.name}({', '.join(f'{value:g}' for value in values)}), line {line}")
        return NotationError(headline, text, span, detail, self.program.source, tuple(via))

    def network(self, given: Sequence[int | None] | None) -> tuple[Shape, Chain]:
        self._check_names()
        if not self.program.layers:
            raise self.error(
                "there is no layer",
                Span(0, 1),
                "a network is layers in order: input 3x32x32 -> conv 16@3x3 -> fc 10",
            )
        first = self.program.layers[0]
        if not isinstance(first, Word) or first.name != "input":
            raise self.error("a network begins with its input", first.span, "write it first: input 3x32x32 -> …")
        shape = self.input(first, given)
        chain, _ = self.chain(self.program.layers[1:], shape, self.letters)
        if not chain:
            raise self.error("there is no layer after the input", first.span, "add one: input 3x32x32 -> conv 16@3x3")
        return shape, chain

    def _check_names(self) -> None:
        for definition in self.program.definitions:
            for name in (definition.name, *definition.parameters):
                if name in RESERVED:
                    raise self.error(f"'{name}' is a word of the notation", definition.span, "choose another name")
        for letter, _ in self.program.letters:
            if letter in RESERVED:
                raise self.error(f"'{letter}' is a word of the notation", Span(0, 1), "choose another letter")
        for name in self.given:
            known = self.thumb.names()
            if name not in known:
                listed = f"it has {', '.join(sorted(known))}" if known else "it has none"
                raise self.error(f"the text has no letter '{name}'", Span(0, 1), listed + nearest(name, known))

    def input(self, word: Word, given: Sequence[int | None] | None) -> Shape:
        if not word.arguments:
            return tuple(given or self.thumb.input)
        value = word.arguments[0]
        if len(word.arguments) > 1 or not isinstance(value, Value):
            raise self.error("input takes one shape", word.span, "channels x height x width, as in input 3x224x224")
        sizes = tuple(None if isinstance(part, Free) else self._size(part) for part in value.parts)
        if sizes[0] is None:
            raise self.error("the number of channels can't be left open", value.span, "write it: input 3x?x?")
        if len(sizes) > 4:
            raise self.error(
                f"an input of {len(sizes)} sizes",
                value.span,
                "channels and at most three axes: input 1x16x112x112",
            )
        return sizes

    def _size(self, expression: Expression) -> int:
        value = self.value(expression, self.letters, (None,))
        if value != int(value) or value < 1:
            raise self.error(
                "a size of the input must be a whole number from 1", expression.span, f"received {value:g}"
            )
        return int(value)

    def value(self, expression: Expression, letters: Letters, shape: Shape) -> int | float:
        try:
            return evaluate(expression, letters, shape[0])
        except ArgumentError as error:
            raise self.error(error.headline, error.span, error.detail) from None

    # chains and what stands in them: each method adds the nodes to `made` and returns the shape after them

    def chain(self, elements: Sequence[Element], shape: Shape, letters: Letters) -> tuple[Chain, Shape]:
        made: list[Node] = []
        for element in elements:
            shape = self.element(element, shape, letters, made)
        return tuple(made), shape

    def element(self, element: Element, shape: Shape, letters: Letters, made: list[Node]) -> Shape:
        self.count += not isinstance(element, Labelled)
        if self.count > MAX_LAYERS:
            detail = f"written out, a network may have {MAX_LAYERS:,}; repeat less"
            raise self.error(f"more than {MAX_LAYERS:,} layers", element.span, detail)
        if isinstance(element, Word):
            return self.word(element, shape, letters, made)
        if isinstance(element, Block):
            return self.block(element, shape, letters, made)
        if isinstance(element, Call):
            return self.call(element, shape, letters, made, _fresh(element.name, made))
        if isinstance(element, Labelled):
            return self.labelled(element, shape, letters, made)
        for _ in range(self._times(element, letters, shape)):
            shape = self.element(element.body, shape, letters, made)
        return shape

    def _times(self, repeat: Repeat, letters: Letters, shape: Shape) -> int:
        times = self.value(repeat.times, letters, shape)
        if times != int(times) or times < 0:
            raise self.error("a part repeats a whole number of times", repeat.times.span, f"received {times:g}")
        return int(times)

    def word(self, word: Word, shape: Shape, letters: Letters, made: list[Node]) -> Shape:
        if word.optional and not self.thumb.keeps_optional:
            return shape
        layer_class = self._layer_class(word)
        plain = self.thumb.sized(word, layer_class)
        try:
            values, spans = read_arguments(plain, layer_class, len(shape) - 1, lambda e: evaluate(e, letters, shape[0]))
        except ArgumentError as error:
            raise self.error(error.headline, error.span, error.detail) from None
        layer = layer_class(**values, span=word.span)
        try:
            after = rules.output(layer, shape).value
        except RuleError as error:
            raise self.error(error.headline, spans.get(error.field, word.span), error.detail) from None
        made.append(layer)
        return after

    def _layer_class(self, word: Word) -> type[Layer]:
        name = ALIASES.get(word.name, word.name)
        if name in LAYERS:
            return LAYERS[name]
        if name == "input":
            raise self.error("a second input", word.span, "a network has one input, its first word")
        if name in BLOCKS:
            raise self.error(f"{name} needs brackets", word.span, f"as in {name}[ conv 64@3 pad same -> relu ]")
        if name in self.definitions:
            raise self.error(f"'{name}' is a definition", word.span, f"use it with brackets: {name}(…)")
        known = {*LAYERS, *BLOCKS, *ALIASES, *self.definitions}
        hint = nearest(name, known).lstrip("; ") or "the layers are " + ", ".join(sorted(LAYERS))
        raise self.error(f"no layer '{name}'", word.span, hint)

    def block(self, block: Block, shape: Shape, letters: Letters, made: list[Node]) -> Shape:
        if block.kind:
            return self.joined(block, shape, letters, made)
        if len(block.branches) > 1:
            raise self.error("branches that are not joined", block.span, "say how: concat[ a | b ] or sum[ a | b ]")
        with self._inside(block.span):
            for element in block.branches[0]:
                shape = self.element(element, shape, letters, made)
        return shape

    def joined(self, block: Block, shape: Shape, letters: Letters, made: list[Node]) -> Shape:
        kind = self._block_class(block)
        with self._inside(block.span):
            branches = [self.chain(branch, shape, letters) for branch in block.branches]
        node = kind(tuple(chain for chain, _ in branches), span=block.span)
        try:
            after = rules.join(node, shape, tuple(out for _, out in branches)).value
        except RuleError as error:
            raise self.error(error.headline, block.span, error.detail) from None
        made.append(node)
        return after

    def _block_class(self, block: Block) -> type[Joined]:
        if block.kind not in BLOCKS:
            hint = nearest(block.kind, BLOCKS).lstrip("; ") or f"the blocks are {', '.join(BLOCKS)}"
            raise self.error(f"no block '{block.kind}'", block.span, hint)
        least, most = BRANCHES[block.kind]
        if not least <= len(block.branches) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise self.error(f"{block.kind} with {len(block.branches)} branches", block.span, f"it takes {wanted}")
        if block.kind == Aux.kind and self.depth:
            detail = "a side head leaves the main chain; put it there"
            raise self.error("aux inside another block", block.span, detail)
        return BLOCKS[block.kind]

    def call(self, call: Call, shape: Shape, letters: Letters, made: list[Node], label: str) -> Shape:
        definition = self._definition(call)
        values = [self.value(argument, letters, shape) for argument in call.arguments]
        if any(other.name == call.name for other, _ in self.calls):
            detail = "a definition may use only others, or it never ends"
            raise self.error(f"{call.name} calls itself", call.span, detail)
        self.calls.append((call, values))
        inner = {**self.letters, **dict(zip(definition.parameters, values, strict=True))}
        with self._inside(call.span):
            chain, after = self.chain(definition.body, shape, inner)
        self.calls.pop()
        made.append(Group((chain,), label=label, span=call.span))
        return after

    def _definition(self, call: Call) -> Definition:
        if call.name in LAYERS or call.name in ALIASES:
            raise self.error(
                f"{call.name} takes its sizes without brackets",
                call.span,
                f"it is written: {form(LAYERS[ALIASES.get(call.name, call.name)]).usage}",
            )
        if call.name not in self.definitions:
            known = {*self.definitions, *LAYERS}
            raise self.error(
                f"nothing is defined as '{call.name}'",
                call.span,
                f"define it first: {call.name}(w) = …{nearest(call.name, known)}",
            )
        definition = self.definitions[call.name]
        if len(definition.parameters) != len(call.arguments):
            wanted = f"{call.name}({', '.join(definition.parameters)})"
            raise self.error(
                f"{call.name} takes {len(definition.parameters)} values, not {len(call.arguments)}",
                call.span,
                f"it is defined as {wanted}",
            )
        return definition

    def labelled(self, element: Labelled, shape: Shape, letters: Letters, made: list[Node]) -> Shape:
        body, label = element.body, element.label
        if any(node.label == label for node in made):
            detail = "a label names one layer; number them, or label the whole repeat"
            raise self.error(f"the label '{label}' appears twice", element.span, detail)
        if isinstance(body, Call):
            return self.call(body, shape, letters, made, label)
        if isinstance(body, Repeat) or (isinstance(body, Block) and not body.kind):
            with self._inside(element.span):
                chain, after = self.chain((body,), shape, letters)
            made.append(Group((chain,), label=label, span=element.span))
            return after
        after = self.element(body, shape, letters, made)
        made[-1] = dataclasses.replace(made[-1], label=label)
        return after

    @contextmanager
    def _inside(self, span: Span) -> Iterator[None]:
        self.depth += 1
        if self.depth > MAX_NESTED:
            raise self.error("blocks nested too deep", span, f"at most {MAX_NESTED} may stand inside each other")
        yield
        self.depth -= 1


def _fresh(name: str, before: list[Node]) -> str:
    """`bottleneck1`, `bottleneck2`, …: the first number that the chain has not used."""
    used = {node.label for node in before}
    number = sum(label.startswith(name) for label in used) + 1
    while f"{name}{number}" in used:
        number += 1
    return f"{name}{number}"
