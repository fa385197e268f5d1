"""The zoo: every network counts what its paper or its circulating weights count, and every source of a text is read."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from striate import zoo
from striate.building import build
from striate.errors import InputError
from striate.notation import Network, measure, parse, read, render
from striate.notation.graph import graph
from striate.notation.tree import Aux, Layer, Maps, named
from tests.zoo.small import OF_PICTURES, OF_SENTENCES, SHARING, given

PUBLISHED = {  # as the papers and the weights that circulate have it, apart from the texts' own first lines
    "lenet1": 3_246,
    "lenet5": 61_706,
    "lenet5-1998": 60_000,
    "lenet300": 266_610,
    "lenet300-conv": 118_866,
    "lenet300-conv2": 82_082,
    "alexnet": 61_100_840,
    "vgg-a": 132_863_336,
    "vgg-a-lrn": 132_863_336,
    "vgg-b": 133_047_848,
    "vgg-c": 133_638_952,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "zfnet": 62_357_608,
    "alexnet-two-tower": 60_965_224,
    "googlenet": 6_624_904,
    "googlenet-2014": 6_998_552 + 3_188_840 + 3_190_888,  # the network, and each head
    "resnext50": 25_028_904,
    "resnext101-32x8d": 88_791_336,
    "densenet121": 7_978_856,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
    "se-resnet50": 28_088_024,
    "squeezenet": 1_248_424,
    "mobilenetv1": 4_231_976,
    "mobilenetv2": 3_504_872,
    "mobilenetv3-large": 5_483_032,
    "efficientnet-b0": 5_288_548,
    "regnety-400mf": 4_344_144,
    "wide-resnet28-10": 36_479_194,
    "darknet19": 20_842_376,
    "yolov2": 50_962_889,
    "network-in-network": 966_986,
    "inception-v3": 27_161_264,
    "convnext-tiny": 28_589_128,
    "shufflenetv2": 2_278_604,
    "unet": 31_030_658,
    "prenet": 95_107,  # PRN in the paper's table
    "aod-net": 1_761 + 2 * 3,  # with what K is multiplied by and what is added, which the paper has as -1 and 1
    "hybridsn": 5_122_176,  # the paper's table 1, for Indian Pines
    "fsrcnn": 12_464 + (56 + 12 + 4 * 12 + 56 + 1) + (56 + 12 + 4 * 12 + 56),  # with biases and slopes
}
MILLIONS = {  # of the papers' tables
    **{"resnet20": 0.27, "resnet32": 0.46, "resnet44": 0.66, "resnet56": 0.85, "resnet110": 1.7},
    "preact-resnet164": 1.7,
    "all-cnn": 1.4,
    "segnet": 29.45,
    "deeplab": 20.5,
}
VGG = 138_357_544 - (4096 + 1) * 1000  # without the layer of classes


def _body(given: int, width: int) -> int:
    return (8 * given + 3) * width + (5 * width + 3) * width + (3 * width + 3) * width


def _flow_block(given: int, width: int) -> int:
    return (9 * given + 1) * width + 65 * width + (9 * width + 1) * width + 4 * width


BY_HAND = {  # whose papers count none
    "srcnn": (81 + 1) * 64 + (25 * 64 + 1) * 32 + 25 * 32 + 1,
    "espcn": (25 + 1) * 64 + (9 * 64 + 1) * 32 + (9 * 32 + 1) * 9,
    "tdan": (9 + 1) * 16
    + (9 * 16 + 1) * 16  # what sees each frame
    + (9 * 32 + 1) * 8
    + (9 * 8 + 1) * 8
    + (9 * 24 + 1) * 18
    + (9 * 16 + 1) * 16  # what aligns it
    + (9 * 16 + 1)
    + (9 * 80 + 1) * 16
    + 8 * (9 * 16 + 1) * 16
    + (9 * 16 + 1) * 16
    + 16,
    "vdsr": (9 + 1) * 64 + 18 * (9 * 64 + 1) * 64 + 9 * 64 + 1,
    "dncnn": (9 + 1) * 64 + 15 * (9 * 64 + 2) * 64 + 9 * 64,
    "edsr-small": (27 + 1) * 64 + 33 * (9 * 64 + 1) * 64 + (9 * 64 + 1) * 256 + (9 * 64 + 1) * 3,
    "flow-unet": (12 + 1) * 64  # what is told of the moment and the class
    + (9 * 12 + 1) * 16
    + (16 * 16 + 1) * 32
    + _flow_block(32, 32)
    + (16 * 32 + 1) * 64
    + _flow_block(64, 64)
    + (9 * 64 + 1) * 96
    + _flow_block(96, 96)
    + _flow_block(96 + 64, 64)
    + _flow_block(64 + 32, 32)
    + (9 * (32 + 16) + 1) * 16
    + 9 * 16
    + 1,
    "johnson": (243 + 3) * 32
    + (288 + 3) * 64
    + (576 + 3) * 128
    + 10 * (9 * 128 + 3) * 128
    + (9 * 128 + 3) * 64
    + (9 * 64 + 3) * 32
    + (81 * 32 + 1) * 3,
    "between": (169 + 1) * 32
    + (9 * 56 + 9 * 48 + 2) * 48  # the U-Net, down
    + (9 * 48 + 9 * 48 + 2) * 48
    + (9 * 48 + 9 * 64 + 2) * 64
    + (9 * (64 + 48) + 9 * 48 + 2) * 48  # and up
    + (9 * (48 + 48) + 9 * 48 + 2) * 48
    + (48 + 1 + 1 + 1) * 169  # what corrects the moves, and two factors for each
    + (9 * 12 + 1) * 24
    + (9 * 24 + 1) * 24
    + (9 * 24 + 1 + 1) * 3
    + 3,
    "guo-2014": (64 * 4 + 1) * 16 + (16 * 16 + 1) * 32 + (81 * 32 + 1) * 256 + (256 + 1) * 18,
    "conv-caption": (512 + 1 + 2) * 192
    + 2000 * 192
    + 3 * ((3 * 192 + 1) * 384 + 2 * 192)  # what is gated, and its norm
    + 2 * (4 * 192 * 192 + 4 * 192 + 2 * 192)  # what looks
    + (192 + 1) * 2000,
    "attend-and-tell": (512 + 1 + 2) * 192
    + 2000 * 192
    + 4 * 192 * (192 + 192 + 2)
    + 4 * 192 * 192
    + 4 * 192
    + 2 * 192
    + 4 * 192 * (3 * 192 + 192 + 2)
    + (192 + 1) * 2000,
    "unet3d": (27 + 2) * 16
    + (27 * 16 + 2) * 16  # down
    + (27 * 16 + 2) * 32
    + (27 * 32 + 2) * 32
    + (27 * 32 + 2) * 64
    + (27 * 64 + 2) * 64
    + (27 * (64 + 32) + 2) * 32  # and up
    + (27 * 32 + 2) * 32
    + (27 * (32 + 16) + 2) * 16
    + (27 * 16 + 2) * 16
    + (16 + 1) * 2,
    "kim-cnn": 20_000 * 300 + (3 + 4 + 5) * 300 * 100 + 3 * 100 + (300 + 1) * 2,
    "fcn-1d": (8 + 3) * 128 + (5 * 128 + 3) * 256 + (3 * 256 + 3) * 128 + (128 + 1) * 2,
    "resnet-1d": _body(1, 64)
    + (1 + 3) * 64
    + _body(64, 128)
    + (64 + 3) * 128
    + _body(128, 128)
    + 2 * 128
    + (128 + 1) * 2,
    "lws-cnn": (75 + 2) * 24 + (10 * 25 * 24 + 2) * 48 + (48 * 10 * 8 + 2) * 128 + (128 + 1) * 10,
    "fcn8s": VGG + (4096 + 512 + 256 + 3) * 21 + 21 * 21 * (4 * 4 + 4 * 4 + 16 * 16),
}
MACS = {  # as profilers count the weights that circulate: convolutions and matrix products, biases not
    "lenet5": 416_520,
    "lenet300": 266_200,
    "alexnet": 714_188_480,
    "vgg16": 15_470_264_320,
    "vgg19": 19_632_062_464,
    "resnet18": 1_814_073_344,
    "resnet34": 3_663_761_408,
    "resnet50": 4_089_184_256,
    "resnet101": 7_801_405_440,
    "resnet152": 11_513_626_624,
}
NAMES = zoo.names()
every_net = pytest.mark.parametrize("name", NAMES)


def _built_count(network: Network) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build(network).parameters())


def test_the_tables_here_name_every_network() -> None:
    assert sorted(NAMES) == sorted([*PUBLISHED, *MILLIONS, *BY_HAND])


def test_names_are_in_alphabetical_order_with_numbers_as_numbers() -> None:
    resnets = [name for name in NAMES if name.startswith("resnet") and name[6:].isdigit()]
    assert resnets == sorted(resnets, key=lambda name: int(name.removeprefix("resnet")))
    assert NAMES[0] == "alexnet"


@every_net
def test_parameters_are_the_header_s(name: str) -> None:
    network = zoo.net(name)
    assert measure(network).total_parameters == zoo.entry(name).parameters
    assert _built_count(network) == zoo.entry(name).parameters


@pytest.mark.parametrize(("name", "count"), [*PUBLISHED.items(), *BY_HAND.items()])
def test_parameters_are_the_published(name: str, count: int) -> None:
    assert measure(zoo.net(name)).total_parameters == count
    assert zoo.entry(name).parameters == count


@pytest.mark.parametrize(("name", "millions"), MILLIONS.items())
def test_parameters_round_to_the_paper_s_table(name: str, millions: float) -> None:
    digits = len(str(millions).split(".")[1])
    assert round(measure(zoo.net(name)).total_parameters / 1e6, digits) == millions


@pytest.mark.parametrize(("name", "macs"), MACS.items())
def test_macs_are_the_published(name: str, macs: int) -> None:
    assert measure(zoo.net(name)).total_macs == macs


def test_lenet5_as_published_counts_what_its_paper_counts_layer_by_layer() -> None:
    """LeCun et al. 1998, II.B: trainable parameters of C1, S2, C3, S4, C5 and F6; the output's prototypes are fixed."""
    parts = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164, "": 0}
    network = zoo.net("lenet5-1998")
    model, rows = build(network), measure(network).rows
    names = {node.label: name for name, node in named(network.layers)}
    for label, count in parts.items():
        assert sum(row.parameters.value for row in rows if row.name.split(".")[0] == names[label]) == count, label
        assert sum(p.numel() for p in model.get_submodule(names[label]).parameters()) == count, label
    assert sum(parts.values()) == 60_000


