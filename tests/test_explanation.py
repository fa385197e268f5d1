"""The explanation of a network: its table, its formulas, its JSON, at every width."""

import io
import re
from typing import Any

import pytest
from rich.console import Console
from torch import nn

import striate as st
from striate.errors import InputError
from striate.explanation import NARROWER, Explanation, explain, show_comparison, size_text
from striate.notation.measure import OPTIMIZER_STATES
from striate.tables import fit

TEXT = "input 3x128x128 -> conv 16@7x7 stride 2 pad 3 -> relu -> maxpool 2 -> fc 10"


def shown(explanation: Explanation, width: int, terminal: bool = True, every: bool = False) -> str:
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    explanation.show(console, every)
    return written.getvalue()


def compared(width: int, *explanations: Explanation, terminal: bool = True) -> str:
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    show_comparison(list(explanations), console)
    return written.getvalue()


def test_formulas_have_their_numbers_in() -> None:
    text = explain(TEXT).formulas()
    for line in (
        "output               floor((128 + 2*3 - 7)/2) + 1 = 64, so 16×64×64",
        "parameters           (7*7*3 + 1)*16 = 2,368",
        "MACs                 7*7*3*16*64*64 = 9,633,792",
        "discards",
        "if fully connected",
    ):
        assert line.split()[0] in text
        assert line.split("  ")[-1].strip() in text


def test_few_formulas_are_output_and_parameters() -> None:
    lines = explain(TEXT).formulas(every=False).splitlines()
    assert {line.split()[0] for line in lines if line.startswith("  ")} == {"output", "parameters"}


def test_a_layer_at_each_position_has_no_window_of_its_own() -> None:
    explanation = explain("input 3x9x9 -> conv 4@3 -> fc 2 each -> fc 5")
    assert explanation.formulas().count("receptive field") == 2  # those of the others
    assert "MACs        4*2*7*7 = 392" in explanation.formulas()


def test_printing_it_prints_the_table() -> None:
    text = repr(st.explain(TEXT))
    assert "net: input 3×128×128" in text
    assert "16×64×64" in text
    assert "total" in text
    assert "training memory at batch 64, float32: weights" in text


def test_figures_for_one_box_say_so() -> None:
    explanation = explain("input 3x?x? -> conv 4@3 -> roipool 7 -> fc 9")
    layers = explanation.to_json()["layers"]
    assert [(layer["output"], layer["per_box"]) for layer in layers] == [
        ([4, None, None], False),
        ([4, 7, 7], True),
        ([9], True),
    ]
    assert (layers[1]["macs"], layers[2]["macs"]) == (0, 4 * 7 * 7 * 9)
    text = repr(explanation)
    assert "4×7×7 per box" in text
    assert re.search(r"^ *total +9 per box ", text, flags=re.MULTILINE)
    assert "7x7 bins of each box, so 4×7×7" in text
    assert "all figures are for one box" in text
    assert "box" not in repr(explain(TEXT))
    gated = (
        "input 3x8x8 -> conv 4@3 -> scale[ gap -> fc 2 -> relu -> fc c -> sigmoid ] -> conv 2@3"  # its jump is 0 too
    )
    assert "box" not in repr(explain(gated))


NETS = [
    "lenet5",
    "vgg16",
    "se-resnet50",
    "input 3x?x? -> conv 8@3 -> gap -> fc 10",
    "input 3x9x11 -> conv 2@2 stride 3x4",
]


@pytest.mark.parametrize("width", [34, 40, 41, 60, 72, 80, 100, 160, 300])
@pytest.mark.parametrize("net", NETS)
def test_what_is_shown_fits_the_terminal_and_breaks_no_number(net: str, width: int) -> None:
    explanation = explain(net)
    text = shown(explanation, width)
    for line in text.splitlines():
        assert len(line) <= width
    fitted = fit(explanation.columns(), NARROWER, width)
    for column, _ in fitted.columns:
        cells = [cell for cell in column.cells if cell]
        assert all(cell in text for cell in cells if not column.words), column.name
        assert all(word in text for cell in cells for word in cell.split()), column.name
    assert {"layer", "parameters" if not fitted.rounded else "params"} <= {column.name for column, _ in fitted.columns}
    said = " ".join(text.split())
    assert all(name in said.partition("left out: ")[2].partition(" (")[0] for name in fitted.left_out)
    assert bool(fitted.left_out or fitted.rounded) == ("a wider terminal or JSON shows all" in said)


@pytest.mark.parametrize("width", [34, 40, 60, 80, 120])
def test_a_comparison_fits_the_terminal_and_breaks_no_number(width: int) -> None:
    text = compared(width, explain("lenet5"), explain("resnet50"), explain("input 3x?x? -> conv 8@3 -> gap -> fc 10"))
    assert all(len(line) <= width for line in text.splitlines())
    assert "25.6 M" in text or "25,557,032" in text
    assert "4.09 G" in text or "4,089,184,256" in text


