"""Syntax → network: letters, repeats, definitions, blocks, sizes and the rules of thumb."""

import pytest

from striate.notation import Network, bind, measure, parse, read, render
from striate.notation.tree import (
    Aux,
    AvgPool,
    Block,
    Concat,
    Conv,
    Dense,
    Embed,
    FullyConnected,
    Group,
    Identity,
    Layer,
    Maps,
    MaxPool,
    Pad,
    Relu,
    Residual,
    Scale,
    Sum,
    Tanh,
    named,
)

SAME = Pad("same", ())


def words(network: Network) -> list[str]:
    return [node.word if isinstance(node, Layer) else type(node).__name__ for node in network.layers]


def lines(text: str, **letters: float) -> list[str]:
    """The text of the bound network, one layer per line, without its input."""
    return render(read(text, **letters)).replace(" -> ", "\n").split("\n")[1:]  # type: ignore[arg-type]


def only(text: str) -> Layer | Block:
    """The one node after the input."""
    (node,) = read(text).layers
    assert isinstance(node, Layer | Block)
    return node


def test_lenet5() -> None:
    network = read("""
        # LeNet-5
        input 1x32x32
        conv 6@5x5  -> tanh -> avgpool 2          # "6@28x28" is how the 1998 figure writes a map
        conv 16@5x5 -> tanh -> avgpool 2
        conv 120@5x5 -> tanh
        fc 84 -> tanh
        fc 10
    """)
    assert network.input == (1, 32, 32)
    assert network.layers[0] == Conv(6, (5, 5), (1, 1), Pad("zeros", (0, 0)), (1, 1))
    assert network.layers[2] == AvgPool((2, 2), (2, 2), Pad("zeros", (0, 0)), (1, 1))
    assert " ".join(words(network)) == "conv tanh avgpool conv tanh avgpool conv tanh fc tanh fc"
    assert measure(network).output == (10,)


# sizes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "input 1x16x112x112 -> conv 32@3x5x5 stride 1x2x2 pad 1x2x2",
            Conv(32, (3, 5, 5), (1, 2, 2), Pad("zeros", (1, 2, 2)), (1, 1, 1)),
        ),
        ("input 1x16000 -> conv 64@3 pad same", Conv(64, (3,), (1,), SAME, (1,))),
        ("input 4x9x9 -> conv 64@3 pad valid", Conv(64, (3, 3), (1, 1), Pad("zeros", (0, 0)), (1, 1))),
        ("input 4x9x9 -> conv 64@3 pad reflect 1", Conv(64, (3, 3), (1, 1), Pad("reflect", (1, 1)), (1, 1))),
        ("input 4x9x9 -> conv 64@3 pad circular 1x2", Conv(64, (3, 3), (1, 1), Pad("circular", (1, 2)), (1, 1))),
        (
            "input 4x9x9 -> conv 64@3x3 stride 2 pad 1 dilate 2 groups 4 nobias",
            Conv(64, (3, 3), (2, 2), Pad("zeros", (1, 1)), (2, 2), 4, False),
        ),
        (
            "input 4x9x9 -> conv 64@3x3 nobias groups 4 dilate 2 pad 1 stride 2",
            Conv(64, (3, 3), (2, 2), Pad("zeros", (1, 1)), (2, 2), 4, False),
        ),
        ("input 4x9x9 -> conv c*2@c-1", Conv(8, (3, 3), (1, 1), Pad("zeros", (0, 0)), (1, 1))),
        ("input 4x9x9 -> maxpool 3 stride 2", MaxPool((3, 3), (2, 2), Pad("zeros", (0, 0)), (1, 1))),
        ("input 4x9x9 -> pool 2", MaxPool((2, 2), (2, 2), Pad("zeros", (0, 0)), (1, 1))),
        ("input 4x9x9 -> maxpool 3x2 ceil", MaxPool((3, 2), (3, 2), Pad("zeros", (0, 0)), (1, 1), floor=False)),
        ("input 4x9x9 -> avgpool 3 pad 1", AvgPool((3, 3), (3, 3), Pad("zeros", (1, 1)), (1, 1))),
        ("input 56 -> embed 20000x300", Embed((20_000, 300))),
        ("input 4x9x9 -> fc 84 nobias", FullyConnected(84, bias=False)),
        ("input 4x?x? -> conv 8@3", Conv(8, (3, 3), (1, 1), Pad("zeros", (0, 0)), (1, 1))),
    ],
)
def test_a_layer_with_its_sizes(text: str, expected: Layer) -> None:
    assert only(text) == expected


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("input 1x16000", (1, 16_000)),
        ("input 3x224x224", (3, 224, 224)),
        ("input 1x16x112x112", (1, 16, 112, 112)),
        ("input 3x?x?", (3, None, None)),
        ("input 56", (56,)),
        ("n = 8\ninput 3x(n)x(2*n)", (3, 8, 16)),
    ],
)
def test_inputs(text: str, shape: tuple[int | None, ...]) -> None:
    assert read(f"{text} -> relu").input == shape


