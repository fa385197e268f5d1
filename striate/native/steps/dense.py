"""Fully connected: a matrix product, its gradient an outer product."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Parameter, Value, vecs


class Dense(Step):
    """y = w x + b; x is stored without a border."""

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, parameters: tuple[Parameter, ...], lanes: int) -> None:
        super().__init__(title, (x,), y, parameters)
        parameters[0].width = vecs(x.size, lanes) * lanes

    def scratch(self) -> int:
        """Memory for the input, image by image."""
        return self.parameters[0].width

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), (weight, *bias) = self.inputs, self.parameters
        b = at.parameter(bias[0]) if bias else "0"
        return f"dense_forward({at.value(x)}, {at.parameter(weight)}, {b}, {at.value(self.output)}, {self._sizes()});"

    def backward(self, at: Places) -> str:
        """dw, db and dx."""
        (x,), (weight, *bias) = self.inputs, self.parameters
        dy, db, room = at.gradient(self.output), at.slope(bias[0]) if bias else "0", at.scratch()
        text = f"dense_weights({at.value(x)}, {dy}, {at.slope(weight)}, {db}, (float *)({room}), {self._sizes()});"
        if at.wanted(x):
            text += f"\ndense_input({dy}, {at.parameter(weight)}, {at.gradient(x)}, {at.adds(x)}, {self._sizes()});"
        return text

    def _sizes(self) -> str:
        return f"{self.inputs[0].size}, {self.output.size}"
