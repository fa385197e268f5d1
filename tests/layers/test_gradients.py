"""Every module's gradients, for its input and its weights, against finite differences in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from striate import layers
from striate.building import build
from striate.modules import MODULES
from striate.notation import Network, read, tree
from striate.notation.graph import FORMS
from striate.notation.tree import Block, Chain, Layer, Node
from tests import drawing
from tests.layers.test_values import CASES
from tests.test_tiny import TEXTS

HOW = ("", " bilinear", " bilinear corners")
MODES = ("", " reflect", " replicate", " circular")
BY_HAND = [  # in one, two and three dimensions
    "input 2x4x3 -> a: conv 2@1 -> tanh -> residual[ conv 2@3 pad 1 -> sum[ from a -> sigmoid | id ] ]",
    "input 2x5 -> t: [conv 2@1 -> tanh] -> s: shared t -> concat[ from s | from t | id ]",
    "input 2x5 -> conv 2@3 pad same stride 2",
    "input 2x4x3 -> conv 4@3x2 stride 2x1 pad reflect 1 groups 2",
    "input 2x4x3 -> conv 2@2 dilate 2x1 pad circular 1 nobias",
    "input 1x3x2x2 -> conv 2@2 pad replicate 1",
    "input 2x4x4 -> conv 2@4 pad same",
    "input 2x5 -> conv 2@3 pad (0,1) stride 2 ceil flip",
    "input 1x3x4 -> conv 2@2 pad reflect (1,0)x(0,2) flip",
    "input 1x3x2x2 -> conv 2@2 pad circular (1,0) flip",
    "input 2x5 -> local 2@3 stride 2",
    "input 2x3x4 -> local 2@2x3 pad (0,1)x1 nobias",
    "input 1x2x3x2 -> local 2@2 pad same",
    "input 2x6 -> lws 2@3 sections 2",
    "input 2x4x3 -> lws 2@2x3 sections 2 stride 1x2 pad (0,1)x1 nobias",
    "input 1x3x2x2 -> lws 2@2 sections 3 pad same",
    *(f"input {shape} -> maxout 2" for shape in ("4", "4x3", "4x2x2")),
    "input 3x2 -> rbf 4",
    "input 2x3 -> upconv 2@3 stride 2 pad 1",
    "input 2x2x3 -> upconv 3@2 stride 2",
    "input 1x2x2x2 -> upconv 2@2 nobias",
    "input 2x3 -> upconv 4@3 stride 2 pad (1,0) groups 2",
    "input 2x2x2 -> upconv 2@2x3 dilate 2x1 pad (0,1)x1 groups 2 nobias",
    "input 4x3 -> shuffle 2",
    "input 8x2x2 -> shuffle 2",
    "input 8x1x2x2 -> shuffle 2",
    "input 2x3 -> upconv 2@2 stride 3 extra 2",
    "input 2x2x3 -> upconv 2@2 stride 2x1 dilate 1x3 pad (1,0) extra 1x2",
    "input 1x2x2x2 -> upconv 2@1 stride 2 pad 1 extra 1 nobias",
    *(f"input 1x{shape} -> unshuffle 2" for shape in ("6", "4x2", "2x4x2")),
    *(f"input 1x{shape} -> upsample 2{how}" for shape in ("3", "2x3", "2x1x3") for how in HOW),
    *(f"input 1x{shape} -> upsample to 4{how}" for shape in ("3", "2x6", "2x1x3") for how in HOW),
    *(f"input 2x{shape} -> {word} to 3" for shape in ("5", "4x2", "3x1x4") for word in ("avgpool", "maxpool")),
    *(f"input 1x{shape} -> pad{mode} 1 -> crop (2,0)" for shape in ("3", "3x4", "2x3x2") for mode in MODES),
    "input 2x5 -> deform 2@3 pad 1 modulated",
    "input 2x4x3 -> deform 4@2 groups 2",
    "input 3x4x3 -> deform 2@2 of 2",
    "input 2x4x3 -> deform 2@2 pad (0,1)",
    "input 1x3x2x3 -> deform 1@2x1x2 stride 1x2x1",
    "input 1x2x2x3 -> deform 1@2 modulated nobias",
    "input 1x4x4 -> deform 2@3x2 stride 2x1 dilate 1x2 pad reflect 1 modulated nobias",
    "input 4x3x2 -> match 1",
    "input 2x2x3 -> match 1 halves",
    "input 11x2x3 -> move 1",
    "input 27x2x3 -> move 1 halves",
    "input 2x5 -> maxpool 3 stride 2 ceil",
    "input 2x5x4 -> maxpool 2 stride 1 dilate 2 pad 1",
    "input 1x3x3x3 -> maxpool 2 pad same",
    "input 2x5 -> p1: maxpool 2 -> tanh -> unpool p1",
    "input 1x4x4 -> p1: maxpool 3 stride 1 pad 1 -> p2: maxpool 2 ceil -> unpool p2 -> unpool p1",
    "input 1x3x2x3 -> p1: maxpool 2 -> unpool p1",
    "input 1x5x4 -> p1: maxpool 3 stride 2 pad same -> unpool p1",
    "input 2x5 -> p1: maxpool 3 stride 2 pad (1,0) ceil -> unpool p1",
    "input 2x4x5 -> conv 2@2 -> roipool 2x3 -> fc 2",
    "input 2x6x5 -> conv 2@3 stride 2 pad 1 -> roialign 2 -> tanh",
    "input 2x6x5 -> roialign 2 unaligned",
    "input 2x4x4 -> aux[ fc 2 ] -> roialign 1x2 points 3 -> aux[ fc 3 ] -> fc 2",
    "input 2x5 -> avgpool 3 stride 2 ceil",
    "input 2x4x4 -> avgpool 3 pad same",
    "input 2x3x4 -> avgpool 3 stride 2 pad same",
    "input 2x5 -> avgpool 2 stride 2 pad 3",
    "input 2x5x4 -> avgpool 3 stride 2 pad 1 uncounted ceil",
    "input 1x2x3x2 -> avgpool 2 stride 1 pad (1,0) uncounted",
    "input 2x5 -> maxpool 3 stride 2 pad 2",
    "input 1x3x3x3 -> avgpool 2 stride 1 pad 1",
    "input 2x5 -> avgpool 2 dilate 2 ceil",
    "input 2x4x3 -> avgpool 3x2 pad (0,1)",
    "input 1x2x2x2 -> avgpool 3 pad 1",
    "input 2x4x5 -> maxpool 3 stride 2 pad (1,0) ceil",
    *(f"input {shape} -> {word}" for word in ("gap", "gmp") for shape in ("2x3", "2x3x2", "1x3x2x2")),
    "input 2x2x2 -> fc 3 -> fc 2 nobias",
    "input 3 -> embed 5x2",
    *(f"input 3x2x2 -> {word}" for word in ("relu", "leaky 0.1", "prelu", "elu 0.5", "tanh", "tanh scaled", "sigmoid")),
    *(f"input 3x2x2 -> {word}" for word in ("swish", "gelu", "softmax", "id", "dropout 0.5", "zeropad 5", "maps 2 0")),
    "input 6x2x2 -> interleave 3",
    "input 2x5 -> subsample 2",
    "input 2x4x3 -> subsample 3x2 stride 1x2",
    "input 1x2x2x3 -> subsample 2",
    *(f"input {shape} -> bn" for shape in ("3", "3x2", "3x2x2", "2x2x2x2")),
    "input 3x2x2 -> bn noaffine momentum 0.5",
    *(f"input {shape} -> ln" for shape in ("3", "3x2", "3x2x2", "2x2x2x2")),
    *(f"input {shape} -> gn 2" for shape in ("4", "4x2", "2x2x2", "2x2x1x2")),
    *(f"input {shape} -> in" for shape in ("3x3", "3x2x2", "2x2x1x2")),
    *(f"input {shape} -> rmsnorm eps 0.1" for shape in ("3", "3x2", "3x2x2", "2x2x2x2")),
    *(f"input 4x2x2 -> {word} noaffine" for word in ("ln", "gn 1", "in", "rmsnorm")),
    *(f"input {shape} -> layerscale 0.5 -> droppath" for shape in ("3", "3x2", "3x2x2", "2x2x2x2")),
    *(f"input {shape} -> fc 3 each" for shape in ("2", "2x3", "2x3x2", "2x2x1x2")),
    *(f"input {shape} -> attention 2" for shape in ("4x3", "4x2x2", "2x2x1x2")),
    "input 2x3 -> attention 1 nobias",
    "input 4x3 -> look: conv 4@1 -> attention 2 from look",
    "input 3x4 -> lstm 2",
    "input 2x3 -> lstm 3 nobias -> fc 2 each",
    *(f"input {shape} -> glu" for shape in ("4", "4x3", "2x2x2")),
    *(
        f"input {shape} -> {word}"
        for word in ("channelmean", "channelmax")
        for shape in ("3", "3x2", "3x2x2", "2x2x2x2")
    ),
    "input 3x2x3 -> scale[ concat[ channelmean | channelmax ] -> conv 1@3 pad 1 nobias -> bn -> sigmoid ]",
    "input 2x3x2 -> scale[ conv 2@1 -> sigmoid ]",
    *(f"input {shape} -> lrn 3 alpha 0.5" for shape in ("4x2", "4x2x2", "4x2x1x2")),
    "input 2x3x3 -> concat[ conv 2@1 | id ] -> sum[ conv 2@1 | tanh -> conv 2@1 ]",
    "input 2x3x3 -> residual[ conv 2@3 pad 1 -> bn ] -> residual[ conv 3@1 | conv 3@1 ]",
    "input 2x3 -> dense[ bn -> tanh -> conv 2@3 pad same ]",
    "input 2x3x2 -> scale[ gap -> fc 2 -> sigmoid ]",
    "input 2x3 -> part: [ conv 2@1 ] -> aux[ fc 2 ] -> fc 2",
]


def _kinds(chain: Chain) -> set[type[Node]]:
    inner = [_kinds(branch) for node in chain if isinstance(node, Block) for branch in node.branches]
    return {type(node) for node in chain}.union(*inner)


_COVERED = set().union(*(_kinds(read(text).layers) for text in BY_HAND))
NETS = [*BY_HAND, *(TEXTS[word] for word, layer in tree.LAYERS.items() if layer not in _COVERED)]


def test_every_layer_and_block_is_tested() -> None:
    assert set().union(*(_kinds(read(text).layers) for text in NETS)) == {
        *MODULES,
        *FORMS,
        tree.Group,
        *tree.LINKS.values(),
    } - {tree.Heads}


@pytest.mark.parametrize("text", NETS)
def test_gradients_are_those_of_finite_differences(text: str) -> None:
    torch.manual_seed(0)
    network = read(text)
    _check(build(network).double().eval(), _input(network))


@pytest.mark.parametrize("text", [text for text in NETS if "bn" in text or "aux" in text])
def test_gradients_while_training(text: str) -> None:
    torch.manual_seed(0)
    network = read(text)
    _check(build(network).double().train(), _input(network))


DRAWN = [(layer, dims) for layer, dims in CASES if layer is not tree.Embed]


@pytest.mark.parametrize(("layer", "dims"), DRAWN, ids=[f"{layer.word}-{dims}D" for layer, dims in DRAWN])
@settings(max_examples=20, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_gradients_of_drawn_layers(layer: type[Layer], dims: int, data: st.DataObject, seed: int) -> None:
    shape, drawn = data.draw(drawing.fitting(layer, drawing.shapes(dims, 2, 5 - dims // 2 - (dims == 3), (1, 2, 4))))
    torch.manual_seed(seed)
    network = Network(shape, (drawn,))
    _check(build(network).double().eval(), _input(network), fast=True)


def _input(network: Network) -> Tensor:
    sizes = [size or 1 for size in network.input]
    if "embed" in _words(network):
        return torch.tensor([[0, 2, 2], [4, 1, 0]])
    x = torch.randn(2, *sizes, dtype=torch.double)
    return (x + 0.01 * x.sign()).requires_grad_()  # no difference is taken across 0, where some have a kink


def _words(network: Network) -> list[str]:
    return [getattr(node, "word", "") for node in network.layers]


def _check(model: torch.nn.Module, x: Tensor, fast: bool = False) -> None:
    """`fast`: along drawn directions instead of entry by entry."""
    names = [name for name, _ in model.named_parameters()]
    boxes = [torch.tensor([[1, 0.3, 0.2, 3.1, 3.3], [0, 1.2, 1.1, 4.2, 3.0]], dtype=torch.double)]
    beside = boxes if isinstance(model, layers.Wired) and model.takes_boxes else []
    weights = [torch.randn_like(p, requires_grad=True) for p in model.parameters()]

    def run(x: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        y = torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (x, *beside))
        return (y[0], *y[1]) if isinstance(y, tuple) else (y,)

    assert torch.autograd.gradcheck(run, (x, *weights), fast_mode=fast)