def test_aliases() -> None:
    assert words(read("input 3x8x8 -> pool 2 -> silu -> batchnorm")) == ["maxpool", "swish", "bn"]


# letters


def test_letters_of_the_text_and_from_outside() -> None:
    text = "N=2 M=1\ninput 3x8x8 -> [relu]*n -> [tanh]*m"
    assert words(read(text)) == ["relu", "relu", "tanh"]
    assert words(read(text, N=1, m=2)) == ["relu", "tanh", "tanh"]
    assert words(read(text, m=0)) == ["relu", "relu"]
    program = parse(text)
    assert words(bind(program, {"n": 0.0})) == ["tanh"]
    assert read(text, n=3).letters == (("n", 3),)


def test_a_letter_may_be_given_on_any_line() -> None:
    assert words(read("input 3x8x8\n[relu]*n\nn = 2\ntanh")) == ["relu", "relu", "tanh"]


def test_arithmetic_comes_out_whole_where_it_is() -> None:
    expected = ["fc 12", "dropout 0.25", "fc 3", "fc 7"]
    assert lines("n = 3\ninput 8 -> fc 24/2 -> dropout 1/4 -> fc (n+3)/2 -> fc 1+2*n") == expected


def test_networks_are_equal_when_they_compute_the_same() -> None:
    one = read("n = 2\ninput 3x8x8 -> [conv 4@3 -> relu]*n", name="one")
    other = read("input 3x8x8\nconv 4@3x3 -> relu\nconv 4@3x3 stride 1 pad 0 -> relu", name="other")
    assert one == other
    assert one != read("input 3x8x8 -> [conv 4@3 -> relu]*3")


# repeats and labels


def test_repeats_are_written_out() -> None:
    assert lines("input 3x32x32 -> [[conv 4@3 pad same -> relu]*2 -> pool 2]*2") == [
        *["conv 4@3x3 pad same", "relu"] * 2,
        "maxpool 2",
        *["conv 4@3x3 pad same", "relu"] * 2,
        "maxpool 2",
    ]


def test_labels_name_layers_blocks_and_repeats() -> None:
    network = read("input 3x8x8 -> a: relu -> relu -> b: sum[ id | x: tanh ] -> d: [relu]*2 -> relu")
    assert [name for name, _ in named(network.layers)] == ["relu1", "relu2", "b", "d", "relu3"]
    assert network.layers[0] == Relu(label="a")
    assert network.layers[2] == Sum(((Identity(),), (Tanh(label="x"),)), label="b")
    assert network.layers[3] == Group(((Relu(), Relu()),), label="d")


def test_a_label_is_free_again_inside_another_part() -> None:
    network = read("input 3x8x8 -> a: relu -> b: [ a: relu ] -> sum[ a: relu | a: tanh ]")
    assert [row.name for row in measure(network).rows] == [
        *("relu1", "b.relu1", "sum1.branch1.relu1", "sum1.branch2.tanh1", "sum1")
    ]


def test_a_number_that_a_label_has_taken_is_left_out() -> None:
    network = read("b() = tanh\ninput 3x8x8 -> relu1: [tanh] -> relu -> b2: [relu] -> b() -> b() -> b()")
    assert [name for name, _ in named(network.layers)] == ["relu1", "relu2", "b2", "b1", "b3", "b4"]
    network = read("b3() = tanh\ninput 3x8x8 -> b3() -> b3()")
    assert [name for name, _ in named(network.layers)] == ["b3_1", "b3_2"]


# definitions


def test_a_definition_with_arguments_and_arithmetic() -> None:
    network = read("""
        bottleneck(w, s) = residual[
            conv w@1x1 nobias -> bn -> relu
            -> conv w@3x3 stride s pad 1 nobias -> bn -> relu
            -> conv 4*w@1x1 nobias -> bn
          | conv 4*w@1x1 stride s nobias -> bn
        ] -> relu
        input 64x56x56
        bottleneck(128/2, 1)
        bottleneck(c/2, 2)
    """)
    assert [name for name, _ in named(network.layers)] == ["bottleneck1", "bottleneck2"]
    second = network.layers[1]
    assert isinstance(second, Group)
    residual, relu = second.branches[0]
    assert relu == Relu()
    assert isinstance(residual, Residual)
    convolutions = [node for branch in residual.branches for node in branch if isinstance(node, Conv)]
    assert [(conv.filters, conv.stride) for conv in convolutions] == [
        *((128, (1, 1)), (128, (2, 2)), (512, (1, 1)), (512, (2, 2)))
    ]
    assert measure(network).output == (512, 28, 28)


