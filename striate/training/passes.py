"""How often a training goes over its images when nobody says: small sets need more passes for as many steps.

>>> usual_epochs(54_000, 64, macs=400_000), usual_epochs(765, 64, macs=40_000_000)
(10, 100)
"""

from __future__ import annotations

import math

EPOCHS = 10  # passes over sets large enough
MOST = 100
BATCH = 64
STEPS = 2000  # steps that the training on a small set should have
WORK = 3e13  # multiply-adds of a whole training above which small sets get no extra passes: minutes on a laptop
FEW_BATCH, FEW_DECAY = 32, 0.5  # smaller steps and smaller weights: more noise, and less learned by heart
FEW = STEPS * FEW_BATCH // EPOCHS  # training images, below which photographs are few: they need more than ten passes


def usual_epochs(count: int, batch: int, macs: int) -> int:
    """Passes over `count` training images, 10 to 100.

    Args:
        count: Training images.
        batch: Images in a mini-batch; 0 for all of them.
        macs: Multiply-adds of the network for one image; the backward pass takes twice as many again.
    """
    wanted = math.ceil(STEPS * (batch or count) / count)
    affordable = int(WORK / max(1, 3 * macs * count))
    return max(EPOCHS, min(wanted, affordable, MOST))
