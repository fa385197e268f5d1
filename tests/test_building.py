"""Tree → module: readable names, what can't be built, free axes, side heads; and the result is an ordinary module."""

import copy
import io
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import striate
from striate.building import TAKEN, build
from striate.errors import InputError
from striate.layers.deform import interpolated, read_at
from striate.modules import MODULES
from striate.notation import Network, measure, read, tree
from striate.notation.errors import NotationError
from striate.notation.graph import graph
from striate.zoo import net

RESNET = """
basic(w, s) = residual[
  conv w@3x3 stride s pad 1 nobias -> bn -> relu -> conv w@3x3 pad 1 nobias -> bn
| maxpool 1 stride s -> zeropad w
] -> relu
input 3x12x12
conv 4@3 pad same -> bn -> relu -> basic(4, 1) -> basic(8, 2)
scale[ gap -> fc 4 -> relu -> fc 8 -> sigmoid ] -> conv 8@3 stride 2 pad same
concat[ id | avgpool 3 stride 1 pad 1 ]
gap -> fc 5
"""


def _input(network: Network, batch: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, *(size or 16 for size in network.input), generator=generator)


# names


def test_lenet5_s_weights_are_named_as_the_notation_reads() -> None:
    layers = ["conv1", "conv2", "conv3", "fc1", "fc2"]
    assert list(build(net("lenet5")).state_dict()) == [f"{layer}.{w}" for layer in layers for w in ("weight", "bias")]


def test_resnet50_s_weights_are_named_as_the_notation_reads() -> None:
    def block(name: str, convs: int) -> list[str]:
        norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        pairs = [(f"conv{i}", f"bn{i}") for i in range(1, convs + 1)]
        return [
            f"{name}{key}" for conv, bn in pairs for key in (f"{conv}.weight", *(f"{bn}.{entry}" for entry in norm))
        ]

    with torch.device("meta"):
        names = list(build(net("resnet50")).state_dict())
    expected = [
        *block("", 1),
        *block("first1.residual1.body.", 3),
        *block("first1.residual1.shortcut.", 1),
        *block("bottleneck1.residual1.body.", 3),
    ]
    assert names[: len(expected)] == expected
    assert names[len(expected)] == "bottleneck2.residual1.body.conv1.weight"
    assert names[-2:] == ["fc1.weight", "fc1.bias"]


def test_labels_of_parts_are_names_and_those_of_layers_rename_no_weight() -> None:
    model = build(read("input 1x8x8 -> c4: conv 2@3 -> stem: [conv 2@3 -> relu]*2 -> skip: residual[ c5: conv 2@1 ]"))
    weights = [name for name in model.state_dict() if name.endswith("weight")]
    assert weights == ["conv1.weight", "stem.conv1.weight", "stem.conv2.weight", "skip.body.conv1.weight"]


def test_fc_flattens_maps_and_leaves_vectors_alone() -> None:
    assert [name for name, _ in build(read("input 2x3 -> fc 4 -> fc 5")).named_children()] == [
        "fc1_flatten",
        "fc1",
        "fc2",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "input 3x4x4 -> [relu]*61 -> relu6",
        "input 3x4x4 -> relu6 -> [relu]*62 -> relu6 -> fc 2",
        "a1(w) = fc w\na1_(w) = fc w\ninput 3 -> a1(3) -> a1_(4)",
        "a1(w) = fc w\na1_(w) = fc w\ninput 3 -> a1_(3) -> a1(4) -> a1_1: [ fc 2 ]",
    ],
)
def test_no_name_is_given_twice(text: str) -> None:
    names = [vertex.name for vertex in graph(read(text)).vertices]
    assert len({*names}) == len(names)
    assert build(text)(torch.zeros(1, *(size or 1 for size in read(text).input))).isfinite().all()


def test_only_a_name_that_is_taken_is_left_out() -> None:
    names = [vertex.name for vertex in graph(read("input 3x4x4 -> [relu]*60 -> relu6 -> relu -> relu6")).vertices]
    assert names[-3:] == ["relu61", "relu62", "relu63"]


@pytest.mark.parametrize("label", ["half", "double", "float", "train", "training", "forward", "type"])
def test_a_label_that_modules_use_themselves_is_refused(label: str) -> None:
    assert label in TAKEN
    with pytest.raises(InputError, match=f"'{label}' can't be a label.*choose another"):
        build(read(f"input 2x3 -> residual[ {label}: [conv 2@1] ]"))


@pytest.mark.parametrize("text", ["fc1_flatten: [relu] -> fc 4", "fc 4 -> fc1_flatten: [relu]"])
def test_a_label_that_hides_another_module_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="'fc1_flatten' can't be a label"):
        build(read(f"input 2x3 -> {text}"))


