"""What branches from labels, shared parts, heads and several inputs compute: modules against a walk over the graph."""

import copy

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from striate.building import TAKEN, build
from striate.errors import InputError
from striate.layers import Called
from striate.notation import Network, measure, read, render
from striate.notation.graph import INPUT, Added, Concatenated, Scaled, graph
from striate.notation.tree import Layer
from tests.skips import texts

UNET = """
    twice(w) = conv w@3 pad same -> bn -> relu -> conv w@3 pad same -> bn -> relu
    up(w, skip) = upconv w@2 stride 2 -> concat[ from skip | id ] -> twice(w)
    input 1x16x16
    d1: twice(4) -> maxpool 2
    d2: twice(8) -> maxpool 2
    twice(16)
    up(8, d2) -> up(4, d1) -> conv 2@1
"""
SIAMESE = """
    tower = conv 4@3 -> relu -> maxpool 2 -> fc 5
    left:  input 1x12x12
    right: input 1x12x12
    heads[
      left:  from left -> t: tower
    | right: from right -> shared t
    ]
"""
PYRAMID = """
    stage(w, s) = conv w@3 stride s pad 1 -> bn -> relu
    down(side) = sum[ upconv 6@2 stride 2 | from side -> conv 6@1 ]
    find = conv 6@3 pad 1 -> relu -> heads[ object: conv 3@1 | box: conv 12@1 ]
    input 3x32x32
    c2: stage(8, 2) -> c3: stage(12, 2) -> c4: stage(16, 2)
    p4: conv 6@1 -> p3: down(c3) -> p2: down(c2)
    heads[
      two: from p2 -> rpn: find
    | three: from p3 -> shared rpn
    | four: from p4 -> shared rpn
    | roi: from p3 -> roialign 3 -> fc 10 -> relu -> heads[ class: fc 4 | box: fc 16 ]
    ]
"""
SIDE = (
    "image: input 3x8x8\ninput 5\nfc 4 -> relu -> concat[ id | from image -> conv 2@3 -> relu -> gap -> fc 4 ] -> fc 2"
)
BOXES = torch.tensor([[0, 2, 3, 20, 30], [1, 0, 0, 31, 12], [0, 9, 9, 15, 15.0]])


def walked(network: Network, model: nn.Module, inputs: list[Tensor]) -> dict[str, Tensor]:
    """The outputs by the graph: each vertex by the module of its weights, each join by its definition."""
    flat = graph(network)
    values = dict(zip(flat.inputs, inputs, strict=True))
    for vertex in flat.vertices:
        read = [values[name] for name in vertex.inputs]
        values[vertex.name] = _value(model, vertex.node, vertex.weights, read)
    return {name: values[end] for name, end in flat.outputs.items()}


def _value(model: nn.Module, node: object, weights: str, read: list[Tensor]) -> Tensor:
    if isinstance(node, Added):
        return torch.stack(read).sum(0)
    if isinstance(node, Concatenated):
        return torch.cat(read, 1)
    if isinstance(node, Scaled):
        return read[0] * read[1].reshape(*read[1].shape, *[1] * (read[0].ndim - read[1].ndim))
    assert isinstance(node, Layer)
    x = read[0]
    for before in ("_flatten", "_pad"):
        if weights + before in dict(model.named_modules()):
            x = model.get_submodule(weights + before)(x)
    y: Tensor = model.get_submodule(weights)(x, *read[1:])
    return y


def built(network: Network) -> tuple[nn.Module, list[Tensor]]:
    torch.manual_seed(0)
    model = build(network).double().eval()
    return model, [torch.randn(2, *map(int, shape), dtype=torch.float64) for shape in graph(network).inputs.values()]  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(texts())
def test_a_branch_begins_at_the_value_of_its_label(text: str) -> None:
    network = read(text)
    model, inputs = built(network)
    torch.testing.assert_close(model(*inputs), walked(network, model, inputs)[""], rtol=1e-9, atol=1e-9)
    assert read(render(network)) == network
    assert sum(p.numel() for p in model.parameters()) == measure(network).total_parameters


@pytest.mark.parametrize("text", [UNET, SIAMESE, SIDE])
def test_the_module_computes_what_the_graph_says(text: str) -> None:
    network = read(text)
    model, inputs = built(network)
    found = model(*inputs)
    expected = walked(network, model, inputs)
    for name, y in expected.items():
        torch.testing.assert_close(found[name] if name else found, y)
        assert tuple(y.shape[1:]) == measure(network).outputs[name]


def test_heads_over_a_pyramid_share_their_weights_and_cut_boxes() -> None:
    network = read(PYRAMID)
    model, inputs = built(network)
    found = model(*inputs, BOXES.double())
    assert {name: tuple(y.shape) for name, y in found.items()} == {
        **{f"{n}.{h}": (2, c, s, s) for n, s in zip(("two", "three", "four"), (16, 8, 4), strict=True)
           for h, c in (("object", 3), ("box", 12))},
        "roi.class": (3, 4),
        "roi.box": (3, 16),
    }  # fmt: skip
    assert not [name for name in model.state_dict() if "shared" in name]
    assert sum(p.numel() for p in model.parameters()) == measure(network).total_parameters
    model(*inputs, BOXES.double())["four.box"].sum().backward()
    assert model.get_submodule("heads1.two.rpn.conv1").weight.grad is not None