def test_lenet5_as_published_has_the_paper_s_connections() -> None:
    """Table I: of C3's 16 maps six see three of S2's, nine see four, one sees all; each of S2's is seen ten times."""
    seen = [row.node.numbers for row in measure(zoo.net("lenet5-1998")).rows if isinstance(row.node, Maps)]
    assert [len(numbers) for numbers in seen] == [3] * 6 + [4] * 9 + [6]
    assert len(set(seen)) == 16
    assert [sum(number in numbers for numbers in seen) for number in range(6)] == [10] * 6


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SHARING])
def test_every_row_is_what_the_module_gives(name: str) -> None:
    """Names, shapes and counts of the calculator against the module, layer by layer, without computing anything."""
    network = zoo.net(name)
    heads = any(isinstance(node, Aux) for node in network.layers)  # which only training computes
    with torch.device("meta"):
        model = build(network).train(heads)
        inputs = [torch.empty_like(x, device="meta") for x in given(network, 2)]
    shapes: dict[str, tuple[int, ...]] = {}
    for path, module in list(model.named_modules())[1:]:
        module.register_forward_hook(lambda _m, _x, y, path=path: shapes.update({path: tuple(y.shape[1:])}))
    model(*inputs)
    for row, vertex in zip(measure(network).rows, graph(network).vertices, strict=True):
        if vertex.shares:  # its module is another's
            continue
        assert shapes[row.name] == row.output.value, row.name
        if isinstance(row.node, Layer):
            count = sum(p.numel() for p in model.get_submodule(row.name).parameters())
            assert count == row.parameters.value, row.name


