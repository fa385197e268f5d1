"""Features made by hand, the traditional rival of a network that learns its own: one file per feature, one table here.

>>> list(FEATURES)
['raw', 'sobel', 'robinson', 'hog', 'sift', 'surf']
>>> feature("hogg")
Traceback (most recent call last):
striate.errors.InputError: no feature 'hogg'; did you mean 'hog'?; there are raw, sobel, robinson, hog, sift, surf
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from striate.errors import InputError, nearest

from .base import Feature


def _of_its_file(name: str, says: str, needs: str = "") -> Feature:
    """A feature whose `rows` and `draw` are in the file of its name, which is imported when one is called."""

    def later(function: str) -> Callable[..., Any]:
        return lambda *given: getattr(import_module(f"{__name__}.{name}"), function)(*given)

    return Feature(name, says, later("rows"), later("draw"), needs)


FEATURES = {
    feature.name: feature
    for feature in (
        _of_its_file("raw", "the pixels themselves"),
        _of_its_file("sobel", "gradient magnitude and orientation (Sobel)"),
        _of_its_file("robinson", "eight compass masks (Robinson)"),
        _of_its_file("hog", "histograms of oriented gradients", needs="skimage"),
        _of_its_file("sift", "SIFT descriptors on a grid", needs="cv2"),
        _of_its_file("surf", "SURF descriptors on a grid"),
    )
}

__all__ = ["FEATURES", "Feature", "feature"]


def feature(name: str) -> Feature:
    """A feature by its name.

    Raises:
        InputError: There is no such feature, or the package that makes it is not installed.
    """
    word = str(name).lower()
    if word not in FEATURES:
        raise InputError(f"no feature '{name}'{nearest(name, FEATURES)}; there are {', '.join(FEATURES)}")
    found = FEATURES[word]
    found.check()
    return found
