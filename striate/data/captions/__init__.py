"""Pictures with sentences about them: a table, COCO's JSON or Flickr's lines, found out by looking.

>>> words_of("Một người đàn ông.")
('một', 'người', 'đàn', 'ông', '.')
"""

from .finding import EXPECTED, find
from .found import Captioned, CaptionSet
from .words import text_of, words_of

__all__ = ["EXPECTED", "CaptionSet", "Captioned", "find", "text_of", "words_of"]
