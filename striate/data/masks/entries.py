"""What the entries of COCO's annotations must hold, so that nothing after it meets a value of another kind.

>>> checked("a.json", "categories", [{"id": 1, "name": "cat"}])
[{'id': 1, 'name': 'cat'}]
>>> checked("a.json", "categories", [{"id": 1, "name": "cat"}, {"id": 2}])
Traceback (most recent call last):
striate.errors.InputError: 'a.json': entry 2 of categories has no name, which must be a text
"""

from collections.abc import Mapping, Sequence
from typing import Any

from striate.errors import InputError

from .regions import Region, decompressed

LARGEST = 10**9  # a number of pixels, or a coordinate: no image reaches it
LEAST = 3  # different corners of a polygon; two are a line
WORDS: dict[str, tuple[type, ...]] = {
    "a whole number": (int,),
    "a number or a text": (int, str),
    "a number of pixels": (int, float),
    "a text": (str,),
}
NEEDS = {
    "images": {
        "id": "a number or a text",
        "file_name": "a text",
        "height": "a number of pixels",
        "width": "a number of pixels",
    },
    "categories": {"id": "a whole number", "name": "a text"},
    "annotations": {"image_id": "a number or a text", "category_id": "a whole number"},
}


def checked(path: object, key: str, entries: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    """The entries of `images`, `categories` or `annotations`, which hold all that is needed of them.

    Raises:
        InputError: One does not.
    """
    for number, one in enumerate(entries, start=1):
        for name, what in NEEDS[key].items():
            if not isinstance(one, dict) or not _is(what, one.get(name)):
                raise InputError(f"'{path}': entry {number:,} of {key} has no {name}, which must be {what}")
    return entries


def _is(what: str, value: Any) -> bool:
    right = isinstance(value, WORDS[what]) and not isinstance(value, bool)
    return right and (what != "a number of pixels" or bool(1 <= value <= LARGEST))


def region(form: Any, position: int, size: tuple[int, int]) -> Region | None:
    """The region that a `segmentation` describes; None for one that is empty or damaged."""
    if isinstance(form, dict):
        runs = _runs(form.get("counts"))
        whole = runs and sum(runs) == size[0] * size[1] and min(runs) >= 0
        return Region(position, runs=runs) if whole else None
    closed = [polygon for polygon in form if _is_polygon(polygon)] if isinstance(form, list) else []
    return Region(position, polygons=tuple(tuple(map(float, polygon)) for polygon in closed)) if closed else None


def _runs(counts: Any) -> tuple[int, ...]:
    """Run lengths; none where they are damaged."""
    if isinstance(counts, list):
        return tuple(map(int, counts)) if all(type(run) is int or _is_whole(run) for run in counts) else ()
    try:
        return decompressed(counts) if isinstance(counts, str) else ()
    except InputError:
        return ()


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _is_polygon(polygon: Any) -> bool:
    """Whether it is x and y in turn of three different corners or more."""
    if not isinstance(polygon, list) or len(polygon) % 2:
        return False
    if not all(type(value) in (int, float) and abs(value) < LARGEST for value in polygon):  # NaN is not less either
        return False
    return len(set(zip(polygon[::2], polygon[1::2], strict=True))) >= LEAST
