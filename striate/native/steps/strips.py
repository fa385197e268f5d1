"""Images in strips: a step that makes them whole again, and the C text that moves entries to neighbouring lanes."""

from __future__ import annotations

from striate.native.plan import Places, Plan, Step
from striate.native.values import Value


class Whole(Step):
    """y is x with each image in one lane."""

    gathers = True

    def __init__(self, x: Value) -> None:
        super().__init__("strips together", (x,), Value(x.channels, x.rows * x.strips, x.columns))

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"gather_strips({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()});"

    def backward(self, at: Places) -> str:
        """The gradient back in strips."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_bare_map()}, {y.as_bare_map()}"
        return f"gather_strips_back({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {maps});"


def lane_shifts(plan: Plan) -> str:
    """C macros that give each strip what its neighbour has."""
    lanes, strips = range(plan.lanes), plan.input.strips
    above = [lane - 1 if lane % strips else plan.lanes for lane in lanes]  # `plan.lanes`: a zero
    below = [lane + 1 if (lane + 1) % strips else plan.lanes for lane in lanes]
    return "\n".join(
        f"#define FROM_{name}(x) SHUFFLE(x, splat(0), {', '.join(map(str, taken))})"
        for name, taken in (("ABOVE", above), ("BELOW", below))
    )
