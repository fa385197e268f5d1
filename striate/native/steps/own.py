"""Each image by itself: layer, group, instance and RMS normalisation, softmax across channels, factors of channels."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Parameter, Value


class OwnNorm(Step):
    """y = (x - mean) / sqrt(variance + eps) · weight + bias over some of the entries of each image.

    Attributes:
        kernel: `across`, the channels at each position, or `group`, groups of channels at all positions.
        numbers: C text: whether the mean is taken off, or how many groups there are; and eps.
    """

    reads_inputs = True

    def __init__(
        self, title: str, x: Value, y: Value, weights: tuple[Parameter, ...], kernel: str, which: int, eps: float
    ) -> None:
        super().__init__(title, (x,), y, weights)
        self.kernel, self.numbers = kernel, f"{which}, {eps!r}f"

    @property
    def macs(self) -> int:
        """Scaling is no product that counts."""
        return 0

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        weight, bias = _two([at.parameter(parameter) for parameter in self.parameters])
        maps = f"{x.as_map()}, {y.as_map()}, {self.numbers}"
        return f"{self.kernel}_forward({at.value(x)}, {weight}, {bias}, {at.value(y)}, {maps});"

    def backward(self, at: Places) -> str:
        """dx and the gradients of weight and bias."""
        (x,), y = self.inputs, self.output
        weight, _ = _two([at.parameter(parameter) for parameter in self.parameters])
        slopes = ", ".join(_two([at.slope(parameter) for parameter in self.parameters]))
        gradients = f"{at.gradient(y)}, {at.gradient_or_null(x)}, {at.adds(x)}, {slopes}"
        return f"{self.kernel}_backward({at.value(x)}, {weight}, {gradients}, {x.as_map()}, {self.numbers});"


def _two(pointers: list[str]) -> tuple[str, str]:
    """Weight and bias, NULL where there is none."""
    weight, bias, *_ = [*pointers, "NULL", "NULL"]
    return weight, bias


class Softmax(Step):
    """y = exp(x) over its sum across the channels."""

    reads_output = True

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"softmax_forward({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()});"

    def backward(self, at: Places) -> str:
        """dx from dy."""
        (x,), y = self.inputs, self.output
        return f"softmax_backward({at.value(y)}, {at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {y.as_map()});"


class ChannelMean(Step):
    """The mean of the channels at each position."""

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"channel_mean_forward({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()});"

    def backward(self, at: Places) -> str:
        """The gradient in equal shares."""
        (x,), y = self.inputs, self.output
        sizes = f"{x.channels}, {x.rows * x.columns}"
        return f"channel_mean_backward({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {sizes});"


class Factors(Step):
    """y = w x, with one w per channel."""

    reads_inputs = True

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        factors = at.parameter(self.parameters[0])
        return f"factors_forward({at.value(x)}, {factors}, {at.value(y)}, {x.as_map()}, {y.as_map()});"

    def backward(self, at: Places) -> str:
        """dx and the factors' gradients."""
        (x,), y, weight = self.inputs, self.output, self.parameters[0]
        gradients = f"{at.gradient(y)}, {at.gradient_or_null(x)}, {at.adds(x)}, {at.slope(weight)}"
        return f"factors_backward({at.value(x)}, {at.parameter(weight)}, {gradients}, {x.as_map()});"
