"""Batch normalisation, which waits for all images, and local response normalisation."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.steps.convolution import Convolution
from striate.native.steps.join import Add
from striate.native.values import Parameter, Value
from striate.notation import tree


class BatchNorm(Step):
    """y = scale x + shift from the batch's mean and variance, in evaluation from the running ones.

    A shortcut's addition and a ReLU are done at once: maps go through memory once instead of three times.

    Attributes:
        layer: The layer of the notation, with its eps and momentum.
        name: Its name.
        first: Its first channel among all normalised ones.
        relu: Whether a ReLU follows, 0 or 1.
        convolution: What writes x for this step alone; in evaluation it normalises as it stores.
    """

    reads_inputs = True
    waits = True

    def __init__(self, title: str, x: Value, y: Value, layer: tree.BatchNorm, name: str, first: int) -> None:
        weights = (Parameter(f"{name}.weight", (x.channels,)), Parameter(f"{name}.bias", (x.channels,)))
        super().__init__(title, (x,), y, weights if layer.affine else ())
        self.layer, self.name, self.first, self.relu = layer, name, first, 0
        self.convolution: Convolution | None = None

    def takes(self, shortcut: Value) -> bool:
        """Whether `join` may be called: nothing is done at once with it yet, and the shortcut is not its own input."""
        return not self.relu and self.shortcut is None and shortcut is not self.inputs[0]

    def join(self, add: Add) -> None:
        """Add the shortcut too, as `add` would."""
        self.inputs, self.output = (*self.inputs, add.inputs[1]), add.output
        self.title += " -> sum"

    def rectify(self, y: Value) -> None:
        """Do the ReLU too, into y."""
        self.relu, self.output, self.reads_output = 1, y, self.shortcut is not None
        self.title += " -> relu"

    @property
    def shortcut(self) -> Value | None:
        """What is added."""
        return self.inputs[1] if len(self.inputs) > 1 else None

    def _call(self, at: Places) -> str:
        weight, bias = [at.parameter(parameter) for parameter in self.parameters] or ("NULL", "NULL")
        return f"{weight}, {bias}, {self.first}, {self.output.channels}"

    def _statistics(self, *names: str) -> str:
        return ", ".join(f"ST({name}, {self.first})" for name in names)

    def read_late(self) -> tuple[Value, ...]:
        """What the convolution reads: in evaluation it runs with this step."""
        return self.convolution.inputs if self.convolution else ()

    def measure(self, at: Places) -> str:
        """A group's statistics, in the phase before, unless the convolution has gathered them."""
        x = self.inputs[0]
        return "" if self.convolution else f"bn_measure({at.value(x)}, {self.moments}, {x.lanes_in_use}, {x.as_map()});"

    @property
    def moments(self) -> str:
        """C text of where a group's statistics go."""
        return f"n->moments + {self.first} * n->most + g * {self.output.channels}"

    def settle(self, at: Places) -> str:
        """The batch's statistics, once per thread."""
        y, numbers = self.output, f"{self.layer.eps!r}f, {self.layer.momentum!r}f"
        return f"bn_settle(n, st, {self._call(at)}, {y.rows * y.columns}, {y.strips}, {numbers}, thread == 0);"

    def recall(self, at: Places) -> str:
        """The running statistics, once per thread."""
        return f"bn_recall(n, st, {self._call(at)}, {self.layer.eps!r}f);"

    def _added(self, at: Places) -> tuple[str, str]:
        """Pointer to the shortcut and its map."""
        z = self.shortcut
        return (at.value(z), z.as_map()) if z else ("NULL", self.inputs[0].as_map())

    def forward(self, at: Places) -> str:
        """y from x and the statistics."""
        return self._apply(at, self.output)

    def remake(self, at: Places) -> str:
        """The same on the way back, for a reader that then needs y."""
        return self._apply(at, self.output.on_the_way_back)

    def _apply(self, at: Places, y: Value) -> str:
        x, (z, map_of_z) = self.inputs[0], self._added(at)
        values = f"{at.value(x)}, {z}, {self._statistics('SCALE', 'SHIFT')}, {at.value(y)}"
        return f"bn_apply({values}, {x.as_map()}, {map_of_z}, {y.as_map()}, {self.relu});"

    def evaluate(self, at: Places) -> str:
        """The same in evaluation, where the statistics are known before the convolution stores x."""
        if not self.convolution:
            return self.forward(at)
        y, (z, map_of_z) = self.output, self._added(at)
        numbers = f"{self._statistics('SCALE', 'SHIFT')}, {z}, {at.value(y)}"
        return self.convolution.normalised(at, f"{numbers}, {map_of_z}, {y.as_map()}, {self.relu}")

    def measure_back(self, at: Places) -> str:
        """A group's sums of the gradient, in the phase before."""
        x, y = self.inputs[0], self.output
        numbers = self._statistics("SCALE", "SHIFT", "MEAN", "INVERSE")
        sums = f"n->sums + 2 * {self.first} * n->most + g * 2 * {x.channels}"
        y_or_null = at.value(y) if self.reads_output else "NULL"
        maps = f"{x.as_map()}, {y.as_map()}, {self.relu}"
        return f"bn_sums({at.value(x)}, {at.gradient(y)}, {y_or_null}, {numbers}, {sums}, {maps});"

    def settle_back(self, at: Places) -> str:
        """The batch's sums, once per thread."""
        slopes = ", ".join(at.slope(parameter) for parameter in self.parameters) or "NULL, NULL"
        plane = self.output.rows * self.output.columns * self.output.strips
        return f"bn_settle_back(n, st, {self.first}, {self.output.channels}, {plane}, {slopes}, thread == 0);"

    def backward(self, at: Places) -> str:
        """dx from dy and the sums; a shortcut gets dy."""
        x, z, y, lines = self.inputs[0], self.shortcut, self.output, []
        if z and at.wanted(z) and z.gradient_root is not y.gradient_root:
            lines.append(f"pass_back({at.gradient(y)}, {at.gradient(z)}, {at.adds(z)}, {z.size});")
        if at.wanted(x):
            numbers = self._statistics("SCALE", "SHIFT", "MEAN", "ALL", "ALONG")
            gradients = f"{at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
            masked = int(self.relu and not self.reads_output)
            lines.append(
                f"bn_backward({at.value(x)}, {gradients}, {numbers}, {x.lanes_in_use}, {x.as_map()}, {masked});"
            )
        return "\n".join(lines)


class LocalResponseNorm(Step):
    """x over a power of its neighbours' squares across channels."""

    reads_inputs = True
    reads_output = True

    def __init__(self, title: str, x: Value, y: Value, size: int, alpha: float, beta: float, base: float) -> None:
        super().__init__(title, (x,), y)
        self.numbers = f"{size}, {alpha!r}f, {beta!r}f, {base!r}f"

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"lrn_forward({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()}, {self.numbers});"

    def backward(self, at: Places) -> str:
        """dx from dy."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.value(y)}, {at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        return f"lrn_backward({values}, {x.as_map()}, {y.as_map()}, {self.numbers});"
