"""The kinds of things that are found in data: how each is called, whether it is a fault, and what follows from it.

A fault makes figures wrong or loses examples. What is merely odd is read as one expects, and worth a look.

>>> KINDS["damaged"].fault, KINDS["CMYK"].fault
(True, False)
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes:
        fault: Whether figures or examples suffer from it.
        means: What follows, and what to do.
    """

    fault: bool
    means: str


def _fault(means: str) -> Kind:
    return Kind(True, means)


def _odd(means: str) -> Kind:
    return Kind(False, means)


KINDS = {
    "unusable": _fault("training refuses the data as they are"),
    "empty file": _fault("it has no bytes and is left out; fetch it again"),
    "no image": _fault("its name says image and its content does not; it is left out"),
    "damaged": _fault("it can't be read to its end and is left out; fetch or save it again"),
    "missing": _fault("it is named and is not there, so its example is left out"),
    "bad line": _fault("it is no example and is left out; correct or remove it"),
    "no mask": _fault("image and mask belong together, and one of them can't be used"),
    "bad box": _fault("it is no box in its image, so it is left out or mended; correct it"),
    "no boxes": _odd("no annotations name it, and it is left out; an image without objects needs an entry without any"),
    "no joints": _odd("no row names a joint in it that can be seen, and it is left out"),
    "label out of range": _fault("no class of the others, so it is learned as one or left out; correct it"),
    "unknown class": _fault("no training example has it, so it can't be learned; correct the name or add some"),
    "single class": _fault("a network learns nothing from one class; add another"),
    "empty class": _fault("none of its files can be read; add some, or remove it"),
    "copies across parts": _fault("what is tested was learned from, so figures come out too high; keep one of them"),
    "copies with other labels": _fault("at least one of the labels is wrong; correct it"),
    "likely wrong label": _fault("the network is sure of another class; look at it"),
    "tiny class": _odd("too few to learn from, or to judge by"),
    "imbalance": _odd("accuracy alone says little here; report per class"),
    "copies": _odd("it counts twice, and one may be held out while the other is learned from"),
    "blank": _odd("all of it has one value"),
    "disguised": _odd("it is read by its content; other programs may trust its name"),
    "turned": _odd("EXIF turns it; it is read upright, and other programs may not"),
    "CMYK": _odd("it is made RGB, without its colour profile"),
    "palette": _odd("its colours are looked up in its palette"),
    "16 bit": _odd("it is brought to 8 bits by the range of the whole set"),
    "transparent": _odd("transparent parts are placed on white"),
    "animated": _odd("only its first picture is read"),
    "grey": _odd("it is grey among colours"),
    "colour": _odd("it is in colour among grey"),
    "alike": _odd("the planner prefers no action in it, so nothing is learned; let it look further"),
    "size": _odd("it is much larger, smaller or longer than the others, and is scaled and cut"),
    "name": _odd("other systems may spell it in another way"),
    "link": _odd("it is not followed"),
    "hidden": _odd("it is not read"),
    "not used": _odd("it is no part of the data"),
    "encoding": _odd("save the file as UTF-8"),
    "empty line": _odd("it is skipped"),
}
