"""What a picture shows, read back from its places alone: which box each line comes from and leads to."""

from collections.abc import Iterator, Mapping

from striate.notation import Measure, tree
from striate.notation.graph import Vertex
from striate.picture import Picture
from striate.picture.brackets import Frame, walk
from striate.picture.parts import Closed, End, Wire
from striate.picture.plane import Area, Label, Path, Point
from striate.picture.words import width

NEAR = 1e-6


def boxes(picture: Picture) -> list[Area]:
    """All that is drawn as a box, a bar or a circle."""
    return [area for area in picture.place.areas if area.kind]


def overlap(one: Area, other: Area) -> bool:
    """Whether two boxes have a point inside both."""
    return all(
        one.start[axis] < other.stop[axis] - NEAR and other.start[axis] < one.stop[axis] - NEAR for axis in (0, 1)
    )


def words(label: Label, picture: Picture) -> Area:
    """What a shape beside an arrow takes."""
    wide, (along, across) = width(label.text, "shape"), label.point
    if picture.flow.rightwards:
        return Area((along - 3 - wide / 2, across + 5), (along - 3 + wide / 2, across + 13))
    return Area((along - 4, across + 5), (along + 4, across + 5 + wide))


def segments(path: Path) -> Iterator[Area]:
    """The parts of a line, each as a flat area."""
    for start, stop in zip(path.points, path.points[1:], strict=False):
        low, high = (tuple(pick(*pair) for pair in zip(start, stop, strict=True)) for pick in (min, max))
        yield Area((low[0], low[1]), (high[0], high[1]))


def crosses(path: Path, box: Area) -> bool:
    """Whether a line has a point inside of a box."""
    return any(
        all(part.start[axis] < box.stop[axis] - NEAR and box.start[axis] < part.stop[axis] - NEAR for axis in (0, 1))
        or all(box.start[axis] + NEAR < part.start[axis] and part.stop[axis] < box.stop[axis] - NEAR for axis in (0, 1))
        for part in segments(path)
    )


def together(one: Path, other: Path) -> bool:
    """Whether two lines run on one another for more than a point."""
    return any(
        all(a.start[axis] <= b.stop[axis] + NEAR and b.start[axis] <= a.stop[axis] + NEAR for axis in (0, 1))
        and any(min(a.stop[axis], b.stop[axis]) - max(a.start[axis], b.start[axis]) > NEAR for axis in (0, 1))
        for a in segments(one)
        for b in segments(other)
    )


def within(point: Point, area: Area) -> bool:
    """Whether a point is in an area or on its edge."""
    return all(area.start[axis] - NEAR <= point[axis] <= area.stop[axis] + NEAR for axis in (0, 1))


def origin(path: Path, picture: Picture) -> Area:
    """The box from which a line comes, maybe by way of others."""
    start = path.points[0]
    found = [box for box in boxes(picture) if within(start, box) and abs(start[0] - box.stop[0]) < NEAR]
    if found:
        return found[0]
    before = [
        other
        for other in picture.place.paths
        if other is not path and other.points[0] != start and any(within(start, part) for part in segments(other))
    ]
    assert before, f"a line begins nowhere: {path}"
    return origin(before[0], picture)


def edges(picture: Picture) -> set[tuple[str, str]]:
    """From which value to which value each arrow leads, as the eye sees it."""
    found = set()
    for path in picture.place.paths:
        if path.arrow:
            (target,) = (box for box in boxes(picture) if within(path.points[-1], box))
            found.add((gives(origin(path, picture)), gives(target)))
    return found


def gives(area: Area) -> str:
    """The value that a box gives."""
    if isinstance(area.part, End):
        return area.part.value or area.part.text
    rows = [*(area.part.rows if area.part else ()), *area.joins]
    return rows[-1].name


def read(measured: Measure, picture: Picture) -> set[tuple[str, str]]:
    """From which value to which value an arrow must lead, as the graph says; for a picture that folds nothing."""
    graph = measured.graph
    vertices = {vertex.name: vertex for vertex in graph.vertices}
    drawn = [area for area in boxes(picture) if not isinstance(area.part, End)]
    found = set()
    for area in drawn:
        first = next(iter([*(area.part.rows if area.part else ()), *area.joins]))
        vertex = vertices[first.name]
        inputs = list(vertex.inputs)
        if isinstance(vertex.node, tree.Unpool):
            pools = [other for other in graph.vertices if other.node == vertex.node.source]
            inputs[1] = next(pool.name for pool in pools if pool.inputs[0] == inputs[1])
        found |= {(_past_wires(value, vertices), gives(area)) for value in inputs}
    ends = [area.part.text for area in boxes(picture) if isinstance(area.part, End) and not area.part.value]
    for name, value in graph.outputs.items():
        text = name.rpartition(".")[2] or "output"
        assert text in ends
        found.add((_past_wires(value, vertices), text))
    for name, value in graph.aside.items():
        found.add((_past_wires(value, vertices), f"{name.rpartition('.')[2]}, in training"))
    return found


def _past_wires(value: str, vertices: Mapping[str, Vertex]) -> str:
    """The value that is drawn: that before each `id`."""
    while value in vertices and isinstance(vertices[value].node, tree.Identity):
        value = vertices[value].inputs[0]
    return value


def folds(picture: Picture) -> bool:
    """Whether something stands for several."""
    return any(isinstance(part, Closed) or (isinstance(part, Frame) and part.badge) for part in walk(picture.parts))


def counted(picture: Picture) -> list[str]:
    """The names of all layers and joins that are drawn, or counted by a box that stands for several."""
    drawn = [row.name for box in boxes(picture) for row in (*(box.part.rows if box.part else ()), *box.joins)]
    passed = [row.name for part in walk(picture.parts) if isinstance(part, Wire) for row in part.rows]
    return drawn + passed
