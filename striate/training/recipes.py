"""Recipes: a word that sets a tested whole of the options that were not chosen.

>>> RECIPES["fast"].filled(Options(recipe="fast", ema=0.9), softens=True).lr
0.006
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from striate.augmentation.words import AUTO
from striate.training.options import Options

LONG = 5_000  # steps of a training that is long enough to average a thousand
FLAGS = ("epochs", "batch", "lr", "optimizer", "schedule", "l2", "ema", "augment", "smoothing")


@dataclass(frozen=True)
class Preset:
    """What is chosen where nobody chose.

    Attributes:
        passes: How many times the usual number of epochs.
        rate: How many times the optimiser's usual learning rate.
        smoothing: Label smoothing, where the loss takes shares of classes.
        averaged: Whether the weights are averaged.
        stronger: What training images are changed by, where they would be by `shift` alone, and where by `photo`.
    """

    passes: float = 1.0
    rate: float = 1.0
    smoothing: float = 0.0
    averaged: bool = False
    stronger: tuple[str, str] = (AUTO, AUTO)

    def filled(self, options: Options, softens: bool) -> Options:
        """The options with those that depend on no data; `softens` says whether the loss takes shares of classes."""
        smoothing = self.smoothing if options.smoothing is None and softens else options.smoothing
        lr = options.rate * self.rate if options.lr is None and self.rate != 1 else options.lr
        return dataclasses.replace(options, lr=lr, smoothing=smoothing)

    def ema(self, options: Options, steps: int) -> float | None:
        """The share of the average that a step keeps, in a training of so many steps."""
        usual = (0.999 if steps >= LONG else 0.99) if self.averaged else 0.0
        return usual if options.ema is None else options.ema


RECIPES = {
    "none": Preset(),
    "fast": Preset(passes=0.4, rate=2.0),
    "accurate": Preset(passes=3.0, smoothing=0.1, averaged=True, stronger=("shift,rotate,scale,shear", "photo,cutout")),
}


def written(options: Options) -> str:
    """A recipe in full, as options of the command line.

    >>> written(Options(epochs=4, lr=0.006, recipe="fast"))
    'recipe fast: --epochs 4 --batch 64 --lr 0.006 --optimizer adamw --schedule one-cycle --l2 0.05 --augment auto'
    """
    values = options.to_json()
    words = [f"--{name} {values[name]}" for name in FLAGS if values[name]]
    return f"recipe {options.recipe}: {' '.join(words)}"