def test_definitions_use_others_and_the_text_s_letters() -> None:
    text = "w = 4\nd(k) = b(k) -> b(2*k)\nb(k) = conv w*k@1 -> relu\ninput 3x8x8 -> d(1)"
    assert lines(text) == ["d1: [ b1: [ conv 4@1x1", "relu ]", "b2: [ conv 8@1x1", "relu ] ]"]
    assert lines(text, w=1)[0] == "d1: [ b1: [ conv 1@1x1"


def test_a_parameter_hides_a_letter() -> None:
    assert lines("w = 9\nb(w) = fc w\ninput 3 -> b(4) -> fc w") == ["b1: [ fc 4 ]", "fc 9"]


def test_a_definition_without_arguments() -> None:
    assert lines("h() = relu -> tanh\ninput 3 -> h() -> h()") == ["h1: [ relu", "tanh ]", "h2: [ relu", "tanh ]"]
    assert lines("h = relu\ninput 3 -> h()") == ["h1: [ relu ]"]


def test_a_u_net_is_four_definitions_each_naming_the_next_level_down() -> None:
    network = read("""
        twice(w) = [conv w@3x3 pad 1 -> relu]*2
        top() = twice(4) -> concat[ id | maxpool 2 -> middle() -> upconv 4@2 stride 2 ] -> twice(4)
        middle() = twice(8) -> concat[ id | maxpool 2 -> bottom() -> upconv 8@2 stride 2 ] -> twice(8)
        bottom() = twice(16)
        input 1x32x32 -> top() -> conv 2@1
    """)
    rows = {row.name: row for row in measure(network).rows}
    assert measure(network).output == (2, 32, 32)
    assert rows["top1.concat1"].output.value == (8, 32, 32)
    assert rows["top1.concat1.branch2.middle1.concat1.branch2.bottom1.twice1.conv2"].output.value == (16, 8, 8)


# c, the channels that come in


def test_c_stands_for_what_comes_into_the_brackets() -> None:
    network = only("input 32x8x8 -> scale[ gap -> fc c/16 -> relu -> fc c -> sigmoid ]")
    assert isinstance(network, Scale)
    assert [node.units for node in network.branches[0] if isinstance(node, FullyConnected)] == [2, 32]


def test_c_outside_of_brackets_is_the_layer_s_own() -> None:
    assert lines("input 3x8x8 -> conv 2*c@1 -> conv 2*c@1") == ["conv 6@1x1", "conv 12@1x1"]


def test_c_in_repeats_and_definitions() -> None:
    assert lines("input 3x8x8 -> [conv 2*c@1 -> relu]*2") == ["conv 6@1x1", "relu", "conv 12@1x1", "relu"]
    assert lines("b(w) = conv w@1 -> conv c@1\ninput 3x8x8 -> b(2*c)") == ["b1: [ conv 6@1x1", "conv 3@1x1 ]"]
    assert lines("input 3x8x8 -> residual[ conv 9@1 -> conv c@1 ] -> conv c@1") == [
        *("residual[ conv 9@1x1", "conv 3@1x1 ]", "conv 3@1x1")
    ]


# blocks


@pytest.mark.parametrize(
    ("text", "kind", "branches"),
    [
        ("concat[ relu | tanh | id ]", Concat, 3),
        ("sum[ relu | tanh ]", Sum, 2),
        ("residual[ relu ]", Residual, 1),
        ("residual[ relu | tanh ]", Residual, 2),
        ("dense[ conv 4@3 pad 1 ]", Dense, 1),
        ("scale[ gap -> fc 3 ]", Scale, 1),
        ("aux[ fc 10 ]", Aux, 1),
    ],
)
def test_a_block(text: str, kind: type[Block], branches: int) -> None:
    block = only(f"input 3x8x8 -> {text}")
    assert isinstance(block, kind)
    assert len(block.branches) == branches


def test_dense_repeats_grow() -> None:
    network = read("input 3x8x8 -> dense[ bn -> relu -> conv 4@3 pad same ]*6")
    assert words(network) == ["Dense"] * 6
    assert measure(network).output == (27, 8, 8)


def test_a_side_head_leaves_the_chain() -> None:
    network = read("input 3x8x8 -> relu -> aux[ gap -> fc 10 ] -> a: aux[ fc 10 ] -> fc 5")
    assert measure(network).output == (5,)
    assert read("h() = gap -> fc 10\ninput 3x8x8 -> aux[ h() ] -> fc 5").layers[0] != network.layers[1]


def test_plain_brackets_leave_no_trace() -> None:
    assert read("input 3x8x8 -> [relu -> [tanh]] -> [[id]]") == read("input 3x8x8 -> relu -> tanh -> id")


