"""Sounds with their classes: reading them, and what a network hears of them.

>>> import numpy as np
>>> heard(np.sin(np.arange(8000) * 0.3).astype(np.float32), Ears(8000, 40, 64)).shape
(3, 40, 64)
"""

from .bands import Ears, heard
from .finding import Entry, SoundSet, find, sounds_under
from .waves import SUFFIXES, Facts, Wave, WaveError, at_rate, of_samples, read_wave, wave_of

__all__ = [
    "SUFFIXES",
    "Ears",
    "Entry",
    "Facts",
    "SoundSet",
    "Wave",
    "WaveError",
    "at_rate",
    "find",
    "heard",
    "of_samples",
    "read_wave",
    "sounds_under",
    "wave_of",
]
