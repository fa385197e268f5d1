"""Clips: frames that follow each other, in folders of pictures and in video files."""

from .finding import Clip, Clips, find
from .streaming import in_parts
from .triplets import Triplet, triplets_of

__all__ = ["Clip", "Clips", "Triplet", "find", "in_parts", "triplets_of"]