# what can't be built


def test_every_word_has_a_module() -> None:
    assert set(MODULES) == set(tree.LAYERS.values())


def test_a_layer_that_can_not_stand_there_is_named() -> None:
    network = Network((3, 8, 8), (tree.RoIPool((2, 2)), tree.RoIPool((1, 1))))
    with pytest.raises(InputError, match=r"^roipool after another RoI layer"):
        build(network)


def test_a_window_that_steps_over_all_entries_changes_no_gradient() -> None:
    """On open axes no rule refuses it; PyTorch's own pool writes its gradient to the next channel, or past the end."""
    x = torch.randn(1, 3, 2, requires_grad=True)
    y = build(read("input 3x? -> maxpool 2 pad 1 dilate 3"))(x)
    assert (y == -torch.inf).all()
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert not slope.any()


@pytest.mark.parametrize("modulated", ["", " modulated"])
def test_a_deformable_convolution_begins_as_a_plain_one(modulated: str) -> None:
    """Without offsets it reads where a convolution does; modulated, each entry counts half at first."""
    model = build(read(f"input 3x7x6 -> deform 4@3x2 stride 2x1 pad 1 dilate 1x2{modulated}"))
    layer, x = model.get_submodule("deform1"), torch.randn(2, 3, 7, 6)
    plain = nn.functional.conv2d(x, layer.weight, layer.bias, stride=(2, 1), padding=1, dilation=(1, 2))
    torch.testing.assert_close(model(x), plain * (0.5 if modulated else 1), rtol=1e-4, atol=1e-5)


def test_a_deformable_convolution_of_some_channels_takes_its_offsets_from_all() -> None:
    model = build(read("input 3x9x8 -> deform 4@3 pad 1 of 2"))
    layer, x = model.get_submodule("deform1"), torch.randn(1, 3, 9, 8)
    with torch.no_grad():
        layer.offset.weight[:, 2, 1, 1] = 0.5  # the last channel says how far all entries move, down and right
    x[:, 2] = 2.0  # by a whole entry
    moved = nn.functional.pad(x[:, :2], (1, 2, 1, 2))[:, :, 1:, 1:]
    expected = nn.functional.conv2d(moved, layer.weight, layer.bias)
    torch.testing.assert_close(model(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (6, 5)])
def test_images_are_read_between_entries_as_any_maps(size: tuple[int, int]) -> None:
    x, places = torch.randn(2, 3, *size, dtype=torch.float64), 12 * torch.rand(2, 2, 5, 4, dtype=torch.float64) - 4
    whole = [axis.round() if number else axis for number, axis in enumerate(places)]
    torch.testing.assert_close(read_at(x, whole), interpolated(x, whole))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("deform 4@3 of 4", "write of 3 or less"),
        ("deform 4@3 of 3 groups 2", "2 groups do not divide the 3 channels that are read"),
    ],
)
def test_more_channels_than_there_are_cannot_be_read(text: str, line: str) -> None:
    with pytest.raises(NotationError, match=line):
        read(f"input 3x9x8 -> {text}")


# shapes left open


@pytest.mark.parametrize("size", [(16, 16), (21, 9)])
@pytest.mark.parametrize(
    "layers",
    [
        "conv 4@3 stride 2 pad same -> bn -> relu -> maxpool 3 stride 2 pad same -> gap -> fc 5",
        "conv 4@4 pad same -> residual[ conv 4@3 pad 1 -> lrn 3 ] -> upconv 2@2 stride 2 -> prelu -> avgpool 3 ceil",
        "concat[ conv 2@1 | conv 2@3 pad reflect 1 ] -> scale[ gap -> fc c -> sigmoid ] -> gmp",
    ],
)
def test_a_free_net_runs_at_any_size(layers: str, size: tuple[int, int]) -> None:
    network = read(f"input 3x?x? -> {layers}")
    y = build(network).eval()(torch.randn(2, 3, *size))
    assert tuple(y.shape[1:]) == measure(network, (3, *size)).output


def test_same_padding_depends_on_the_size_only_when_it_runs() -> None:
    free, fixed = read("input 1x? -> conv 2@3 stride 2 pad same"), read("input 1x6 -> conv 2@3 stride 2 pad same")
    models = []
    for network in (free, fixed):
        torch.manual_seed(0)
        models.append(build(network))
    x = _input(fixed)
    torch.testing.assert_close(models[0](x), models[1](x))