@pytest.mark.parametrize("name", OF_PICTURES)
def test_networks_of_pictures_give_as_many_channels_as_they_read(name: str) -> None:
    network = zoo.net(name)
    letters = dict(network.program.letters) if network.program else {}
    output = next(iter(measure(network).outputs.values()))
    told = 1 + letters["classes"] if "classes" in letters else 0  # a moment, and a map for each class
    frames = {"between": 2, "tdan": 5}.get(name, 1)  # of which they give one
    assert frames * output[0] == network.input[0] - told
    assert output[1] in {larger * (network.input[1] or 0) for larger in (1, 2, 3, 4)}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in (*OF_PICTURES, *OF_SENTENCES)])
def test_the_letter_classes_sets_the_last_layer(name: str) -> None:
    network = zoo.net(name, classes=3)
    assert measure(network).output[0] == (3 if name != "yolov2" else 5 * (5 + 3)), "for each of five anchors"
    assert network.name == name
    assert measure(zoo.net(name)).output[0] in (2, 10, 11, 16, 18, 21, 1000, 5 * (5 + 80))


@every_net
def test_a_text_begins_with_its_header(name: str) -> None:
    found = zoo.entry(name)
    lines = found.text.splitlines()
    assert lines[0] == f"# {found.title}"
    assert [line.split(":")[0] for line in lines[1:4]] == ["# paper", "# year", "# parameters"]
    assert re.fullmatch(r"# parameters: \d{1,3}(,\d{3})*", lines[3])
    assert 1980 <= found.year <= 2100
    assert re.search(r', "[^"]+"$', found.paper), "authors, then the title in quotes"


