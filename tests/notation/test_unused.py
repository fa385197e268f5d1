"""The entries that no window reads, against going through every window and every tap."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

import striate
from striate.notation import measure, read
from striate.notation.rules.unused import unused
from striate.notation.rules.window import Window
from striate.notation.tree import AvgPool, Conv, MaxPool, Network, Pad, UpsampleTo


def by_hand(window: Window, n: int) -> int:
    """Entries that are not touched when each window's taps are visited one by one."""
    before, after = window.padding(n)
    source = {
        "reflect": lambda i: abs(i) if i < n else 2 * (n - 1) - i,
        "replicate": lambda i: min(max(i, 0), n - 1),
        "circular": lambda i: i % n,
    }.get(window.pad.mode, lambda i: i)
    touched = set()
    for position in range(window.output(n).value or 0):
        for tap in range(window.size):
            place = position * window.stride - before + tap * window.dilation
            touched.add(source(place) if -before <= place < n + after else place)
    return n - len(touched & set(range(n)))


@st.composite
def slid(draw: st.DrawFn) -> tuple[Window, int]:
    n = draw(st.integers(1, 24))
    mode = draw(st.sampled_from(["zeros", "zeros", "same", "reflect", "replicate", "circular"]))
    most = {"reflect": n - 1, "circular": n}.get(mode, 6)
    sizes = [min(draw(st.integers(0, 6)), most) for _ in range(2)]
    pad = Pad("same", ()) if mode == "same" else Pad(mode, (sizes[0],), (sizes[1],))
    size, stride, dilation = draw(st.integers(1, 6)), draw(st.integers(1, 8)), draw(st.integers(1, 6))
    return Window(size, stride, pad, dilation, draw(st.booleans())), n


@settings(deadline=None)
@given(slid())
@example((Window(2, 2, Pad("zeros", (0,)), 1, True), 15))
@example((Window(1, 2, Pad("same", ()), 1, True), 8))
@example((Window(3, 2, Pad("circular", (1,)), 2, True), 8))
def test_the_count_is_that_of_going_through_every_tap(drawn: tuple[Window, int]) -> None:
    window, n = drawn
    if (window.output(n).value or 0) < 1:
        return
    layer = Conv(1, (window.size,), (window.stride,), window.pad, (window.dilation,), floor=window.floor)
    assert unused(layer, (1, n)).value == (by_hand(window, n),)


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 20), st.integers(6, 20), st.integers(1, 3), st.integers(1, 4), st.integers(1, 2), st.booleans())
def test_what_is_unused_has_no_gradient(h: int, w: int, kernel: int, stride: int, dilate: int, ceil: bool) -> None:
    text = f"input 1x{h}x{w} -> conv 1@{kernel}x2 stride {stride}x2 pad 1x0 dilate {dilate}" + " ceil" * ceil
    module, found = striate.build(text), measure(read(text)).rows[0].unused.value
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    x = torch.zeros(1, 1, h, w, requires_grad=True)
    module(x).sum().backward()
    assert x.grad is not None
    seen = x.grad[0, 0] > 0
    assert found == (h - int(seen.any(1).sum()), w - int(seen.any(0).sum()))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.booleans())
def test_entries_that_another_grid_leaves_out(n: int, m: int, bilinear: bool, corners: bool) -> None:
    layer = UpsampleTo((m,), bilinear, bilinear and corners)
    x = torch.randn(16, 1, n, dtype=torch.float64, requires_grad=True)
    striate.build(Network((1, n), (layer,)))(x).mul(torch.rand(16, 1, m)).sum().backward()
    assert x.grad is not None
    assert unused(layer, (1, n)).value == (int((x.grad.abs().amax((0, 1)) < 1e-12).sum()),)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("input 3x7x7 -> conv 1@3 stride 3", (1, 1)),  # CS231n: 7x7, 3x3 and stride 3 do not fit
        ("input 3x7x7 -> conv 1@3 stride 2", (0, 0)),
        ("input 3x227x227 -> conv 96@11 stride 4", (0, 0)),
        ("input 3x224x224 -> conv 96@11 stride 4", (1, 1)),  # AlexNet with the size that its paper gives
        ("input 3x224x224 -> conv 64@7 stride 2 pad 3", (0, 0)),  # the row that is left over is padding
        ("input 64x56x56 -> conv 128@1 stride 2", (28, 28)),  # the shortcut of a ResNet
        ("input 3x15x16 -> maxpool 2", (1, 0)),
        ("input 3x15x16 -> maxpool 2 ceil", (0, 0)),
        ("input 3x15x16 -> avgpool 2 pad same", (0, 0)),
        ("input 3x15x16 -> subsample 4", (3, 0)),
        ("input 3x15x16 -> local 2@3 stride 4", (3, 4)),
        ("input 3x15x? -> conv 2@2 stride 2", (1, None)),
        ("input 3x9 -> conv 2@3 dilate 2 stride 2", (4,)),
        ("input 3x9x9 -> relu", ()),
        ("input 3x9x9 -> deform 2@3 stride 4", ()),  # where it reads is learned
        ("input 3x9x9 -> upconv 2@3 stride 4", ()),
        ("input 3x9x9 -> gap", ()),
        ("input 3x9x9 -> crop (1,0)x2", (1, 4)),
        ("input 3x?x9 -> crop 1", (None, 2)),
        ("input 3x9x9 -> upsample to 4x12", (5, 0)),
        ("input 3x9x? -> upsample to 3 bilinear", (6, None)),
        ("input 3x9x8 -> upsample to 2 bilinear corners", (7, 6)),
        ("input 3x9000000x9 -> upsample to 2000000x3", (7000000, 6)),
    ],
)
def test_known_cases(text: str, counts: tuple[int | None, ...]) -> None:
    assert measure(read(text)).rows[0].unused.value == counts


def test_the_formula_gives_the_count() -> None:
    figure = measure(read("input 3x15x18 -> maxpool 4 stride 3")).rows[0].unused
    assert figure.value == (2, 2)
    assert figure.formula == "15 + 0 - ((4 - 1)*3 + 4) = 2; 18 + 0 - ((5 - 1)*3 + 4) = 2"
    for text in figure.formula.split("; "):
        terms, value = text.split(" = ")
        assert eval(terms) == int(value)


@pytest.mark.parametrize(
    "layer", [Conv(1, (10**6,), (10**9,), Pad("zeros", (0,)), (3,)), MaxPool((10**9,), (10**9,), Pad(), (1,))]
)
def test_enormous_sizes_are_counted_at_once(layer: Conv | MaxPool) -> None:
    n = 10**12
    touched = layer.kernel[0] * (n // layer.stride[0])
    assert unused(layer, (1, n)).value == (n - touched,)


def test_padding_that_repeats_too_much_to_look_at_is_not_told_of() -> None:
    layer = AvgPool((1,), (5,), Pad("zeros", (0,)), (1,))
    assert unused(layer, (1, 5000)).value == (4000,)
    wide = Conv(1, (1,), (5,), Pad("circular", (2000,)), (1,))
    assert unused(wide, (1, 5000)).value == (0,)
