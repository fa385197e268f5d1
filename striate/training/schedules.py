"""Learning-rate schedules: the share of the highest rate at a moment of training from 0 to 1.

>>> [round(SCHEDULES["cosine"](t), 2) for t in (0.0, 0.5, 1.0)]
[1.0, 0.5, 0.0]
"""

import math
from collections.abc import Callable

WARM_UP = 0.3  # share of training in which one-cycle rises
LOWEST = 0.04  # share of the highest rate at which one-cycle begins


def constant(moment: float) -> float:
    """Always the full rate."""
    return 1.0


def step(moment: float) -> float:
    """A tenth after half of the training, a hundredth after three quarters (He et al. 2015, section 4.2)."""
    return 1.0 if moment < 0.5 else 0.1 if moment < 0.75 else 0.01


def cosine(moment: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov & Hutter 2016, equation 5)."""
    return 0.5 * (1 + math.cos(math.pi * moment))


def one_cycle(moment: float) -> float:
    """Up along half a cosine, then down to nothing (Smith 2018)."""
    if moment < WARM_UP:
        return LOWEST + (1 - LOWEST) * (1 - cosine(moment / WARM_UP))
    return cosine((moment - WARM_UP) / (1 - WARM_UP))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
ALSO = {  # names in other programs
    "constant": ("none", "fixed", "flat", "constantlr"),
    "step": ("steplr", "multistep", "multisteplr", "stepdecay", "decay"),
    "cosine": ("cosineannealing", "cosineannealinglr", "cosinedecay", "cos"),
    "one-cycle": ("onecyclelr", "1cycle", "superconvergence"),
}
