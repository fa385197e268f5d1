"""The picture of any network: each layer is in it, no box on another, and each line leads where the graph says."""

import itertools
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from torch import nn

import striate as st
from striate.errors import InputError, WorkError
from striate.explanation import explain
from striate.notation import tree
from striate.picture import Picture
from striate.picture.brackets import Frame
from striate.picture.kinds import KINDS, kind, style
from striate.picture.parts import Closed, End
from striate.picture.placing import placed
from striate.picture.plane import Area, Flow
from striate.zoo import names
from tests.picture.geometry import boxes, counted, crosses, edges, folds, gives, overlap, read, together, within, words
from tests.skips import texts

SVG = "{http://www.w3.org/2000/svg}"
TOWERS = """
left: input 1x28x28
right: input 1x28x28
tower: [conv 8@3 -> relu -> maxpool 2 -> conv 16@3 -> gap]
concat[ id | from left -> shared tower ] -> fc 2
"""
TEXTS = {
    "two inputs, shared weights": TOWERS,
    "heads in a head": """
input 3x64x64 -> conv 16@3 pad 1 -> relu -> low: conv 32@3 stride 2 pad 1 -> relu
heads[ class: gap -> fc 10 | box: conv 8@3 -> heads[ size: gap -> fc 4 | place: from low -> conv 2@1 ] ]""",
    "a gate": "input 8x8x8 -> scale[ gap -> fc c/4 -> relu -> fc c -> sigmoid ] -> scale[ id ] -> fc 2",
    "boxes": "input 3x?x? -> conv 4@3 pad 1 -> relu -> roialign 7 -> heads[ class: fc 3 | box: fc 4 ]",
    "levels": "input 3x64x64 -> a: conv 4@3 pad 1 -> b: conv 4@3 stride 2 pad 1 -> roialign 7 from a b -> fc 9",
    "branches that begin at each other": """
input 4x8x8
concat[ a: conv 4@1 -> b: conv 4@1 -> conv 4@1 | conv 4@1 -> conv 4@1
      | from b -> conv 4@1 | from a -> sum[ conv 4@1 | from b -> conv 4@1 | id ] ] -> gap""",
    "none reads what comes in": """
input 4x8x8 -> a: conv 4@1 -> b: conv 4@1
sum[ from a -> relu | concat[ from b -> conv 2@1 | from a -> conv 2@1 ] ]""",
    "from in a chain": """
input 4x8x8 -> a: conv 4@1 -> b: conv 4@1 -> from a -> conv 3@1 -> sum[ id | from b -> conv 3@1 ]""",
    "places of a pool": """
input 3x8x8 -> p: maxpool 2 -> conv 3@3 pad 1 -> concat[ conv 3@1 -> unpool p | upsample 2 ] -> gap""",
    "only id": "input 4x8x8 -> id -> x: id -> sum[ id | from x ]",
    "shapes wider than boxes": "input 4096x9x9 -> concat[ gap | gmp | gap ] -> scale[ gap ]",
    "one layer": "input 4 -> fc 3",
    "a head on the side": "input 3x8x8 -> conv 4@3 -> aux[ gap -> fc 2 ] -> conv 4@3 -> gap -> fc 2",
}


def drawn(source: str) -> Picture:
    return explain(st.net(source)).picture()


def check(picture: Picture) -> None:
    """What holds for the picture of any network, whichever way it goes."""
    other = not picture.flow.rightwards
    check_places(picture)
    check_places(replace(picture, place=placed(picture.parts, other), flow=Flow(other)))


