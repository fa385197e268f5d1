"""Features made by hand, the traditional rival of a network that learns its own: one file per feature, one table here.

>>> list(FEATURES)
['raw', 'sobel', 'robinson', 'hog', 'sift', 'surf']
>>> feature("hogg")
Traceback (most recent call last):
striate.errors.InputError: no feature 'hogg'; did you mean 'hog'?; there are raw, sobel, robinson, hog, sift, surf
"""

from striate.errors import InputError, nearest

from . import hog, raw, robinson, sift, sobel, surf
from .base import Feature

FEATURES = {
    "raw": Feature("raw", "the pixels themselves", raw.rows, raw.draw),
    "sobel": Feature("sobel", "gradient magnitude and orientation (Sobel)", sobel.rows, sobel.draw),
    "robinson": Feature("robinson", "eight compass masks (Robinson)", robinson.rows, robinson.draw),
    "hog": Feature("hog", "histograms of oriented gradients", hog.rows, hog.draw, needs="skimage"),
    "sift": Feature("sift", "SIFT descriptors on a grid", sift.rows, sift.draw, needs="cv2"),
    "surf": Feature("surf", "SURF descriptors on a grid", surf.rows, surf.draw),
}

__all__ = ["FEATURES", "Feature", "feature"]


def feature(name: str) -> Feature:
    """A feature by its name.

    Raises:
        InputError: There is no such feature, or the package that makes it is not installed.
    """
    if name.lower() not in FEATURES:
        raise InputError(f"no feature '{name}'{nearest(name, FEATURES)}; there are {', '.join(FEATURES)}")
    found = FEATURES[name.lower()]
    found.check()
    return found