def test_what_is_no_terminal_gets_the_whole_table() -> None:
    for net in NETS:
        text = shown(explain(net), 40, terminal=False)
        assert "wider terminal" not in text
        assert all(cell in text for column in explain(net).columns() for cell in column.cells)
    assert "25,557,032" in compared(40, explain("lenet5"), explain("resnet50"), terminal=False)


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "latin-1", "cp437", "utf-8"])
def test_any_encoding_can_print_it(encoding: str) -> None:
    written = io.BytesIO()
    file = io.TextIOWrapper(written, encoding=encoding)
    console = Console(file=file, width=60, force_terminal=True, color_system=None, legacy_windows=False)
    show_comparison([explain("lenet5"), explain(TEXT)], console)
    explain(TEXT).show(console, every=True)
    file.flush()
    text = written.getvalue().decode(encoding)
    assert ("16×64×64" in text) == (encoding in ("latin-1", "utf-8"))
    assert "16x64x64" in text or "16×64×64" in text
    assert ("─" in text) == (encoding == "utf-8")
    assert not re.search(r"[|+]-", text), "the same lines as with other signs"
    assert "?" not in text


def test_entries_that_no_window_reads_are_said() -> None:
    explanation = explain("input 3x15x16 -> maxpool 2 -> conv 4@3 stride 3 -> conv 2@1 stride 1x2")
    lines = [
        "maxpool1: maxpool 2 never reads 1 of 15 rows of its input",
        "conv1: conv 4@3x3 stride 3 never reads 1 of 7 rows, 2 of 8 columns of its input",
        "conv2: conv 2@1x1 stride 1x2 never reads 1 of 2 columns of its input",
    ]
    assert explanation.unused_lines() == lines
    assert all(line in repr(explanation) for line in lines)
    assert [row["unused"] for row in explanation.to_json()["layers"]] == [[1, 0], [1, 2], [0, 1]]
    assert "never read" in explanation.formulas()
    assert "15 + 0 - ((7 - 1)*2 + 2) = 1 (1 of 15 rows)" in explanation.formulas()
    assert explain("lenet5").unused_lines() == []
    assert "never read" not in repr(explain("lenet5"))
    deep = explain("input 1x63 -> [conv 1@1 -> maxpool 2]*5")
    assert deep.unused_lines()[0] == "maxpool1: maxpool 2 never reads 1 of 63 entries of its input"
    assert deep.unused_lines()[-1] == "… and 1 more layer; the formulas of every layer say which"


def test_columns_that_matter_less_go_first() -> None:
    wide, narrow = (shown(explain("vgg16"), width) for width in (160, 72))
    assert "memory" in wide.split("conv")[0]
    assert "jump" in wide.split("conv")[0]
    head = narrow.split("conv")[0]
    assert "memory" not in head
    assert "parameters" in head
    assert "138,357,544" in narrow


def test_a_deep_network_s_formulas_are_shown_on_request() -> None:
    assert "if fully connected" not in shown(explain("vgg16"), 160)
    assert "floor(" not in shown(explain("vgg16"), 160)
    assert "floor(" in shown(explain("vgg16"), 160, every=True)


@pytest.mark.parametrize("optimizer", list(OPTIMIZER_STATES))
def test_training_memory(optimizer: str) -> None:
    memory = explain(TEXT, batch=3, optimizer=optimizer).to_json()["training_memory"]
    weights = 4 * explain(TEXT).measure.total_parameters
    assert memory["weights"] == memory["gradients"] == weights
    assert memory["optimizer_state"] == OPTIMIZER_STATES[optimizer] * weights
    parts = ("weights", "gradients", "optimizer_state", "activations")
    assert memory["total"] == sum(memory[part] for part in parts)
    assert memory["activations"] % 3 == 0


def test_the_table_side_by_side() -> None:
    text = compared(160, explain("lenet5"), explain("lenet5"), explain(TEXT))
    assert text.count("lenet5") == 2
    assert "×1" in text
    assert "conv 16@7x7" in text


def test_bare_words_are_shown_resolved() -> None:
    pattern = explain("INPUT -> [CONV -> RELU]*n -> FC", letters={"n": 2})
    assert "conv" in pattern.resolved
    assert "resolved by the rules of thumb" in repr(pattern)
    assert explain("lenet5").resolved == "" or "conv" in explain("lenet5").resolved
    assert explain(TEXT).resolved == ""


def test_sizes_in_words() -> None:
    assert [size_text(size) for size in (0, 1023, 1024, 1536, 2**30, 5 * 2**50)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.5 KiB",
        "1.0 GiB",
        "5120.0 TiB",
    ]
    assert size_text(None) == "?"


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match=r"a batch has at least 1 example\. Received: 0"):
        explain(TEXT, batch=0)
    with pytest.raises(InputError, match="1x2x3 does not fit"):
        explain(TEXT, at=(1, 2, 3))
    with pytest.raises(InputError, match="no network 'lenet6'"):
        explain("lenet6")


