"""Batch normalisation, which waits for all images, and local response normalisation."""

from __future__ import annotations

from striate.native.plan import Parameter, Places, Step, Value


class BatchNorm(Step):
    """y = scale x + shift from the batch's mean and variance, in evaluation from the running ones; and a ReLU at once.

    `first` is its first channel among all normalised ones.
    """

    reads_inputs = True
    waits = True

    def __init__(
        self, title: str, x: Value, y: Value, weights: tuple[Parameter, ...], eps: float, first: int, relu: bool
    ) -> None:
        super().__init__(title, (x,), y, weights)
        self.eps, self.first, self.relu = eps, first, int(relu)
        self.reads_output = relu

    def _call(self, at: Places) -> str:
        weight, bias = self.parameters
        return f"{at.parameter(weight)}, {at.parameter(bias)}, {self.first}, {self.output.channels}"

    def measure(self, at: Places) -> str:
        """A group's statistics, in the phase before."""
        (x,) = self.inputs
        return (
            f"bn_measure({at.value(x)}, n->moments + {self.first} * n->most + g * {x.channels}, count, {x.as_map()});"
        )

    def settle(self, at: Places) -> str:
        """The batch's statistics, once a thread."""
        plane = self.output.rows * self.output.columns
        return f"bn_settle(n, st, {self._call(at)}, {plane}, {self.eps!r}f, thread == 0);"

    def recall(self, at: Places) -> str:
        """The running statistics, once a thread."""
        return f"bn_recall(n, st, {self._call(at)}, {self.eps!r}f);"

    def forward(self, at: Places) -> str:
        """y from x and the statistics."""
        (x,), y = self.inputs, self.output
        scale = f"ST(SCALE, {self.first}), ST(SHIFT, {self.first})"
        return f"bn_apply({at.value(x)}, {scale}, {at.value(y)}, {x.as_map()}, {y.as_map()}, {self.relu});"

    def measure_back(self, at: Places) -> str:
        """A group's sums of the gradient, in the phase before."""
        (x,), y = self.inputs, self.output
        means = f"ST(MEAN, {self.first}), ST(INVERSE, {self.first})"
        sums = f"n->sums + 2 * {self.first} * n->most + g * 2 * {x.channels}"
        y_or_null = at.value(y) if self.relu else "NULL"
        maps = f"{x.as_map()}, {y.as_map()}, {self.relu}"
        return f"bn_sums({at.value(x)}, {at.gradient(y)}, {y_or_null}, {means}, {sums}, {maps});"

    def settle_back(self, at: Places) -> str:
        """The batch's sums, once a thread."""
        weight, bias = self.parameters
        slopes = f"{at.slope(weight)}, {at.slope(bias)}"
        plane = self.output.rows * self.output.columns
        return f"bn_settle_back(n, st, {self.first}, {self.output.channels}, {plane}, {slopes}, thread == 0);"

    def backward(self, at: Places) -> str:
        """dx from dy and the sums."""
        (x,), y = self.inputs, self.output
        if not at.wanted(x):
            return ""
        numbers = ", ".join(f"ST({name}, {self.first})" for name in ("SCALE", "MEAN", "ALL", "ALONG"))
        gradients = f"{at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        return f"bn_backward({at.value(x)}, {gradients}, {numbers}, count, {x.as_map()});"


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
