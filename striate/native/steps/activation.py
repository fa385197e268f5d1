"""Activations, entry by entry; maxout, across neighbouring channels."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Parameter, Value


class Activation(Step):
    """y = f(x); `kind` is the kernels' name of f; `numbers`: C text of it and of the numbers that f has."""

    reads_output = True

    def __init__(
        self, title: str, x: Value, y: Value, kind: str, numbers: tuple[float, ...] = (), reads_x: bool = False
    ) -> None:
        super().__init__(title, (x,), y)
        a, b, *_ = (*numbers, 0.0, 0.0)
        self.kind, self.numbers = kind, f"{kind}, {a!r}f, {b!r}f"
        self.reads_inputs = reads_x or (kind != "CLIP" and a < 0)  # with a falling slope, two x have the same y

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.as_map()}"
        return f"activation_forward({at.value(x)}, {at.value(y)}, {maps}, {self.numbers});"

    def backward(self, at: Places) -> str:
        """dx from dy."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x if self.reads_inputs else y)}, {at.value(y)}"
        maps = f"{x.as_map()}, {y.as_map()}"
        gradients = f"{at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        return f"activation_backward({values}, {gradients}, {maps}, {self.numbers});"


class PRelu(Step):
    """Leaky ReLU with a learned slope, one per channel or one for all."""

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, slope: Parameter) -> None:
        super().__init__(title, (x,), y, (slope,))
        self.each = int(slope.shape == (x.channels,))

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        slope = f"{at.parameter(self.parameters[0])}, {self.each}"
        return f"prelu_forward({at.value(x)}, {slope}, {at.value(y)}, {x.as_map()}, {y.as_map()});"

    def backward(self, at: Places) -> str:
        """dx and the slopes' gradient."""
        (x,), slope = self.inputs, self.parameters[0]
        gradients = f"{at.gradient(self.output)}, {at.gradient_or_null(x)}, {at.slope(slope)}"
        values = f"{at.value(x)}, {at.parameter(slope)}, {self.each}"
        return f"prelu_backward({values}, {gradients}, {at.adds(x)}, {x.as_map()});"


class Maxout(Step):
    """The largest of each `pieces` neighbouring channels."""

    reads_inputs = True
    reads_output = True

    def __init__(self, title: str, x: Value, y: Value, pieces: int) -> None:
        super().__init__(title, (x,), y)
        self.pieces = pieces

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"maxout_forward({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()}, {self.pieces});"

    def backward(self, at: Places) -> str:
        """The gradient in equal shares to all that are the largest."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.value(y)}, {at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        return f"maxout_backward({values}, {x.as_map()}, {y.as_map()}, {self.pieces});"
