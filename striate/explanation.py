"""What a network costs: the table, the formulas with the numbers filled in, and the same as JSON. Needs no torch.

>>> print(explain("input 3x128x128 -> conv 16@7x7 stride 2 pad 3").formulas(every=False))
conv1: conv 16@7x7 stride 2 pad 3
  output      floor((128 + 2*3 - 7)/2) + 1 = 64, so 16×64×64
  parameters  (7*7*3 + 1)*16 = 2,368
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate import zoo
from striate.ascii import in_encoding
from striate.errors import InputError, nearest
from striate.formulas import cross, formulas, number, row_formulas, unread
from striate.notation import Measure, Network, Row, measure, notes, render
from striate.notation.errors import RuleError
from striate.notation.graph import INPUT
from striate.notation.living import peak
from striate.notation.measure import OPTIMIZER_ALSO, OPTIMIZER_STATES, extent
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size, error_at
from striate.notation.taps import Tap, taps
from striate.notation.thumb import has_bare_words
from striate.notation.tree import Shape
from striate.tables import FOLD, ROUND, Column, fit, html_table, short, show, table, width_of

if TYPE_CHECKING:
    from rich.console import Console
    from torch import nn

    from striate.picture import Picture

FEW = 16  # most layers for which the formulas are shown by default
BATCH = 64
WIDE = 160  # columns where no terminal gives a width
MOST_UNUSED = 4  # most layers with unused entries that are named below the table
# what a narrow terminal drops, in order
NARROWER = ("memory", "jump", "reads", FOLD, "name", ROUND, "field", "MACs", "output")
SIDE_BY_SIDE = (FOLD, ROUND, "field", "output", "ratio")


@dataclass(frozen=True)
class Explanation:
    """The figures of a network, ready to show. Printing it prints the table.

    Attributes:
        measure: The figures themselves, one row per layer.
        batch: Examples in a batch, for the memory that training needs.
        optimizer: The optimiser whose state is counted.
    """

    measure: Measure
    batch: int = BATCH
    optimizer: str = "adamw"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate explain --json`; shapes are (C, H, W), null for a free axis."""
        memory = self.measure.training_memory(self.batch, self.optimizer)
        return {
            "name": self.measure.network.name,
            "input": list(self.measure.network.input),
            "inputs": {name: list(shape) for name, shape in self.inputs.items()},
            "outputs": self._outputs_json(),
            "notes": list(self.notes),
            "layers": [
                {**_row_json(row), "reads": list(vertex.inputs)}
                for row, vertex in zip(self.measure.rows, self.measure.graph.vertices, strict=True)
            ],
            "taps": [dataclasses.asdict(tap) for tap in self.taps()],
            "inference_memory": dataclasses.asdict(peak(self.measure)),
            "total_parameters": self.measure.total_parameters,
            "total_macs": self.measure.total_macs,
            "training_memory": {
                "batch": self.batch,
                "optimizer": self.optimizer,
                "weights": memory.weights,
                "gradients": memory.gradients,
                "optimizer_state": memory.optimizer,
                "activations": memory.activations,
                "total": memory.total,
            },
        }

    @property
    def inputs(self) -> dict[str, Shape]:
        """The shape of each input by its label; "" for one that has none."""
        return self.measure.network.inputs

    @property
    def _labels(self) -> dict[str, str]:
        """The label of each input by its value."""
        return dict(zip(self.measure.graph.inputs, self.inputs, strict=True))

    def _outputs_json(self) -> dict[str, Any]:
        measured, labels = self.measure, self._labels
        return {
            name: {
                "value": value,
                "shape": list(measured.shape(value)),
                "receptive_field": {labels[one]: extent(field) for one, field in measured.fields(value).items()},
            }
            for name, value in measured.graph.outputs.items()
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What to check in the text, one sentence each."""
        return notes(self.measure.network)

    @property
    def resolved(self) -> str:
        """The text with every bare word sized; empty when the text had none."""
        network = self.measure.network
        return render(network) if network.program and has_bare_words(network.program) else ""

    def picture(self) -> Picture:
        """The network as papers draw it: `.save("net.svg")` writes it, `.svg` is its text, a notebook shows it."""
        from striate.picture import picture

        return picture(self.measure)

    def columns(self) -> list[Column]:
        """The table's columns: one row per layer, then the totals."""
        rows, measured = self.measure.rows, self.measure
        parameters = [row.parameters.value or "" for row in rows] + [measured.total_parameters]
        macs = ["" if row.macs.value == 0 else row.macs.value for row in rows] + [measured.total_macs]
        return [
            Column("name", (*(row.name for row in rows), ""), words=True, dim=True),
            Column("layer", (*(row.text for row in rows), "total"), words=True),
            Column(
                "output", (*(cross(row.output.value) + " per box" * row.per_box for row in rows), _output(measured))
            ),
            _counts("parameters", parameters, "params"),
            _counts("MACs", macs),
            Column("memory", (*("" if row.memory.value == 0 else size_text(row.memory.value) for row in rows), "")),
            Column("field", (*(_axes(row.receptive_field) if row.field.axes else "–" for row in rows), "")),
            Column("jump", (*(_jump(row.jump) if row.receptive_field else "–" for row in rows), "")),
            *self._reads(),
        ]

    def _reads(self) -> list[Column]:
        """What each layer or join reads if not the row above, in a network that has such."""
        flat = self.measure.graph
        if not flat.links and len(flat.inputs) == 1:
            return []
        shown = {value: f"{INPUT} {label}".strip() for value, label in self._labels.items()}
        passed: dict[str, str] = {}  # what each id passes on
        cells, above = [], INPUT
        for vertex in flat.vertices:
            read = [passed.get(name, name) for name in vertex.inputs]
            cells.append("" if read == [above] else ", ".join(shown.get(name, name) for name in read))
            above = passed[vertex.name] = read[0] if vertex.passes else vertex.name
        return [Column("reads", (*cells, ""), words=True)]

    def output_lines(self) -> list[str]:
        """The outputs of a network with heads or several inputs, one line each, with the field on each input."""
        flat, labels = self.measure.graph, self._labels
        if not flat.several:
            return []
        lines = []
        for name, value in flat.outputs.items():
            sees = "; ".join(
                f"{_axes(extent(field)) or 'all'}{f' of {labels[one]}' if labels[one] else ''}"
                for one, field in self.measure.fields(value).items()
            )
            shape = cross(self.measure.shape(value))
            lines.append(f"output {name or value}: {shape}, what {value} gives; its field is {sees}")
        return lines

    def unused_lines(self) -> list[str]:
        """Which layers leave entries of their input unread, one line each; beyond a few they are counted."""
        rows = [row for row in self.measure.rows if any(row.unused.value)]
        lines = [f"{row.name}: {row.text} never reads {unread(row)} of its input" for row in rows[:MOST_UNUSED]]
        if (more := len(rows) - MOST_UNUSED) > 0:
            lines.append(f"… and {more} more layer{'s'[: more > 1]}; the formulas of every layer say which")
        return lines

    def memory_line(self) -> str:
        """The memory that training takes at the batch size, in words."""
        memory = self.measure.training_memory(self.batch, self.optimizer)
        parts = {
            "weights": memory.weights,
            "gradients": memory.gradients,
            f"{self.optimizer} state": memory.optimizer,
            "activations": memory.activations,
        }
        listed = " + ".join(f"{name} {size_text(size)}" for name, size in parts.items())
        return f"training memory at batch {self.batch}, float32: {listed} = {size_text(memory.total)}"

    def inference_line(self) -> str:
        """The memory that computing one example takes, in words."""
        most, weights = peak(self.measure), 4 * self.measure.total_parameters
        total = None if most.at is None else weights + most.at
        parts = f"weights {size_text(weights)} + values {size_text(most.at)}" + (f" at {most.value}" if most.at else "")
        return f"inference memory for one example, float32: {parts} = {size_text(total)}"

    def taps(self) -> tuple[Tap, ...]:
        """The stages on which other networks stand: where the maps of each size are complete."""
        return tuple(taps(self.measure))

    @property
    def _no_taps(self) -> str:
        """Why there are no stages where none are found."""
        return "A stage is where maps of more than one entry are complete, outside of branches"

    def show_taps(self, console: Console) -> None:
        """Print the stages: name, channels, and how much coarser their maps are than the input."""
        found = self.taps()
        if not found:
            show(console, f"{self._title()}: no stages. {self._no_taps}\n")
            return
        columns = [
            Column("name", tuple(tap.name for tap in found), words=True),
            Column("channels", tuple(f"{tap.channels:,}" for tap in found)),
            Column("reduction", tuple(f"{tap.reduction:g}" for tap in found)),
        ]
        fitted = fit(columns, (), width_of(console))
        show(console, table(fitted, f"{self._title()}: stages", console.encoding), width=fitted.width)

    def formulas(self, every: bool = True) -> str:
        """The formulas with the numbers filled in: all of them, or without `every` output and parameters alone."""
        return "\n".join(line for row in self.measure.rows for line in row_formulas(row, every))

    def show(self, console: Console, every: bool = False) -> None:
        """Print the table, the formulas (`every`: all of them) and the training memory."""
        fitted = fit(self.columns(), NARROWER, width_of(console))
        title = self._title()
        show(console, table(fitted, title, console.encoding, total=True), width=fitted.width)
        parts = [fitted.said, ""] if fitted.said else []
        if self.resolved:
            parts += [f"resolved by the rules of thumb:\n{self.resolved}", ""]
        if every or len(self.measure.rows) <= FEW:
            parts += [self.formulas(every), ""]
        memory = [line for line in (self.memory_line(), self.inference_line()) if line]
        parts += [*self.output_lines(), *self.unused_lines(), *memory, LEGEND]
        parts += [BOX_LEGEND] if self.measure.network.takes_boxes else []
        for part in parts:
            text = in_encoding(part, console.encoding)
            console.print(text, markup=False, highlight=False, soft_wrap=not console.is_terminal)

    def _title(self) -> str:
        shapes = (f"{name} {cross(shape)}".lstrip() for name, shape in self.inputs.items())
        return f"{self.measure.network.name}: input{'s'[: len(self.inputs) > 1]} {', '.join(shapes)}"

    def _repr_html_(self) -> str:
        """What a notebook shows: the table."""
        columns = self.columns()
        title = self._title()
        return html_table(
            title, [column.name for column in columns], zip(*(column.cells for column in columns), strict=True)
        )

    def __repr__(self) -> str:
        from rich.console import Console

        written = io.StringIO()
        self.show(Console(file=written, width=WIDE, highlight=False))
        return written.getvalue() + "".join(f"{note}\n" for note in self.notes)


LEGEND = (
    "parameters: trainable; MACs: products of convolutions, fully connected layers, attention and LSTMs, without "
    "biases; memory: the output in float32; field and jump: entries of the input; all for one example"
)
BOX_LEGEND = "per box: from there on all figures are for one box of the image"


@dataclass(frozen=True, repr=False)
class ModuleExplanation(Explanation):
    """The figures of a module that was not written in the notation: of each layer in it, in the order of the calls."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the figures leave out."""
        return ("functions and sums between a module's layers are not seen: fields are not known",)

    def columns(self) -> list[Column]:
        """The table's columns, without those that only the graph tells."""
        return [column for column in super().columns() if column.name not in ("field", "jump")]

    def inference_line(self) -> str:
        """What is known without the graph: nothing."""
        return ""

    def picture(self) -> Picture:
        """None is known.

        Raises:
            InputError: Always.
        """
        raise InputError("a picture follows from a network's text, and a module has none")

    @property
    def _no_taps(self) -> str:
        return "They follow from a network's text, and a module has none"

    def taps(self) -> tuple[Tap, ...]:
        """None is known."""
        return ()

    def to_json(self) -> dict[str, Any]:
        """As for a network, without what only its graph says."""
        layers = [_row_json(row) for row in self.measure.rows]
        totals = {"total_parameters": self.measure.total_parameters, "total_macs": self.measure.total_macs}
        inputs = {"name": self.measure.network.name, "input": list(self.measure.network.input)}
        return {**inputs, "notes": list(self.notes), "layers": layers, **totals}


def explain(
    net: str | Path | Network | nn.Module,
    *,
    batch: int = BATCH,
    at: Shape | None = None,
    size: Size | None = None,
    optimizer: str = "adamw",
    letters: Mapping[str, int | float] | None = None,
) -> Explanation:
    """What a network costs.

    Args:
        net: A name of the zoo, a `.net` file, the text itself, a network, or a PyTorch module (with `at`).
        batch: Examples in a batch, for the training memory; from 1.
        at: (C, H, W) for a network with free axes, or for a module.
        size: Another size for any network's input: 64 for all axes, or (64, 48).
        optimizer: The optimiser whose state counts as training memory.
        letters: Values for the text's letters, such as `{"N": 2}`.

    Raises:
        InputError: No such network, or a shape that it does not take.
    """
    if batch < 1:
        raise InputError(f"a batch has at least 1 example. Received: {batch}")
    if optimizer not in OPTIMIZER_STATES:
        raise InputError(f"no optimizer '{optimizer}'{nearest(optimizer, OPTIMIZER_STATES, OPTIMIZER_ALSO)}")
    if zoo.is_module(net):
        if at is None:
            raise InputError("a module's layers have shapes once an input has one: explain(module, at=(3, 224, 224))")
        measured = import_module("striate.own").measured(net, _sizes(at))  # there is a module, so torch is there
        return ModuleExplanation(measured, batch, optimizer)
    network = zoo.resized(net, size, letters)  # type: ignore[arg-type]
    return Explanation(_measured(network, at if at is None else _sizes(at)), batch, optimizer)


def _sizes(at: object) -> Shape:
    """A shape that was given, checked."""
    if isinstance(at, tuple | list) and at and all(type(size) is int and size > 0 for size in at):
        return tuple(at)
    raise InputError(f"`at` is the whole shape of one example, such as (3, 224, 224). Received: {at!r}")


def _measured(network: Network, at: Shape | None) -> Measure:
    """The figures of a network, of one with free axes at a shape.

    Raises:
        InputError: It does not take the shape: with the place in its text, where it has one.
    """
    try:
        return measure(network, at)
    except RuleError as error:
        placed = error_at(network, at) if at else None
        raise InputError(f"at {shown(at or ())}: {placed or f'{error.headline}; {error.detail}'}") from None


def show_comparison(explanations: list[Explanation], console: Console) -> None:
    """Print networks side by side: their totals, and each as a multiple of the first."""
    measures = [explanation.measure for explanation in explanations]
    first, numbered = measures[0], enumerate(measures, start=1)
    names = [
        this.network.name
        if this.network.name != "net"
        else f"{number}: {this.rows[0].text if this.rows else 'input'} …"
        for number, this in numbered
    ]
    columns = [
        Column("network", tuple(names), words=True),
        Column("output", tuple(map(_output, measures))),
        _counts("parameters", [this.total_parameters for this in measures], "params"),
        Column("ratio", tuple(_ratio(this.total_parameters, first.total_parameters) for this in measures)),
        _counts("MACs", [this.total_macs for this in measures]),
        Column("ratio", tuple(_ratio(this.total_macs, first.total_macs) for this in measures)),
        Column("field", tuple(_axes(extent(this.field([*this.graph.outputs.values()][-1]))) for this in measures)),
    ]
    fitted = fit(columns, SIDE_BY_SIDE, width_of(console))
    show(console, table(fitted, "side by side", console.encoding), width=fitted.width)
    if fitted.said:
        show(console, f"{fitted.said}\n")


def _counts(name: str, counts: Sequence[int | str | None], head: str = "") -> Column:
    """A column of counts, which may be rounded; None is open, and a text stands as it is."""
    exact = tuple(count if isinstance(count, str) else number(count) for count in counts)
    rounded = (short(count) if isinstance(count, int) else text for count, text in zip(counts, exact, strict=True))
    return Column(name, exact, rounded=tuple(rounded), head=head)


def size_text(size: int | None) -> str:
    """Bytes in the largest unit that keeps them above 1.

    >>> size_text(18816)
    '18.4 KiB'
    """
    if size is None:
        return "?"
    value, units = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "layer": row.text,
        "name": row.name,
        "output": list(row.output.value),
        "parameters": row.parameters.value,
        "macs": row.macs.value,
        "memory": row.memory.value,
        "per_box": row.per_box,
        "unused": list(row.unused.value),
        "receptive_field": row.receptive_field,
        "jump": row.jump,
        "formula": "; ".join(f"{name}: {text}" for name, text in formulas(row)),
    }


def _output(measured: Measure) -> str:
    """The shape of the output, or the number of outputs."""
    if "" not in measured.graph.outputs:
        shapes = [*measured.outputs.values()]
        return f"{len(shapes)} outputs" if len(shapes) > 1 else cross(shapes[0])
    return cross(measured.output) + " per box" * measured.network.takes_boxes


def _axes(value: object) -> str:
    return "×".join(map(str, value)) if isinstance(value, list) else "?" if value is None else str(value)


def _jump(value: object) -> str:
    """A jump, `2.67` where it is no whole number; `–` where the field does not move from entry to entry."""
    if isinstance(value, list) and any(value):
        return "×".join(map(_jump, value))
    return f"{round(value, 2):g}" if isinstance(value, int | float) and value else "–"


def _ratio(value: int | None, first: int | None) -> str:
    if value is None or not first:
        return ""
    return f"×{value / first:,.0f}" if value >= 1000 * first else f"×{value / first:.3g}"
