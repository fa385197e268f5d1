"""LeNet-5's output units: the distance of the input to prototypes that are not trained."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Value


class RBF(Step):
    """y = minus the squared distance of x to each unit's prototype; x is stored without a border.

    `first` is its first entry among all prototypes, `path` what the built module calls the layer.
    """

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, first: int, path: str) -> None:
        super().__init__(title, (x,), y)
        self.first, self.path = first, path

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the prototypes: one row per unit."""
        return self.output.size, self.inputs[0].size

    @property
    def prototypes(self) -> str:
        """Pointer to the prototypes."""
        return f"n->buffers + PROTOTYPES + {self.first}"

    @property
    def macs(self) -> int:
        """One product per entry of a prototype."""
        return self.output.size * self.inputs[0].size

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"rbf_forward({at.value(x)}, {self.prototypes}, {at.value(y)}, {x.size}, {y.size});"

    def backward(self, at: Places) -> str:
        """dx from dy."""
        (x,), y = self.inputs, self.output
        gradients = f"{at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        return f"rbf_backward({at.value(x)}, {self.prototypes}, {gradients}, {x.size}, {y.size});"
