"""Syntax → network: letters get values, definitions and repeats are written out, every size is checked.

>>> from striate.notation.parse import parse
>>> net = bind(parse("input 1x28x28 -> [conv w@3 -> relu]*n -> gap -> fc 10"), {"w": 8, "n": 2})
>>> [layer.word for layer in net.layers]
['conv', 'relu', 'conv', 'relu', 'gap', 'fc']
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from striate.checks import check_kind
from striate.errors import InputError, nearest
from striate.notation import given, rules
from striate.notation.arguments import ArgumentError, read_arguments, refuse_layer, refuse_reckoned, refuse_x
from striate.notation.errors import MissingLettersError, NotationError, RuleError, Span, UnevenError
from striate.notation.evaluate import LARGEST, NoValueError, evaluate
from striate.notation.given import MAX_AXES
from striate.notation.graph import meeting
from striate.notation.labels import ENDED, Known, Labels, written
from striate.notation.letters import SAMPLE, labels_of, missing
from striate.notation.lookup import Lookup
from striate.notation.notes import channels_first, way_out
from striate.notation.rules.shape import shown
from striate.notation.scan import MAX_DEPTH
from striate.notation.sharing import again
from striate.notation.syntax import (
    Block,
    Call,
    Element,
    Expression,
    Free,
    Labelled,
    Name,
    Program,
    Repeat,
    Value,
    Word,
)
from striate.notation.thumb import RulesOfThumb
from striate.notation.tree import (
    Attention,
    Aux,
    Axes,
    Chain,
    From,
    Group,
    Heads,
    Identity,
    Layer,
    Link,
    MaxPool,
    Network,
    Node,
    RoI,
    Shape,
    Shared,
    Unpool,
    attribute,
)
from striate.notation.uneven import multiple, raised, with_input
from striate.notation.whole import check

Inputs = tuple[tuple[str, Shape], ...]

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
    check_kind(program, Program, "bind takes a parsed text, as st.parse gives")
    letters = given.letters({} if letters is None else letters)
    binder = _Binder(program, letters)
    binder.check(letters)
    others, label, shape, layers = binder.network(input)
    return Network(shape, layers, name, program, tuple(sorted(letters.items())), others, label)


def _inputs(layers: Sequence[Element]) -> Iterator[tuple[str, Word]]:
    """The inputs that a text begins with, each with its label."""
    for element in layers:
        word = element.body if isinstance(element, Labelled) else element
        if not isinstance(word, Word) or word.name != "input":
            return
        yield element.label if isinstance(element, Labelled) else "", word


class _Made:
    """A chain in the making: its layers so far, and the labels that are taken."""

    def __init__(self, written: set[str]) -> None:
        self.nodes: list[Node] = []
        self.written = written  # the labels of the text, which no name may hide
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
            if (numbered := f"{name}{self.numbers[name]}") not in self.written | self.labels:
                return numbered


class _Binder:
    """Makes a network from a text. `probes`: only to see whether it can."""

    def __init__(self, program: Program, letters: Letters, probes: bool = False) -> None:
        self.probes = probes
        self.program, self.lookup = program, Lookup(program, self.error)
        self.letters = {**dict(program.letters), **letters}
        self.thumb = RulesOfThumb(program, self.letters)
        self.count = 0
        self.calls: list[tuple[Call, list[int | float | str]]] = []
        self.labels = Labels(written(program), {definition.name for definition in program.definitions})
        self.given: dict[str, tuple[str, Known]] = {}  # the parameters of the open call that are labels
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
            listed = ", ".join(value if isinstance(value, str) else f"{value:g}" for value in values)
            via.append(f"{call.name}({listed}), line {line}")
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

    def network(self, outside: Sequence[int | None] | None) -> tuple[Inputs, str, Shape, Chain]:
        """The inputs before the last, the label and the shape of the last, and the chain."""
        if not self.program.layers:
            raise self.error(
                "there is no layer",
                Span(0, 1),
                "a network is layers in order: input 3x32x32 -> conv 16@3x3 -> fc 10",
            )
        words = list(_inputs(self.program.layers))
        if not words:
            span = self.program.layers[0].span
            raise self.error("a network begins with its input", span, "write it first: input 3x32x32 -> …")
        inputs = [(label, self.shape(word, outside)) for label, word in words]
        self._name_inputs(words, inputs)
        *others, (label, self.input) = inputs
        chain, _ = self.chain(self.program.layers[len(words) :], self.input, self.letters)
        if not chain:
            span = words[-1][1].span
            raise self.error("there is no layer after the input", span, "add one: input 3x32x32 -> conv 16@3x3")
        with self._placed():
            check(Network(self.input, chain, others=tuple(others), label=label), [word.span for _, word in words])
        return tuple(others), label, self.input, chain

    def _name_inputs(self, words: list[tuple[str, Word]], inputs: list[tuple[str, Shape]]) -> None:
        for (label, word), (_, shape) in zip(words, inputs, strict=True):
            if not label and word is not words[-1][1]:
                detail = "each input but the last needs a name: left: input 1x28x28"
                raise self.error("an input that nothing can read", word.span, detail)
            if label in self.labels:
                raise self.error(f"two inputs named '{label}'", word.span, "choose another name")
            if label:
                self.labels.add(label, Known(shape))

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
        with self._placed():
            refuse_reckoned(value.parts)
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
        except UnevenError as error:
            assert otherwise
            raise self.error(error.headline, otherwise, self._evened(error)) from None
        except RuleError as error:
            span = error.span if isinstance(error, ArgumentError) else (spans or {}).get(error.field, otherwise)
            assert span
            raise self.error(error.headline, span, error.detail + way_out(self.input, error.axes)) from None

    def _evened(self, error: UnevenError) -> str:
        """The rule that maps of unequal size break, and a way out: another size of the input, where that helps."""
        sizes = tuple(size for size in self.input[1:] if size is not None)
        if self.probes or len(sizes) < len(self.input) - 1 or len([*_inputs(self.program.layers)]) > 1:
            return error.detail
        step = multiple(self._takes, sizes)
        such = step and shown((self.input[0], *raised(sizes, step)))
        return f"{error.rule}; give the input a size that is a multiple of {step}: {such}" if step else error.detail

    def _takes(self, sizes: Axes) -> bool:
        """Whether the whole text is a network for an input of these sizes."""
        try:
            program = with_input(self.program, (self.input[0], *sizes))
            _Binder(program, self.letters, probes=True).network(None)
        except NotationError:
            return False
        return True

    def _fits(self, text: str, shape: Shape, span: Span) -> Shape:
        if any(size is not None and size > LARGEST for size in shape):
            raise self.error(f"{text} gives {shown(shape)}", span, f"a size may reach {LARGEST:,}; make it smaller")
        return shape

    # chains and what stands in them: each method adds the nodes to `made` and returns the shape after them

    def chain(self, elements: Sequence[Element], shape: Shape, letters: Letters) -> tuple[Chain, Shape]:
        made = _Made(self.labels.written)
        for element in elements:
            shape = self.element(element, shape, letters, made)
        return tuple(made.nodes), shape

    def inner(self, elements: Sequence[Element], shape: Shape, letters: Letters) -> tuple[Chain, Shape]:
        """A chain inside a block; one that is left out altogether passes its input through."""
        chain, after = self.chain(elements, shape, letters)
        return chain or (Identity(),), after

    def element(self, element: Element, shape: Shape, letters: Letters, made: _Made) -> Shape:
        if shape == ENDED:
            detail = "heads are what the network gives; put this layer into one of them, or before"
            raise self.error("nothing can follow heads", element.span, detail)
        self.count += not isinstance(element, Labelled)
        self._check_count(element.span)
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

    def _check_count(self, span: Span) -> None:
        if self.count > MAX_LAYERS:
            detail = f"written out, a network may have {MAX_LAYERS:,}; repeat less"
            raise self.error(f"more than {MAX_LAYERS:,} layers", span, detail)

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
            dims = 2 if issubclass(layer_class, RoI) else len(shape) - 1
            values, spans = read_arguments(plain, layer_class, dims, lambda e: evaluate(e, letters, c))
            values |= self._given(layer_class, values, spans)
            node = layer_class(**values, span=word.span)
            seen = self._seen(node, spans)
        with self._placed(spans, word.span):
            after = self._after(node, shape, seen)
        made.append(node)
        return self._fits(word.name, after, word.span)

    def _given(
        self, kind: type[Layer] | type[Link], values: Mapping[str, object], spans: Mapping[str, Span]
    ) -> dict[str, str | tuple[str, ...]]:
        """The labels that a word refers to, those of a definition's parameters by what they are outside of it."""
        found: dict[str, str | tuple[str, ...]] = {}
        for name in labels_of(kind):
            value = values.get(name, ())
            if isinstance(value, tuple):
                found[name] = tuple(self._outside(str(label), spans[name]) for label in value)
            else:
                found[name] = self._outside(str(value), spans[name])
        return found

    def _outside(self, label: str, span: Span) -> str:
        """The label itself, or the one that was given for a definition's parameter."""
        head, dot, rest = label.partition(".")
        outer, known = self.given.get(head, (head, None))
        label = outer + dot + rest
        if known and not dot and self.labels[label] is not known:
            detail = "the label that was given is hidden here by another of its name; rename one of them"
            raise ArgumentError(f"two labels '{label}'", span, detail)
        return label

    def _seen(self, node: Layer | Link, spans: Mapping[str, Span]) -> list[Known]:
        """What a node reads beside what comes in, or in its place."""
        if isinstance(node, Unpool):
            return [self.labels.pool(node.pool, spans["pool"])]
        if isinstance(node, From):
            return [self.labels.value(node.source, spans["source"])]
        if isinstance(node, RoI):
            return [self.labels.value(label, spans["levels"]) for label in node.levels]
        if isinstance(node, Attention):
            return [self.labels.value(label, spans["seen"]) for label in node.seen]
        return [self.labels.part(node.part, spans["part"])] if isinstance(node, Shared) else []

    def _after(self, node: Layer | Link, shape: Shape, seen: list[Known]) -> Shape:
        """The shape that comes out of a word."""
        if isinstance(node, From):
            return seen[0].shape
        if isinstance(node, Shared):
            after, count = again(seen[0], shape)
            self.count += count
            self._check_count(node.span)
            return after
        assert isinstance(node, Layer)
        if isinstance(node, Unpool):
            assert isinstance(seen[0].node, MaxPool)
            return rules.output(dataclasses.replace(node, source=seen[0].node), shape, seen[0].entry).value
        beside = [known.shape for known in seen]
        return rules.output(node, *([shape, *beside] if isinstance(node, Attention) else beside or [shape])).value

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
        if kind is Heads:
            return self.heads(block, shape, letters, made)
        hidden = self.labels.inside() if kind is Aux else nullcontext()  # it is left out in evaluation
        with self._inside(block.span, shape), hidden:
            branches = [self.inner(branch, shape, letters) for branch in block.branches]
        if any(out == ENDED for _, out in branches):
            raise self.error(f"heads inside {block.kind}", block.span, "the network ends in them, and nothing follows")
        node = kind(tuple(chain for chain, _ in branches), span=block.span)
        met = meeting(node, shape, [out for _, out in branches])
        with self._placed(otherwise=block.span):
            after = rules.output(met[0], *met[1]).value if met else shape
        made.append(node)
        return self._fits(block.kind, after, block.span)

    def heads(self, block: Block, shape: Shape, letters: Letters, made: _Made) -> Shape:
        """Branches that begin with a name, and in which the network ends."""
        chains: dict[str, Chain] = {}
        with self._inside(block.span, shape):
            for branch in block.branches:
                name, elements = self._output(branch, chains)
                chains[name], _ = self.inner(elements, shape, letters)
                self.labels.add(name, Known(ENDED))
        made.append(Heads(tuple(chains.values()), names=tuple(chains), span=block.span))
        return ENDED

    def _output(self, branch: Sequence[Element], others: Collection[str]) -> tuple[str, Sequence[Element]]:
        """The name that a branch begins with, and the branch without it."""
        first = branch[0]
        if not isinstance(first, Labelled):
            detail = "each branch begins with the name of its output: heads[ class: fc 10 | box: fc 4 ]"
            raise self.error("an output without a name", first.span, detail)
        if attribute(first.label) in map(attribute, others):
            raise self.error(f"two outputs named '{first.label}'", first.span, "choose another name")
        return first.label, (first.body, *branch[1:])

    def call(self, call: Call, shape: Shape, letters: Letters, made: _Made, label: str) -> Shape:
        definition = self.lookup.definition(call)
        labels = self.lookup.label_parameters[call.name]
        given = {
            name: self._label(argument)
            for name, argument in zip(definition.parameters, call.arguments, strict=True)
            if name in labels
        }
        values = [
            given[name][0] if name in given else self._number(name, argument, letters, shape)
            for name, argument in zip(definition.parameters, call.arguments, strict=True)
        ]
        if any(other.name == call.name for other, _ in self.calls):
            detail = "a definition may use only others, or it never ends"
            raise self.error(f"{call.name} calls itself", call.span, detail)
        self.calls.append((call, values))
        own = zip(definition.parameters, values, strict=True)
        inner = {**self.letters, **{name: value for name, value in own if not isinstance(value, str)}}
        outside, self.given = self.given, given
        with self._inside(call.span, shape), self.labels.inside(label):
            chain, after = self.inner(definition.body, shape, inner)
        self.given = outside
        self.calls.pop()
        made.append(Group((chain,), label=label, span=call.span))
        return after

    def _number(self, parameter: str, argument: Expression, letters: Letters, shape: Shape) -> int | float:
        """The number that a call gives to a definition."""
        if isinstance(argument, Name) and argument.text in self.labels and argument.text not in letters:
            detail = f"a number is due here; a definition that begins a branch at a label has: from {parameter}"
            raise self.error(f"'{argument.text}' is a label", argument.span, detail)
        return self.value(argument, letters, shape)

    def _label(self, argument: Expression) -> tuple[str, Known]:
        """The label that a call gives to a definition, and what it stands for."""
        if not isinstance(argument, Name):
            raise self.error("a label is due here", argument.span, "the definition begins a branch at it; write a name")
        if argument.text in self.given:
            return self.given[argument.text]
        with self._placed():
            return argument.text, self.labels.known(argument.text, argument.span)

    def labelled(self, element: Labelled, shape: Shape, letters: Letters, made: _Made) -> Shape:
        body, label = element.body, element.label
        if attribute(label) in map(attribute, made.labels):
            detail = "a label names one layer; choose another, or label a whole repeat: a: [ … ]*2"
            raise self.error(f"the label '{label}' appears twice", element.span, detail)
        if isinstance(body, Labelled):
            detail = "one is enough; only in heads an output's name stands before a label"
            raise self.error(f"two labels, '{label}' and '{body.label}'", element.span, detail)
        with self.labels.around(label):
            after = self._named(element, shape, letters, made)
        for node in made.nodes[-1:]:
            if node.label == label:  # none where it is optional and left out
                self.labels.add(label, Known(after, node, shape))
        return after

    def _named(self, element: Labelled, shape: Shape, letters: Letters, made: _Made) -> Shape:
        """The node under its label."""
        body, label = element.body, element.label
        if isinstance(body, Call):
            return self.call(body, shape, letters, made, label)
        if isinstance(body, Repeat) or (isinstance(body, Block) and not body.kind):
            parts = body.branches[0] if isinstance(body, Block) and len(body.branches) == 1 else (body,)
            with self._inside(element.span, shape), self.labels.inside(label):
                chain, after = self.inner(parts, shape, letters)
            made.append(Group((chain,), label=label, span=element.span))
            return after
        own = _Made(self.labels.written)
        after = self.element(body, shape, letters, own)
        for node in own.nodes:
            made.append(dataclasses.replace(node, label=label))
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