def check_places(picture: Picture) -> None:
    areas, place = boxes(picture), picture.place
    assert not any(overlap(one, other) for one, other in itertools.combinations(areas, 2))
    whole = Area((0, place.low), (place.along, place.high))
    shapes = [words(label, picture) for label in place.labels]
    assert all(within(corner, whole) for area in (*place.areas, *shapes) for corner in (area.start, area.stop))
    assert not any(overlap(shape, area) for shape in shapes for area in (*areas, *shapes) if shape is not area)
    for area in areas:
        wide, high = picture.flow.sides(*(stop - start for start, stop in zip(area.start, area.stop, strict=True)))
        assert all(line.width <= wide for line in area.lines)
        assert sum(line.height for line in area.lines) <= high
    for path in place.paths:
        assert not any(crosses(path, area) for area in areas)
        assert not path.arrow or sum(within(path.points[-1], area) for area in areas) == 1
    links = [path for path in place.paths if path.link]
    assert not any(together(link, path) for link in links for path in place.paths if path is not link)
    assert not place.exits
    assert not place.entries
    measured = picture.measure
    assert sorted(counted(picture)) == sorted(row.name for row in measured.rows)
    rows = [row for area in areas if area.part for row in area.part.rows]
    assert sum(row.parameters.value for row in rows) == measured.total_parameters == explained(picture.svg)
    found = edges(picture)
    begin = {area.part.value for area in areas if isinstance(area.part, End)}
    assert {gives(area) for area in areas} - begin == {target for _, target in found}
    if not folds(picture):
        assert found == read(measured, picture)
    well_formed(picture)


def explained(svg: str) -> int:
    """The parameters that a picture says the network has."""
    found = re.search(r">([\d,]+) parameters", svg)
    assert found
    return int(found[1].replace(",", ""))


def well_formed(picture: Picture) -> None:
    """The file is XML, names itself, and shows each box inside of its view."""
    root = ElementTree.fromstring(picture.svg)
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    assert [child.tag for child in root[:2]] == [f"{SVG}title", f"{SVG}desc"]
    assert not [element for element in root.iter() if "id" in element.attrib or element.tag == f"{SVG}script"]
    found = [group.find(f"{SVG}rect") for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    assert len(found) == len(boxes(picture))
    for box in found:
        assert box is not None
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert left <= x <= x + w <= left + wide
        assert top <= y <= y + h <= top + high


@pytest.mark.parametrize("name", names())
def test_every_network_of_the_zoo(name: str) -> None:
    check(drawn(name))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_whatever_branches_do(text: str) -> None:
    picture = drawn(text)
    check(picture)
    assert not folds(picture)


@settings(max_examples=30, deadline=None)
@given(texts())
def test_any_text(text: str) -> None:
    check(drawn(text))


def test_both_ways() -> None:
    """A short network is drawn to the right, a long one downwards."""
    assert drawn("lenet5").flow.rightwards
    assert not drawn("vgg19").flow.rightwards


def test_repeats_are_drawn_once_with_their_number() -> None:
    picture = drawn("input 3x8x8 -> [residual[ conv 3@3 pad 1 -> relu -> conv 3@3 pad 1 ] -> relu]*4 -> gap")
    (frame,) = (part for part in picture.parts if isinstance(part, Frame))
    assert (frame.badge, len(list(frame.rows))) == ("× 4", 4 * 5)
    assert ">× 4</text>" in picture.svg
    assert not folds(drawn("input 3x8x8 -> [conv 4@3 pad 1 -> relu]*2 -> gap"))  # nothing is gained by it


def test_a_repeat_ends_in_its_pool() -> None:
    """As a paper has it, and not from the pool before it."""
    (frame,) = (part for part in drawn("vgg16").parts if isinstance(part, Frame) and len(part.chain) > 1)
    assert [row.text.split()[0] for row in frame.rows if row.text.startswith("maxpool")] == ["maxpool"] * 2
    assert [row.text for row in list(frame.rows)[-2:]] == ["maxpool 2"] * 2


def test_copies_that_cost_more_and_more_show_the_least_and_the_most() -> None:
    assert ">8,448–28,928 params<" in drawn("densenet121").svg


def test_of_parts_of_the_same_layers_the_first_is_open() -> None:
    closed = [part for part in drawn("resnet50").parts if isinstance(part, Closed)]
    assert [part.title for part in closed[:2]] == ["first(128, 2)", "bottleneck(128) × 3"]
    assert [sum(map(len, part.copies)) for part in closed[:2]] == [12, 30]
    svg = drawn("resnet50").svg
    assert ">like first(64, 1)<" in svg
    assert ">30 layers, joins<" in svg


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("input 8x8x8 -> sum[ " + " | ".join(["conv 8@1 -> relu"] * 32) + " ]", "32 side by side"),
        ("input 8x8x8 -> concat[ " + " | ".join(f"conv {n}@1" for n in range(1, 30)) + " ]", "… 20 more branches"),
        ("input 1x8x8 -> " + " -> ".join(f"conv {n}@1 -> relu" for n in range(1, 400)), "more parts"),
        ("input 1x8x8 -> [conv 1@1 -> relu]*2000", "× 2000"),
    ],
)
def test_what_is_wide_or_long_is_counted(text: str, said: str) -> None:
    picture = drawn(text)
    check(picture)
    assert said in picture.svg
    assert sum(part.boxes for part in picture.parts) < 60


