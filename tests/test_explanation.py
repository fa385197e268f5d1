"""The explanation of a network: its table, its formulas, its JSON, at every width."""

import io

import pytest
from rich.console import Console

import striate as st
from striate.errors import InputError
from striate.explanation import Explanation, comparison, explain, size_text
from striate.notation.measure import OPTIMIZER_STATES

TEXT = "input 3x128x128 -> conv 16@7x7 stride 2 pad 3 -> relu -> maxpool 2 -> fc 10"


def shown(explanation: Explanation, width: int, terminal: bool = True, every: bool = False) -> str:
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    explanation.show(console, every)
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
    assert "7x7 bins of each box, so 4×7×7" in text
    assert "all figures are for one box" in text
    assert "box" not in repr(explain(TEXT))
    gated = (
        "input 3x8x8 -> conv 4@3 -> scale[ gap -> fc 2 -> relu -> fc c -> sigmoid ] -> conv 2@3"  # its jump is 0 too
    )
    assert "box" not in repr(explain(gated))


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 300])
def test_what_is_shown_fits_the_terminal(width: int) -> None:
    for line in shown(explain("lenet5"), width).splitlines():
        assert len(line.rstrip()) <= width


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
    written = io.StringIO()
    Console(file=written, width=160).print(comparison([explain("lenet5"), explain("lenet5"), explain(TEXT)]))
    text = written.getvalue()
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
