"""Sounds with their classes: reading them, and what a network hears of them.

>>> import numpy as np
>>> heard(np.sin(np.arange(8000) * 0.3).astype(np.float32), Ears(8000, 40, 64)).shape
(3, 40, 64)
"""

from .bands import Ears, heard
from .finding import SoundSet, find, sounds_under
from .waves import SUFFIXES, Wave, at_rate, read_wave

__all__ = ["SUFFIXES", "Ears", "SoundSet", "Wave", "at_rate", "find", "heard", "read_wave", "sounds_under"]
