"""A network and its numbers, worked out: one layer by itself, or a chain with its loss and a step of descent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from striate.errors import InputError
from striate.notation import tree
from striate.notation.graph import Vertex
from striate.notation.measure import Measure
from striate.notation.notes import input_note
from striate.notation.render import render
from striate.notation.tree import Conv, Layer, Pool, Softmax
from striate.stepping.aim import Aim
from striate.stepping.cells import check_products
from striate.stepping.chain import Chain
from striate.stepping.content import Part, Picture, Step, named
from striate.stepping.convolution import im2col
from striate.stepping.descent import moved
from striate.stepping.losses import cross_entropy, squared
from striate.stepping.needs import Need, needs, reach
from striate.stepping.propagation import Propagation, sizes, text_of
from striate.stepping.reading import Array, Given, in_file, read_as
from striate.stepping.sliding import sliding
from striate.stepping.supply import Supply


class Job:
    """A network with its numbers."""

    def __init__(self, measured: Measure, x: Array, source: Given | None, supply: Supply) -> None:
        self.measured, self.x, self.source, self.supply = measured, x, source, supply
        self.vertices = measured.graph.vertices
        if not self.vertices:
            raise InputError("a step shows layers, and the text has none; write one, such as relu")
        for vertex in self.vertices:
            if isinstance(vertex.node, tree.RoI) and vertex.node.levels:
                raise InputError(f"a step cuts a box out of one map; leave 'from' out of {vertex.node.word}")
            _check_size(vertex, measured)
        self.run = Propagation(measured, x, supply)

    @property
    def layer(self) -> Layer | None:
        """The one layer, where there is one; else None."""
        first = self.measured.network.layers
        return first[0] if len(first) == len(self.vertices) == 1 and isinstance(first[0], Layer) else None

    @property
    def text(self) -> str:
        """The layers as the notation writes them, in one line."""
        return " -> ".join(render(self.measured.network).splitlines()[1:])

    def needs(self) -> list[tuple[str, Need]]:
        """Every array that a layer takes, with its full name."""
        found: dict[str, Need] = {}
        for vertex in self.vertices:
            prefix = "" if len(self.vertices) == 1 else f"{vertex.weights}."
            shape = sizes(self.measured.row(vertex.name).input)
            if isinstance(vertex.node, Layer):
                found |= {prefix + need.key: need for need in needs(vertex.node, shape)}
        return list(found.items())

    def take(self, **options: Given | None) -> None:
        """Gives `weights` and `bias` to the one layer that takes them."""
        wanted = self.needs()
        for role, source in options.items():
            names = [name for name, need in wanted if need.role == role]
            if source is None and len(names) == 1 and self.layer and in_file(self.source, role):
                source = self.source
            if source is None:
                continue
            if not names:
                others = f"; it takes {', '.join(name for name, _ in wanted)}, by `given`" if wanted else ""
                raise InputError(f"{self.text} takes no {role}; leave it out{others}")
            if len(names) > 1:
                raise InputError(f"{role}: several layers take some; name them by `given`: {', '.join(names)}")
            self.supply.given[names[0]] = source

    def step(self, aimed: Aim | None, upstream: Given | None, rate: Fraction | None, with_im2col: bool) -> Step:
        """The step itself."""
        if with_im2col and not isinstance(self.layer, Conv):
            raise InputError(f"{self.text} takes no im2col; leave it out, or step through one conv")
        if rate is not None and not aimed and upstream is None:
            raise InputError("a rate moves weights along their gradient; give a `target` or an `upstream` too")
        layer = self.layer
        alone = layer is not None and (not aimed or (isinstance(layer, Softmax) and aimed.loss == "cross-entropy"))
        if aimed and aimed.loss == "cross-entropy":
            self.check_class(aimed.target)
        self.run.forward()
        self.supply.check()
        return self.alone(aimed, upstream, rate, with_im2col) if alone else self.chain(aimed, upstream, rate)

    def check_class(self, target: int) -> None:
        """Refuse a class that the output has no score for."""
        shape = self.run.shape(self.last())
        if len(shape) > 1:
            if isinstance(self.layer, Softmax):
                raise InputError("softmax takes one row of scores, such as 1 2 3; give a row at a time")
            shown = "x".join(map(str, shape))
            raise InputError(f"{self.text} takes no target; a class needs a row of scores, and it gives {shown}")
        if not 0 <= target < shape[0]:
            raise InputError(f"target: one of the {shape[0]} entries, 0 to {shape[0] - 1}. Received: {target}")

    def last(self) -> Vertex:
        """What gives the output."""
        outputs = self.measured.graph.outputs
        if "" not in outputs:
            raise InputError("a loss and an upstream need one output, and heads give several; leave them out")
        for vertex in self.vertices:
            if vertex.name == outputs[""]:
                return vertex
        raise InputError("the output is what comes in; write a layer")

    def alone(self, aimed: Aim | None, upstream: Given | None, rate: Fraction | None, with_im2col: bool) -> Step:
        """One layer by itself."""
        (vertex,), layer, text = self.vertices, self.layer, text_of(self.vertices[0].node)
        shape, arrays = self.run.shape(vertex), self.run.arrays[vertex.name]
        shown = self.given(vertex)
        if aimed:
            parts = tuple(cross_entropy(self.x, aimed.target))
        else:
            dO = named("dO", shape, int(len(shape) > 1))  # noqa: N806 - as the formulas write it
            if upstream is not None:
                dO = read_as(upstream, "upstream", shape, text)  # noqa: N806
                shown = (*shown, Picture("dO", dO))
            parts = (*self.run.parts[vertex.name], *self.run.backward(vertex, dO))
        if rate is not None:
            parts = (*parts, *self.after({vertex.name: parts}, rate).get(vertex.weights, ()))
        matrices = None
        if with_im2col and isinstance(layer, Conv):
            bias = arrays.get("b", self.x[:0].reshape(0))
            matrices = im2col(sliding(layer, self.x.shape[1:]), self.x, arrays["W"], bias)
        note = input_note(self.x.shape) if self.x.ndim > 2 else ""  # maps of one axis were parted on purpose
        return Step(text, shown, parts, matrices, (note,) if note else (), vertex.node, arrays)

    def given(self, vertex: Vertex) -> tuple[Picture, ...]:
        """What a layer computes from: its arrays; a bias only where it is not left out."""
        arrays = self.run.arrays[vertex.name]
        return tuple(
            Picture(name, array) for name, array in arrays.items() if name not in ("jump", "b") or any(array.flat)
        )

    def chain(self, aimed: Aim | None, upstream: Given | None, rate: Fraction | None) -> Chain:
        """Several layers, and the loss."""
        run, loss, gradients = self.run, tuple[Part, ...](), dict[str, tuple[Part, ...]]()
        sent: dict[str, Array] = {}
        if aimed or upstream is not None:
            loss = self.begin(aimed, upstream, gradients)
            for vertex in reversed(self.vertices):
                back = run.upstream(vertex)
                if back is not None and vertex.name not in gradients:
                    sent[vertex.name], gradients[vertex.name] = back, run.backward(vertex, back)
        steps = {}
        for vertex in self.vertices:
            name = vertex.name
            pictures = (*self.given(vertex), *([Picture("dO", sent[name])] if name in sent else []))
            parts = (*run.parts[name], *gradients.get(name, ()))
            steps[name] = Step(text_of(vertex.node), pictures, parts, node=vertex.node, arrays=run.arrays[name])
        after = self.after(gradients, rate) if rate is not None else {}
        inner = [(name, part) for name, step in steps.items() for part in step.parts]
        inner += [(name, part) for name, parts in after.items() for part in parts]
        flat = (*(_under(name, part) for name, part in inner), *loss)
        reads = {vertex.name: run.reads(vertex) for vertex in self.vertices}
        note = input_note(self.x.shape)
        notes = (note,) if note else ()
        came = (Picture("X", self.x),)
        return Chain(self.text, came, flat, notes=notes, steps=steps, reads=reads, loss=loss, after=after)

    def begin(
        self, aimed: Aim | None, upstream: Given | None, gradients: dict[str, tuple[Part, ...]]
    ) -> tuple[Part, ...]:
        """Sends the first gradient back: the loss's, or what was given; returns what the loss shows."""
        last, run = self.last(), self.run
        shape, output = run.shape(last), run.values[last.name]
        if aimed is None:
            assert upstream is not None
            run.sent[last.name] = [("dO", read_as(upstream, "upstream", shape, text_of(last.node)))]
            return ()
        if aimed.loss == "squared":
            target = read_as(aimed.target, "target", shape, "the squared error")
            loss = tuple(squared(output, target))
        elif isinstance(last.node, Softmax) and not any(last.name in vertex.inputs for vertex in self.vertices):
            _, error, gradient = cross_entropy(run.arrays[last.name]["X"], aimed.target)
            gradients[last.name] = (gradient,)
            run.send(last, [gradient])
            return (error,)
        else:
            loss = tuple(cross_entropy(output, aimed.target, "dE/dO"))
        values = loss[-1].values
        assert values is not None
        run.sent[last.name] = [("dE/dO", values)]
        return loss

    def after(self, gradients: Mapping[str, tuple[Part, ...]], rate: Fraction) -> dict[str, tuple[Part, ...]]:
        """The weights of each layer after a step of gradient descent."""
        found: dict[str, tuple[Part, ...]] = {}
        for vertex in self.vertices:
            if vertex.shares or not isinstance(vertex.node, Layer):
                continue
            uses = [other.name for other in self.vertices if other.weights == vertex.weights]
            shape = sizes(self.measured.row(vertex.name).input)
            parts = []
            for need in needs(vertex.node, shape):
                name = f"dE/d{need.symbol}"
                slopes = [part.values for use in uses for part in gradients.get(use, ()) if part.name == name]
                if slopes:
                    array = self.run.arrays[vertex.name][need.symbol]
                    parts.append(moved(need.symbol, array, [slope for slope in slopes if slope is not None], rate))
            if parts:
                found[vertex.name] = tuple(parts)
        return found


def _under(name: str, part: Part) -> Part:
    """A part of a layer under its full name."""
    return Part(f"{name}.{part.name}", part.rule, part.shape, part.entries, part.pictures)


def _check_size(vertex: Vertex, measured: Measure) -> None:
    """Refuse what nobody would read to its end, before anything of that size is made."""
    layer, row, text = vertex.node, measured.row(vertex.name), text_of(vertex.node)
    shape, outputs = sizes(row.input), math.prod(sizes(row.output.value))
    products, padded = max(outputs * reach(layer, shape), row.macs.value or 0), 0
    if isinstance(layer, Conv | Pool):
        padded = math.prod(sliding(layer, shape[1:]).padded) * shape[0]
    if isinstance(layer, Conv):
        padded *= layer.filters
    check_products(products, "products", text)
    check_products(padded, "entries with the padding", text)