def test_an_empty_branch_passes_through() -> None:
    """A repeat of 0 times, or an optional layer left out, may leave a branch empty."""
    expected = Residual(((Identity(),),))
    assert only("n = 0\ninput 3x8x8 -> residual[ [relu]*n ]") == expected
    network = read("input 3x8x8 -> residual[ pool? ] -> a: pool? -> b: [pool?]", pool=0)
    assert network.layers == (expected, Group(((Identity(),),), label="b"))


# the lectures' pattern and its rules of thumb

PATTERN = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"


def test_the_pattern_with_its_letters() -> None:
    assert lines(PATTERN, N=2, M=3, K=1) == [
        *["conv 32@3x3 pad same", "relu"] * 2,
        "maxpool 2",
        *["conv 64@3x3 pad same", "relu"] * 2,
        "maxpool 2",
        *["conv 128@3x3 pad same", "relu"] * 2,
        "maxpool 2",
        *["fc 128", "relu", "fc 10"],
    ]
    assert read(PATTERN, N=1, M=1, K=0).input == (3, 32, 32)
    assert read(f"N=2 M=3 K=1\n{PATTERN}") == read(PATTERN, N=2, M=3, K=1)


def test_the_pattern_without_its_pools() -> None:
    assert lines(PATTERN, N=1, M=2, K=0, pool=0) == ["conv 32@3x3 pad same", "relu"] * 2 + ["fc 10"]


def test_the_pattern_with_other_thumbs() -> None:
    expected = ["conv 8@3x3 pad same", "relu", "maxpool 2", "fc 50", "relu", "fc 4"]
    assert lines(PATTERN, N=1, M=1, K=1, base=8, hidden=50, classes=4) == expected
    assert lines(f"base = 8\nhidden = 50\nclasses = 4\n{PATTERN}", N=1, M=1, K=1) == expected


def test_the_pattern_on_another_input() -> None:
    network = read(PATTERN, N=1, M=2, K=0, input=(1, 16_000))
    assert network.input == (1, 16_000)
    assert network.layers[0] == Conv(32, (3,), (1,), SAME, (1,))
    assert measure(network).rows[-2].output.value == (64, 4_000)


def test_the_pattern_with_sizes() -> None:
    assert lines("INPUT 3x64x64 -> [[CONV 8@5 -> RELU]*2 -> POOL]*3 -> [FC 20 -> RELU]*1 -> FC 10") == [
        *["conv 8@5x5", "relu", "conv 8@5x5", "relu", "maxpool 2"] * 2,
        *["conv 8@5x5", "relu", "conv 8@5x5", "relu", "maxpool 2"],
        *["fc 20", "relu", "fc 10"],
    ]
    assert lines("INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*1 -> FC 10")[-3:] == ["fc 128", "relu", "fc 10"]


def test_the_last_fc_gives_the_classes_whatever_activation_follows() -> None:
    expected = ["fc 128", "fc 10", "softmax"]
    assert lines("INPUT -> FC -> FC -> SOFTMAX") == expected
    assert lines("INPUT -> FC -> last: FC -> SOFTMAX")[1] == "last: fc 10"
    assert lines("INPUT -> FC -> [RELU -> FC]*1") == ["fc 128", "relu", "fc 128"]


def test_a_bare_average_pool_is_two_by_two_as_well() -> None:
    assert lines("INPUT -> CONV -> AVGPOOL -> CONV -> FC") == [
        *("conv 32@3x3 pad same", "avgpool 2", "conv 64@3x3 pad same", "fc 10")
    ]


def test_what_is_given_goes_before_what_the_text_says() -> None:
    assert lines(f"base = 8\nN=1 M=1 K=0\n{PATTERN}", base=16)[0] == "conv 16@3x3 pad same"


def test_letters_a_text_takes() -> None:
    """A definition's parameters are no letters of the text, except where it uses the same name outside."""
    text = "b(n, w) = conv w@3 pad same -> [relu]*n\ninput 3x8x8 -> b(1, 2) -> [tanh]*n"
    assert words(read(text, n=2)) == ["Group", "tanh", "tanh"]
    with pytest.raises(ValueError, match="has no letter 'w'; it has n"):
        read(text, n=2, w=3)


def test_neighbouring_maps_are_written_by_their_ends() -> None:
    network = read("input 20x4x4 -> maps 3 5 to c/2 -> gap -> fc 2")
    assert network.layers[0] == Maps((3, 5, 6, 7, 8, 9, 10))
    assert render(read("input 20x4x4 -> maps 2 to 9 -> fc 2")).splitlines()[1] == "maps 2 to 9"
    assert render(read("input 20x4x4 -> maps 2 to 7 -> fc 2")).splitlines()[1] == "maps 2 3 4 5 6 7"
