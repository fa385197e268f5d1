"""How images are scaled for the weights of others: each library trained its networks on inputs of one scale.

>>> scaling_of("torchvision and timm (ResNet)").said()
"mean 0.485 0.456 0.406 and spread 0.229 0.224 0.225, ImageNet's"
"""

from __future__ import annotations

from dataclasses import dataclass

from striate.weights.layouts import LAYOUTS


@dataclass(frozen=True)
class Scaling:
    """How pixels of 0 to 1, RGB, are scaled.

    Attributes:
        mean: Of each channel; it is subtracted.
        std: Of each channel; what is left is divided by it.
        source: Whose it is, for messages.
        bgr: Whether the weights read the channels in the order blue, green, red.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str
    bgr: bool = False

    def said(self) -> str:
        """In words."""
        figures = (" ".join(f"{value:.3g}" for value in values) for values in (self.mean, self.std))
        return "mean {} and spread {}, {}".format(*figures, self.source)


IMAGENET = Scaling((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "ImageNet's")
HALVES = Scaling((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "Inception's")  # inputs from -1 to 1
BYTES = Scaling((123 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255), "Caffe's, of bytes", bgr=True)
OTHERS = {
    "torchvision (GoogLeNet)": HALVES,  # its `transform_input` makes these of the usual ones
    "torchvision and timm (Inception v3)": HALVES,
    "fire2.conv1x1_1 (SqueezeNet)": BYTES,
}


def scaling_of(layout: str) -> Scaling | None:
    """The scaling for weights under a library's names, by the layout's label; None for our own names."""
    return OTHERS.get(layout, IMAGENET) if layout in LAYOUTS else None
