"""A convolution of one row followed by the largest entry of each map: going back, almost nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterator

from striate.native.plan import Places, Step
from striate.native.steps.convolution import Convolution
from striate.native.values import Value, vecs


class Peaks(Step):
    """y = the largest of each map of a convolution; the maps are forgotten, where the largest was is kept."""

    reads_inputs = True
    lasting = True

    def __init__(self, convolution: Convolution, y: Value) -> None:
        title = f"{convolution.title} -> the largest of each"
        super().__init__(title, convolution.inputs, y, convolution.parameters)
        self.convolution, shape = convolution, convolution.shape
        self.wide = vecs(shape.channels, convolution.lanes)  # vecs of a position's channels side by side

    @property
    def macs(self) -> int:
        """The convolution's."""
        return self.convolution.macs

    def units(self) -> dict[str, str]:
        """The convolution's."""
        return self.convolution.units()

    def signatures(self) -> Iterator[str]:
        """Those of the unit's functions."""
        return self.convolution.signatures()

    def scratch(self) -> int:
        """Where each filter's largest was."""
        return self.output.channels

    def workspace(self) -> int:
        """Memory for the maps, or going back for x and dx image by image and the weights of a filter."""
        images = self.inputs[0].all_columns * self.wide * self.convolution.lanes
        return max(self.convolution.output.size, 2 * images + self.convolution.shape.kernel[1] * self.wide)

    def turned(self) -> int:
        """Its weights with the channels side by side."""
        shape = self.convolution.shape
        return shape.filters * shape.kernel[1] * self.wide * self.convolution.lanes

    def turn(self, at: Places) -> str:
        """These weights."""
        shape = self.convolution.shape
        share = f"{shape.filters} * thread / threads, {shape.filters} * (thread + 1) / threads"
        weights = f"{at.parameter(self.parameters[0])}, {at.turned(self)}, {shape.channels}, {shape.kernel[1]}"
        return f"peaks_turn({weights}, {share});"

    def forward(self, at: Places) -> str:
        """The maps, then y and where it was."""
        maps, shape = self.convolution.written_to(at, at.workspace()), self.convolution.shape
        places = f"{at.workspace()}, {at.value(self.output)}, (ints *)({at.scratch()})"
        return f"{maps}\npeaks_forward({places}, {shape.filters}, {shape.out[1]});"

    def backward(self, at: Places) -> str:
        """dw, db and dx from the windows where y was."""
        (x,), shape = self.inputs, self.convolution.shape
        weight, *bias = map(at.slope, self.parameters)
        values = f"{at.value(x)}, {at.turned(self)}, {at.gradient(self.output)}, (ints *)({at.scratch()})"
        gradients = f"{at.gradient_or_null(x)}, {at.adds(x)}, {weight}, {bias[0] if bias else 'NULL'}"
        start = x.border[1] - shape.before[1]
        numbers = f"{shape.filters}, {shape.kernel[1]}, {shape.stride[1]}, {shape.dilation[1]}, {start}"
        return f"peaks_backward({values}, {gradients}, {at.workspace()}, count, {x.as_map()}, {numbers});"