def test_a_box_is_cut_from_the_map_that_suits_its_size() -> None:
    text = PYRAMID.replace("from p3 -> roialign 3", "roialign 3 from p2 p3 p4")
    network = read(text)
    model, inputs = built(network)
    cut = model.get_submodule("heads1.roi.roialign1")
    seen: dict[str, tuple[Tensor, ...]] = {}
    cut.register_forward_hook(lambda _m, given, made: seen.update(read=given, made=(made,)))
    model(*inputs, BOXES.double())
    *maps, boxes = seen["read"]
    sizes = torch.tensor([[0, 0, 0, side, side] for side in (28.0, 56.0, 900.0)])
    assert cut.level(sizes).tolist() == [0, 1, 2]
    for number, (features, cutter) in enumerate(zip(maps, cut.cutters, strict=True)):
        assert cutter.scale == 1 / 2 ** (number + 1)
        mine = cut.level(boxes) == number
        torch.testing.assert_close(seen["made"][0][mine], cutter(features, boxes[mine]))
    assert read(render(network)) == network


def test_shared_towers_give_equal_images_equal_answers() -> None:
    model, (left, _) = built(read(SIAMESE))
    found = model(left, left)
    torch.testing.assert_close(found["left"], found["right"], rtol=0, atol=0)
    by_name = model(right=left, left=left)
    torch.testing.assert_close(by_name["left"], found["left"], rtol=0, atol=0)


@pytest.mark.parametrize("text", [UNET, SIAMESE, SIDE, PYRAMID])
def test_it_is_an_ordinary_module(text: str) -> None:
    network = read(text)
    model, inputs = built(network)
    inputs += [BOXES.double()] if network.takes_boxes else []
    found = model(*inputs)
    torch.testing.assert_close(copy.deepcopy(model)(*inputs), found)
    torch.testing.assert_close(torch.export.export(model, tuple(inputs)).module()(*inputs), found)
    seen: list[str] = []
    for path, module in model.named_modules():
        module.register_forward_hook(lambda _m, _x, _y, path=path: seen.append(path))
    model(*inputs)
    assert {path for path, _ in model.named_modules()} == {*seen}


def test_a_part_of_a_network_that_reads_outside_of_it_is_refused() -> None:
    model, (x,) = built(read(UNET))
    with pytest.raises(InputError, match=r"'from1' reads what 'd2.relu2' gives, which this part .* leaves out"):
        model[4:]
    first = model[:2]
    torch.testing.assert_close(first(x), model.get_submodule("maxpool1")(model.get_submodule("d1")(x)))


@pytest.mark.parametrize(
    ("given", "message"),
    [((), r"called model\(left, right\)\. Received: 0 values"), ((1, 2, 3), r"Received: 3 values")],
)
def test_another_number_of_inputs_is_refused(given: tuple[int, ...], message: str) -> None:
    model, (left, _) = built(read(SIAMESE))
    assert isinstance(model, Called)
    with pytest.raises(InputError, match=message):
        model(*[left for _ in given])


def test_the_last_input_is_where_the_chain_goes_on() -> None:
    flat = graph(read(SIDE))
    assert flat.inputs == {f"{INPUT} image": (3, 8, 8), INPUT: (5,)}
    assert next(vertex for vertex in flat.vertices if vertex.name == "fc1").inputs == (INPUT,)


SHARED = [  # values of shared parts are read like any others
    "input 3x8x8\nt: [conv 3@3 pad 1 -> relu] -> s: shared t -> conv 3@1 -> sum[ from s | id ]",
    "input 3x8x8\ns: [t: [conv 3@1 -> tanh] -> shared t] -> relu -> sum[ id | from s | from s.t ]",
    "f(w) = conv w@3 pad 1\ninput 3x8x8\nf1: conv 8@3 pad 1 -> residual[ f(8) -> relu -> sum[ from f1 | id ] ]",
    "input 3x8x8\npad: conv 3@1 -> relu -> sum[ from pad | id ]",
    "h(p) = conv 3@1 -> sum[ from p.a | id ]\ninput 3x8x8\nq: [a: conv 3@1 -> relu] -> h(q)",
    "input 3\nt: [fc 3 -> softmax] -> shared t",
]


@pytest.mark.parametrize("text", SHARED)
def test_values_of_parts_and_names_that_definitions_make(text: str) -> None:
    network = read(text)
    model, inputs = built(network)
    torch.testing.assert_close(model(*inputs), walked(network, model, inputs)[""])
    assert read(render(network)) == network


def test_boxes_are_cut_from_the_images_whichever_input_they_are() -> None:
    network = read("image: input 3x32x32\ninput 5\nheads[ a: roialign 2 from image | b: fc 3 ]")
    model, (image, row) = built(network)
    found = model(image, row, BOXES.double())
    assert (tuple(found["a"].shape), tuple(found["b"].shape)) == ((3, 3, 2, 2), (2, 3))


@pytest.mark.parametrize("label", ["label", "settle", "kind", "meet", "names", "forward"])
def test_labels_may_be_called_as_they_like_or_are_refused(label: str) -> None:
    network = read(f"input 3x8x8 -> a: [ {label}: [conv 3@3 pad 1] ] -> heads[ {label}: fc 2 | box: fc 4 ]")
    if label in TAKEN:
        with pytest.raises(InputError, match=f"'{label}' can't"):
            build(network)
    else:
        assert {*build(network)(torch.zeros(1, 3, 8, 8))} == {label, "box"}


def test_a_part_that_stands_elsewhere_is_not_called_by_itself() -> None:
    model, (x,) = built(read("input 3x8x8\nt: [conv 3@3 pad 1 -> relu] -> shared t"))
    with pytest.raises(InputError, match="call the whole network"):
        model[1](x)
