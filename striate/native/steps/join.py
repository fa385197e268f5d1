"""Where branches meet: added, concatenated, or one scaling the other."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Value


class Add(Step):
    """y = a + b, and a ReLU at once where one follows."""

    relu = 0

    def rectify(self, y: Value) -> None:
        """Do the ReLU too, into y."""
        self.relu, self.output, self.reads_output = 1, y, True
        self.title += " -> relu"

    def forward(self, at: Places) -> str:
        """The sum; where a shares y's memory, b is added in place."""
        (a, b), y = self.inputs, self.output
        values = f"{at.value(a)}, {at.value(b)}, {at.value(y)}"
        return f"add({values}, {a.as_map()}, {b.as_map()}, {y.as_map()}, {self.relu});"

    def backward(self, at: Places) -> str:
        """Both get dy."""
        y = self.output
        lines = [f"relu_back({at.value(y)}, {at.gradient(y)}, {y.as_map()});"] * self.relu
        lines += [
            f"pass_back({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {x.size});"
            for x in reversed(self.inputs)
            if at.wanted(x) and x.gradient_root is not y.gradient_root
        ]
        return "\n".join(lines)


class Concat(Step):
    """The inputs' maps one after another; an input that is stored there already is not copied."""

    def forward(self, at: Places) -> str:
        """Copies of the inputs that are stored elsewhere."""
        lines, channel, y = [], 0, self.output
        for x in self.inputs:
            if x.root is not y.root:
                place = f"{at.value(y)} + {channel * y.all_rows * y.all_columns}"
                lines.append(f"copy({at.value(x)}, {place}, {x.as_map()}, {y.as_map()});")
            channel += x.channels
        return "\n".join(lines)

    def backward(self, at: Places) -> str:
        """Each gets its part of dy."""
        lines, channel, y = [], 0, self.output
        for x in self.inputs:
            if x.gradient_root is not y.gradient_root and at.wanted(x):
                place = f"{at.gradient(y)} + {channel * y.rows * y.columns}"
                lines.append(f"pass_back({place}, {at.gradient(x)}, {at.adds(x)}, {x.size});")
            channel += x.channels
        return "\n".join(lines)


class Scale(Step):
    """y = x times its gate, which has a number per channel, per position or per entry."""

    reads_inputs = True

    def forward(self, at: Places) -> str:
        """y from x and the gate."""
        (x, gate), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.value(gate)}, {at.value(y)}"
        return f"scale_forward({values}, {x.as_map()}, {gate.as_map()}, {y.as_map()});"

    def backward(self, at: Places) -> str:
        """Gradients of both; where x is the network's input, of the gate alone."""
        (x, gate), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.value(gate)}, {at.gradient(y)}, {at.gradient_or_null(x)}, {at.gradient(gate)}"
        maps = f"{x.as_map()}, {gate.as_map()}, {gate.as_bare_map()}"
        return f"scale_backward({values}, {at.adds(x)}, {at.adds(gate)}, {maps});"


class ZeroPad(Step):
    """x with maps of zeros after its own."""

    def forward(self, at: Places) -> str:
        """A copy, then zeros."""
        (x,), y = self.inputs, self.output
        fewer = f"zero_maps({at.value(y)}, {y.as_map()}, {x.channels});"
        return f"copy({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()});\n{fewer}"

    def backward(self, at: Places) -> str:
        """The gradient of what was there."""
        (x,), y = self.inputs, self.output
        return f"pass_back({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {x.size});"