def test_same_padding_of_even_kernels_warns_of_nothing(recwarn: pytest.WarningsRecorder) -> None:
    torch.set_warn_always(True)  # or PyTorch says it once and then keeps still
    try:
        build(read("input 1x5x5 -> conv 2@2 pad same -> conv 2@2 pad same stride 2"))(torch.randn(1, 1, 5, 5))
    finally:
        torch.set_warn_always(False)
    assert not recwarn.list


# side heads


HEADS = "input 3x8x8 -> conv 4@3 -> relu -> aux[ gap -> fc 5 ] -> conv 6@3 -> side: aux[ fc 5 ] -> gap -> fc 5"


def test_side_heads_speak_while_training_only() -> None:
    network = read(HEADS)
    model, x = build(network), _input(network)
    logits, heads = model.train()(x)
    assert [tuple(y.shape) for y in (logits, *heads)] == [(2, 5)] * 3
    after_relu = model[:2](x)
    torch.testing.assert_close(heads[0], model.get_submodule("aux1.head")(after_relu))
    torch.testing.assert_close(model.eval()(x), logits)
    assert [name for name in model.state_dict() if "head" in name and name.endswith("weight")] == [
        "aux1.head.fc1.weight",
        "side.head.fc1.weight",
    ]


def test_a_net_without_heads_gives_logits_alone_while_training() -> None:
    network = net("lenet5")
    assert build(network).train()(_input(network)).shape == (2, 10)


# an ordinary module


@pytest.fixture(params=["lenet5", RESNET, HEADS], ids=["lenet5", "resnet", "heads"])
def network(request: pytest.FixtureRequest) -> Network:
    return net(request.param)


@pytest.fixture
def model(network: Network) -> nn.Module:
    torch.manual_seed(0)
    return build(network).eval()


def test_a_copy_is_its_own(network: Network, model: nn.Module) -> None:
    x, twin = _input(network), copy.deepcopy(model)
    before = model(x)
    torch.testing.assert_close(twin(x), before)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    torch.testing.assert_close(model(x), before)


def test_weights_go_from_one_build_to_another(network: Network, model: nn.Module) -> None:
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = build(network).eval()
    other.load_state_dict(torch.load(file, weights_only=True))
    x = _input(network)
    torch.testing.assert_close(other(x), model(x), rtol=0, atol=0)


def test_it_is_exported_as_it_is(network: Network, model: nn.Module) -> None:
    x = _input(network)
    program = torch.export.export(model, (x,))
    torch.testing.assert_close(program.module()(x), model(x))


def test_it_is_exported_with_a_free_batch() -> None:
    network = net("lenet5")
    model = build(network).eval()
    program = torch.export.export(model, (_input(network),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    x = _input(network, batch=5)
    torch.testing.assert_close(program.module()(x), model(x))


def test_it_is_traced_in_one_graph(network: Network, model: nn.Module) -> None:
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    x = _input(network)
    torch.testing.assert_close(compiled(x), model(x))


@pytest.mark.slow
def test_it_is_compiled() -> None:
    network = net("lenet5")
    model, x = build(network).eval(), _input(network)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(model, backend="inductor")(x), model(x))


def test_it_is_built_without_memory_and_filled_later(network: Network, model: nn.Module) -> None:
    with torch.device("meta"):
        empty = build(network).eval()
    assert {p.device.type for p in empty.parameters()} == {"meta"}
    assert empty(_input(network).to("meta")).shape == model(_input(network)).shape
    full = empty.to_empty(device="cpu")
    full.load_state_dict(model.state_dict())
    torch.testing.assert_close(full(_input(network)), model(_input(network)))
    assert {p.device.type for p in model.to("meta").parameters()} == {"meta"}


def test_it_computes_in_double(network: Network, model: nn.Module) -> None:
    single, x = model(_input(network)), _input(network)
    double = model.double()(x.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_weights(network: Network) -> None:
    states = []
    for seed in (7, 7, 8):
        torch.manual_seed(seed)
        states.append(build(network).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_it_moves_to_a_gpu(network: Network, model: nn.Module) -> None:
    x = _input(network)
    on_cpu = model(x)
    torch.testing.assert_close(model.to("cuda")(x.to("cuda")).cpu(), on_cpu, rtol=1e-3, atol=1e-3)


def test_it_is_built_from_all_that_names_a_network(tmp_path: Path) -> None:
    text = "input 1x8x8 -> fc 3"
    (tmp_path / "own.net").write_text(text)
    for source in (text, tmp_path / "own.net", net(text)):
        assert build(source)[-1].out_features == 3
    assert list(build("lenet5").state_dict()) == list(build(net("lenet5")).state_dict())
    with pytest.raises(InputError, match="no network 'lenet6'"):
        build("lenet6")


def test_the_package_lists_its_names() -> None:
    assert set(striate.__all__) <= set(dir(striate))
