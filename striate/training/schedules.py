"""Learning-rate schedules: the share of the highest rate at a moment of training from 0 to 1.

>>> [round(SCHEDULES["cosine"](t), 2) for t in (0.0, 0.5, 1.0)]
[1.0, 0.5, 0.0]
"""

import math
from collections.abc import Callable
from functools import partial

WARM_UP = 0.3  # share of training in which one-cycle rises
LOWEST = 0.04  # share of the highest rate at which a rise begins


def constant(moment: float) -> float:
    """Always the full rate."""
    return 1.0


def step(moment: float) -> float:
    """A tenth after half of the training, a hundredth after three quarters (He et al. 2015, section 4.2)."""
    return 1.0 if moment < 0.5 else 0.1 if moment < 0.75 else 0.01


def cosine(moment: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov & Hutter 2016, equation 5)."""
    return 0.5 * (1 + math.cos(math.pi * moment))


def one_cycle(moment: float, rise: float = WARM_UP) -> float:
    """Up along half a cosine, then down to nothing (Smith 2018)."""
    if moment < rise:
        return LOWEST + (1 - LOWEST) * (1 - cosine(moment / rise))
    return cosine((moment - rise) / (1 - rise)) if rise < 1 else 1.0


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


def warmed(name: str, rise: float) -> Callable[[float], float]:
    """A schedule after a warm-up: up in a straight line (Goyal et al. 2017, section 2.2), then all of the schedule.

    One-cycle rises by itself; its own rise then takes that share.

    Args:
        name: Of the schedule.
        rise: The share of the training in which the rate rises, 0 to 1.

    >>> [round(warmed("cosine", 0.5)(t), 2) for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    schedule = SCHEDULES[name]
    if not rise:
        return schedule
    return partial(one_cycle, rise=rise) if schedule is one_cycle else partial(_after_a_rise, schedule, rise)


def _after_a_rise(schedule: Callable[[float], float], rise: float, moment: float) -> float:
    if moment < rise:
        return LOWEST + (1 - LOWEST) * moment / rise
    return schedule((moment - rise) / (1 - rise)) if rise < 1 else 1.0
