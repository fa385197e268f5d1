"""Sentences with their classes: reading them (Kim 2014 classifies such).

>>> read("/nowhere") is None
True
"""

from .labelled import Sentences, SentenceSet
from .opening import read

__all__ = ["SentenceSet", "Sentences", "read"]
