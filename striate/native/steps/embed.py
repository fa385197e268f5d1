"""A table of word vectors, whose gradients have few rows."""

from __future__ import annotations

from striate.native.plan import Places, Plan, Step
from striate.native.values import Parameter, Value, vecs


class Embed(Step):
    """y's column l is the table's row x[l]; x is the network's input, whole numbers.

    The optimiser of a table is kernels/table.h: its rows are not among the gradients that every step clears and adds.
    """

    def __init__(self, title: str, x: Value, y: Value, table: Parameter, lanes: int) -> None:
        super().__init__(title, (x,), y, (table,))
        table.width, table.sparse = vecs(table.shape[1], lanes) * lanes, True

    @property
    def macs(self) -> int:
        """Rows are read, not multiplied."""
        return 0

    @property
    def width(self) -> int:
        """Floats from a row to the next."""
        return self.parameters[0].width

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.parameter(self.parameters[0])}, {at.value(y)}"
        return f"embed_forward({values}, {y.as_map()}, {self.width});"

    def backward(self, at: Places) -> str:
        """The gradient of each word, for the optimiser to add up."""
        y, number = self.output, learning(at.plan).index(self)
        return f"embed_backward({at.gradient(y)}, n->library, &tables[{number}], g * IMAGES, count, {y.as_map()});"


def tables(plan: Plan) -> list[Embed]:
    """The network's tables."""
    return [step for step in plan.steps if isinstance(step, Embed)]


def learning(plan: Plan) -> list[Embed]:
    """Those whose vectors are trained."""
    return [step for step in tables(plan) if step.trained]


def table_sizes(plan: Plan) -> dict[str, str | int]:
    """What kernels/table.h reads: the tables that learn and what they have in all."""
    found, words, rows, vectors, texts = learning(plan), plan.input.size, 0, 0, []
    for step in found:
        count = step.parameters[0].shape[0]
        texts.append(f"{{{step.parameters[0].offset}, {count}, {step.width}, {words}, {rows}, {vectors}}}")
        rows, vectors = rows + count, vectors + words * step.width
    return {
        "NUM_TABLES": len(found),
        "TABLES": ", ".join([*texts, "{0}"]),
        "TABLE_ROWS": rows,
        "WORDS": words if found else 0,
        "VECTORS": vectors,
        "WIDEST": max((step.width for step in found), default=0),
    }
