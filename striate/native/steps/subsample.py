"""LeNet-5's pooling: a window's sum times a trainable coefficient, plus a bias."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.steps.pool import Window
from striate.native.values import Parameter, Value


class Subsample(Step):
    """y = weight · (sum of the window) + bias, one of each per channel."""

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, weights: tuple[Parameter, ...], window: Window) -> None:
        super().__init__(title, (x,), y, weights)
        self.window = window

    @property
    def macs(self) -> int:
        """One multiply-add per output."""
        return self.output.size

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        weight, bias = map(at.parameter, self.parameters)
        maps = f"{x.as_map()}, {y.as_map()}, {self.window}"
        return f"subsample_forward({at.value(x)}, {weight}, {bias}, {at.value(y)}, {maps});"

    def backward(self, at: Places) -> str:
        """dx and the gradients of coefficients and biases."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.parameter(self.parameters[0])}, {at.gradient(y)}, {at.gradient_or_null(x)}"
        slopes = ", ".join(map(at.slope, self.parameters))
        maps = f"{at.adds(x)}, {x.as_map()}, {y.as_map()}, {self.window}"
        return f"subsample_backward({values}, {slopes}, {maps});"
