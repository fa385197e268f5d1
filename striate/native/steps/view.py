"""The same entries as a map of another shape: flat for a matrix product, each frame by itself, each frame a row."""

from __future__ import annotations

from striate.native.plan import Places, Step


class View(Step):
    """y's entries are x's, in their order. Where neither has a border, nothing is copied; no more than one has."""

    def forward(self, at: Places) -> str:
        """A copy, where needed."""
        (x,), y = self.inputs, self.output
        if y.root is x.root:
            return ""
        maps = (y.as_bare_map(), y.as_map()) if any(y.border) else (x.as_map(), x.as_bare_map())
        return f"copy({at.value(x)}, {at.value(y)}, {', '.join(maps)});"

    def backward(self, at: Places) -> str:
        """The gradient passed on: it has no border."""
        (x,), y = self.inputs, self.output
        if y.gradient_root is x.gradient_root:
            return ""
        return f"pass_back({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {x.size});"


class Flatten(View):
    """The entries of a map one after another."""