@every_net
def test_a_text_survives_render_and_read(name: str) -> None:
    program, network = parse(zoo.entry(name).text), zoo.net(name)
    assert parse(render(program)) == program
    assert read(render(program)) == network
    written_out = read(render(network))
    assert render(written_out) == render(network)
    assert measure(written_out).total_parameters == measure(network).total_parameters


def test_a_name_may_be_in_capitals() -> None:
    assert zoo.net("LeNet5") == zoo.net("lenet5")


@pytest.mark.parametrize(("wrong", "near"), [("lenet6", "lenet5"), ("resnet111", "resnet110"), ("vgg-16", "vgg16")])
def test_an_unknown_name_tells_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(InputError, match=rf"no network '{wrong}'.*did you mean '{near}'\?$"):
        zoo.net(wrong)


def test_a_name_unlike_all_others_tells_where_they_are_listed() -> None:
    with pytest.raises(InputError, match=r"no network 'qqqq'; `striate zoo` lists them"):
        zoo.entry("qqqq")


def test_an_unknown_letter_is_refused() -> None:
    with pytest.raises(InputError, match=r"(?s)no letter 'klasses'.*did you mean 'classes'"):
        zoo.net("lenet5", klasses=3)


TEXT = "classes = 4\ninput 1x8x8\nconv 2@3x3 -> relu\nfc classes\n"


def test_a_network_is_taken_as_it_is() -> None:
    network = read(TEXT)
    assert zoo.net(network) is network


@pytest.mark.parametrize("text", [TEXT, "input 1x8x8 -> fc 4/2", "input 8 -> fc 2 # as in lenet.net", "input 8\nfc 2"])
def test_a_text_is_read_as_a_text(text: str) -> None:
    assert zoo.net(text) == read(text)


def test_a_bare_input_takes_the_shape_given() -> None:
    assert zoo.rebind(zoo.net("INPUT -> conv 2@3 -> fc 4"), {}, (1, 8, 8)).input == (1, 8, 8)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("name", ["mine.net", "mine.txt"])
def test_a_file_is_read(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_text("# höhe\n" + TEXT, encoding=encoding)
    for source in (path, str(path)):
        network = zoo.net(source, classes=2)
        assert (network.name, measure(network).output) == ("mine", (2,))


def test_a_file_in_the_folder_needs_only_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my net.net").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    assert zoo.net("my net.net").name == "my net"


def test_an_error_in_a_file_names_the_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.net"
    path.write_text("input 1x8x8\nkonv 2@3\n")
    with pytest.raises(InputError, match=re.escape(f"{path}:2: no layer 'konv'")):
        zoo.net(path)


@pytest.mark.parametrize("source", ["missing.net", "nets/missing", "no such/missing.net"])
def test_a_missing_file_tells_where_it_was_looked_for(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=re.escape(f"no file {source} (looked in {(tmp_path / source).parent})")):
        zoo.net(source)


@pytest.mark.parametrize("source", ["mine.nt", "mine.text", "./mine.nt", "nets/../mnie.net", Path("mine.nte")])
def test_a_file_nearby_that_may_be_meant_is_named(
    source: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.net").write_text(TEXT)
    (tmp_path / "nets").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no .*file .*; did you mean 'mine.net'\?$"):
        zoo.net(source)
    with pytest.raises(InputError, match=r"no network 'other.one'; `striate zoo` lists them$"):
        zoo.net("other.one")


def test_a_name_of_the_zoo_is_suggested_before_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lenet.net").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"did you mean 'lenet5'\?$"):
        zoo.net("lenet6")


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.net"
    path.write_text("#" * (zoo.MAX_FILE + 1))
    with pytest.raises(InputError, match="more than 1,000,000 characters"):
        zoo.net(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.net"
    path.write_bytes(b"input \xff\xfe\x00")
    with pytest.raises(InputError, match="can't be read: it is not a text in UTF-8"):
        zoo.net(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: Is a directory"):
        zoo.net(tmp_path)


@pytest.mark.parametrize("source", [5, None, ["lenet5"]])
def test_what_names_no_network_is_refused(source: Any) -> None:
    message = rf"^a network is a name of the zoo, .* made of one\. Received: {type(source).__name__}$"
    with pytest.raises(InputError, match=message):
        zoo.net(source)


@pytest.mark.parametrize("name", ["Notes.TXT", "README.md"])
def test_a_file_that_does_not_end_in_net_is_told_so(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"^no network '{name}'; `striate zoo` lists them"):
        zoo.net(name)
    Path(name).write_text("input 1x8x8 -> fc 3")
    way_out = rf"the file of a network ends in \.net, or is given as \./{name}"
    with pytest.raises(InputError, match=rf"^no network '{name}'; {way_out}$"):
        zoo.net(name)
    assert zoo.net(f"./{name}").layers