# values that are another's, fields that do not move


@pytest.mark.parametrize(
    ("passing", "plain"),
    [
        ("sum[ from a | id ]", "sum[ from a | from b ]"),
        ("sum[ from a | id -> id ]", "sum[ from a | from b ]"),
        ("sum[ id ] -> tanh", "tanh"),
        ("t: id -> tanh", "tanh"),
    ],
)
def test_what_passes_its_input_on_stores_nothing(passing: str, plain: str) -> None:
    begun = "input 8x8x8 -> a: conv 8@3 pad 1 -> b: relu -> "
    one, other = explain(begun + passing + " -> fc 2"), explain(begun + plain + " -> fc 2")
    assert one.memory_line() == other.memory_line()
    assert one.to_json()["inference_memory"]["at"] == other.to_json()["inference_memory"]["at"]
    assert "memory  that of relu1" in one.formulas()


def test_views_of_a_module_store_nothing() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Identity(), nn.ReLU(inplace=True), nn.Dropout(), nn.Flatten())
    rows = st.explain(module, at=(3, 8, 8)).measure.rows
    assert [row.memory.value for row in rows] == [576, 0, 0, 576, 0]


def test_a_jump_is_short_and_none_where_the_field_stays() -> None:
    net = "input 1x?x? -> conv 3@3 -> maxpool 8 -> upsample 3 -> scale[ gap -> fc 3 -> sigmoid ] -> gap -> fc 3"
    column = next(column for column in explain(net).columns() if column.name == "jump")
    assert column.cells == ("1", "8", "2.67", "–", "–", "–", "–", "–", "–", "")
    assert explain(net).to_json()["layers"][2]["jump"] == 8 / 3
    vector = {column.name: column.cells for column in explain("input 8 -> fc 3").columns()}
    assert vector["field"] == vector["jump"] == ("–", "")


def test_one_head_shows_its_shape() -> None:
    output = next(column for column in explain("input 8x4x4 -> heads[ a: fc 10 ]").columns() if column.name == "output")
    assert output.cells[-1] == "10"
    two = explain("input 8x4x4 -> heads[ a: fc 10 | b: fc 3 ]")
    assert next(column for column in two.columns() if column.name == "output").cells[-1] == "2 outputs"


def test_inputs_are_read_by_their_labels() -> None:
    net = "left: input 1x9x9\nright: input 1x9x9\nheads[ a: from left -> t: conv 2@3 | b: from right -> shared t ]"
    reads = next(column for column in explain(net).columns() if column.name == "reads")
    assert reads.cells == ("the input left", "the input right", "")


@pytest.mark.parametrize(
    ("net", "why"),
    [("input 8 -> fc 4", "no stages. A stage is where"), (TEXT, "relu1"), (nn.Conv2d(3, 4, 3), "a module")],
)
def test_no_stages_are_explained(net: str | nn.Module, why: str) -> None:
    written = io.StringIO()
    explain(net, at=(3, 8, 8) if isinstance(net, nn.Module) else None).show_taps(Console(file=written, width=200))
    assert why in written.getvalue()


# shapes from outside


@pytest.mark.parametrize("at", [64, "3x64x64", (3, None, 64), (3, 0, 64), (3, True, 64), ()])
def test_a_shape_is_that_of_one_example(at: Any) -> None:
    for net in (nn.Conv2d(3, 4, 3), "input 3x?x? -> conv 4@3"):
        with pytest.raises(InputError, match=r"`at` is the whole shape of one example, such as \(3, 224, 224\)"):
            explain(net, at=at)
    assert explain("input 3x?x? -> conv 4@3", at=[3, 8, 9]).measure.output == (4, 6, 7)


def test_an_error_at_a_shape_shows_its_place() -> None:
    net = "input 1x?x?\na: conv 8@3 pad 1 -> maxpool 4\nupconv 8@4 stride 4 -> concat[ from a | id ]"
    with pytest.raises(InputError) as caught:
        explain(net, at=(1, 70, 70))
    assert str(caught.value) == (
        "at 1x70x70: line 3: branches of concat give 8x70x70 and 8x68x68\n"
        "    upconv 8@4 stride 4 -> concat[ from a | id ]\n"
        "                           ^^^^^^^^^^^^^^^^^^^^^\n"
        "  maps that are put together must have the same size; give the input a size that is a multiple of 4: 1x72x72"
    )
    assert explain(net, at=(1, 72, 72)).measure.output == (16, 72, 72)


def test_a_class_is_no_module_yet() -> None:
    with pytest.raises(InputError, match=r"^Conv2d is a class; make an instance: Conv2d\(\)$"):
        explain(nn.Conv2d, at=(3, 8, 8))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="does not take 1x3x8x8; leave out the number of examples: 3x8x8"):
        explain(nn.Sequential(nn.Conv2d(3, 4, 3)), at=(1, 3, 8, 8))
