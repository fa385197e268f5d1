"""The table of the data sets that have a name.

>>> names()
('digits', 'mnist', 'fashion-mnist', 'cifar10')
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .dataset import Dataset

# SHA-256 of the unpacked files: copies in circulation are compressed differently.
MNIST = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FASHION = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def _loaded_by(module: str, *given: object) -> Callable[..., Dataset]:
    """The `load` of a module beside this one, which is imported when it is called: names are known without torch."""

    def load(**options: Any) -> Dataset:
        loaded: Dataset = import_module(f"{__package__}.{module}").load(*given, **options)
        return loaded

    return load


LOADERS: dict[str, Callable[..., Dataset]] = {
    "digits": _loaded_by("digits"),
    "mnist": _loaded_by("idx", "mnist", MNIST, tuple("0123456789")),
    "fashion-mnist": _loaded_by("idx", "fashion-mnist", FASHION, CLOTHES),
    "cifar10": _loaded_by("cifar"),
}
ALSO = {  # what others call them
    "digits": ("optdigits", "loaddigits", "sklearndigits", "ucidigits"),
    "mnist": ("mnist784", "lenetdigits"),
    "fashion-mnist": ("fmnist", "zalando", "fashionmnist784"),
    "cifar10": ("cifar",),
}


def names() -> tuple[str, ...]:
    """The names that `load` knows."""
    return tuple(LOADERS)
