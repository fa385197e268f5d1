"""Labelled images from a word or a path: named sets, folders of image files, NumPy archives.

>>> from striate.data import infer, load
>>> digits = load("digits")
>>> tuple(digits.train.images.shape), digits.classes[:3]
((1438, 1, 8, 8), ('0', '1', '2'))
>>> infer(digits, (1, 8, 8)).shape
(1, 8, 8)

A name is imported when it is first used, so `import striate.data` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classes import too_few
    from .dataset import Dataset, Split, carve
    from .files import found_under, images_under
    from .fitting import infer, recipe_for
    from .loading import check_bad, load
    from .named import names
    from .reading import read_and_tell, read_image
    from .recipe import Recipe

__all__ = [
    "Dataset",
    "Recipe",
    "Split",
    "carve",
    "check_bad",
    "found_under",
    "images_under",
    "infer",
    "load",
    "names",
    "read_and_tell",
    "read_image",
    "recipe_for",
    "too_few",
]

_HOMES = {
    "check_bad": "loading",
    "Dataset": "dataset",
    "Split": "dataset",
    "carve": "dataset",
    "found_under": "files",
    "images_under": "files",
    "infer": "fitting",
    "recipe_for": "fitting",
    "load": "loading",
    "names": "named",
    "read_and_tell": "reading",
    "read_image": "reading",
    "Recipe": "recipe",
    "too_few": "classes",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'striate.data' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