def test_names_of_the_text_are_shown() -> None:
    text = "twice(w) = conv w@3 -> conv w@3\ninput 3x8x8 -> a: twice(4) -> top: conv 5@3 -> last: [ gap -> fc 2 ]"
    svg = drawn(text).svg
    for name in ("a: twice(4)", "top: conv 5@3×3", "last"):
        assert f">{name}</text>" in svg


def test_a_branch_begins_between_layers_of_one_box() -> None:
    """No line leaves from the middle of a box: its layers are two boxes then."""
    picture = drawn("input 3x8x8 -> a: conv 4@3 pad 1 -> relu -> sum[ id | from a ]")
    assert ("conv1", "relu1") in edges(picture)
    assert ("conv1", "relu1") not in edges(drawn("input 3x8x8 -> conv 4@3 pad 1 -> relu -> sum[ id | conv 4@1 ]"))


def test_every_layer_has_a_kind_and_every_kind_its_colours() -> None:
    for layer in tree.LAYERS.values():
        assert kind(object.__new__(layer)) in KINDS, layer
    with pytest.raises(KeyError, match="Layer"):
        kind(tree.Layer())
    svg = drawn("lenet5").svg
    for name in map(style, KINDS):
        assert svg.count(f"--{name}: #") == svg.count(f"--{name}-edge: #") == 2  # on light pages and on dark ones


def test_it_is_written_to_a_file(tmp_path: Path) -> None:
    picture = drawn("lenet5")
    picture.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == picture.svg == picture._repr_svg_()
    assert drawn("lenet5").svg == picture.svg


def test_a_name_that_no_page_can_hold(tmp_path: Path) -> None:
    measured = explain(st.notation.read("input 3 -> fc 2", name="a\udcff<\x07>")).picture()
    measured.save(tmp_path / "net.svg")
    assert "<title>a�&lt;�&gt;</title>" in measured.svg


def test_where_it_can_t_be_written(tmp_path: Path) -> None:
    picture = drawn("lenet5")
    with pytest.raises(InputError, match=r"a picture is written as SVG: net.png; end the name in .svg"):
        picture.save(tmp_path / "net.png")
    with pytest.raises(InputError, match=r"there is no folder .*nowhere for net.svg"):
        picture.save(tmp_path / "nowhere" / "net.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(InputError, match="is a folder; name a file"):
        picture.save(tmp_path / "folder.svg")
    with pytest.raises(WorkError, match="can't write to"):
        picture.save(tmp_path / ("n" * 300 + ".svg"))


def test_a_module_has_no_picture() -> None:
    with pytest.raises(InputError, match="a module has none"):
        explain(nn.Linear(3, 2), at=(3,)).picture()
