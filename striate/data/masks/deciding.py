"""What the values of a whole set of masks mean. One file does not tell: 255 is white, a class, or to be ignored.

>>> facts = [MaskFacts("grey", (2, 2), False, [(0, 3, -1), (255, 1, -1)], 0.1, False)]
>>> decided(facts, None)
(Coding(how='shade', values=(0, 255), classes=('background', 'foreground'), colours=(), ignored=()), ['masks are \
black and white: black is background, white is foreground'])
"""

from collections.abc import Sequence

from striate.errors import InputError

from .coding import IGNORED, MOST_CLASSES, Coding, How, colour_of, joined, said, split
from .names import Colour, Named
from .values import GREY_LEVELS, MaskFacts

MOST_COLOURS = 64  # distinct colours of a set that no file names
NEAR = 32  # how far from black and white the values of a blurred mask mostly are,
MOSTLY = 0.95  # and what share of its pixels
MOST_INDICES = 20  # beyond, consecutive numbers in each mask count objects (VOC has 20 classes)
WAY_OUT = "list the classes in classes.txt, or with their colours in class_dict.csv (name,r,g,b)"

Decided = tuple[Coding, list[str]]


def decided(facts: Sequence[MaskFacts], named: Named | None, objects: bool = False) -> Decided:
    """The coding of the masks, and what to say about it, a sentence each.

    Args:
        facts: of every mask that is no photograph; at least one.
        named: the classes, where a file names them.
        objects: whether numbers that no file names are of objects.

    Raises:
        InputError: the values are no classes, or of no object.
    """
    if any(fact.kind == "colour" for fact in facts) or _palettes_differ(facts) or _named_by_colour(facts, named):
        return _by_colour(facts, named)
    values = {value for fact in facts if fact.kind != "bit" for value, _, _ in fact.values}
    bits = any(fact.kind == "bit" for fact in facts)
    if bits and values <= {0, 255}:
        values |= {0, 255}
    elif bits:
        values |= {0, 1}
    if named:
        return _named_numbers(values, named, facts)
    if objects and not any(values):
        raise InputError("no mask has an object; give each object a number from 1 on, and 0 to the rest")
    return _objects() if objects and _number(values, facts) else _numbers(values, facts)


def _palettes_differ(facts: Sequence[MaskFacts]) -> bool:
    """Whether one number has different colours in different files: then the colours are the classes."""
    seen: dict[int, int] = {}
    for fact in facts:
        for value, _, colour in fact.values if fact.kind == "palette" else ():
            if seen.setdefault(value, colour) != colour:
                return True
    return False


def _named_by_colour(facts: Sequence[MaskFacts], named: Named | None) -> bool:
    """Whether most colours of the masks are those that the classes are said to have: then they are not numbers."""
    if named is None or not named.coloured:
        return False
    known = {joined(colour) for _, colour in named.entries if colour}
    found = {colour_of(fact, value, colour) for fact in facts for value, _, colour in fact.values}
    return 2 * len(found & known) > len(found)


def _by_colour(facts: Sequence[MaskFacts], named: Named | None) -> Decided:
    if any(fact.lossy and fact.kind == "colour" for fact in facts):
        raise InputError("the masks are colours saved as JPEG, which smears them; save the masks as PNG")
    if named and named.coloured:
        entries = [(name, colour) for name, colour in named.entries if colour]
        classes = tuple(entry for entry in entries if entry[0] not in named.void)
        ignored = tuple(joined(colour) for name, colour in entries if name in named.void)
        notes = [f"masks are colours, named by {named.source}", *_void_said(named)]
        values = tuple(joined(colour) for _, colour in classes)
        return _checked("colour", values, [n for n, _ in classes], tuple(c for _, c in classes), ignored), notes
    found = sorted({colour_of(fact, value, colour) for fact in facts for value, _, colour in fact.values})
    if len(found) > MOST_COLOURS:
        raise InputError(f"the masks have {len(found):,} colours, too many for classes; {WAY_OUT}")
    names = named.names if named else tuple(said(colour) for colour in found)
    if len(names) != len(found):
        assert named
        many = f"'{named.source}' names {len(names)} classes and the masks have {len(found)} colours"
        raise InputError(f"{many}; write each class with its colour, as name,r,g,b")
    note = f"masks are colours, each a class: {', '.join(names)}"
    return _checked("colour", found, names, tuple(split(colour) for colour in found)), [note]


def _named_numbers(values: set[int], named: Named, facts: Sequence[MaskFacts]) -> Decided:
    """Numbers or shades whose classes are named in order."""
    names, positions = list(named.names), range(len(named.names))
    notes = [f"classes are named by {named.source}", *_void_said(named)]
    if len(names) == 2 and values - {0, 1} and (values <= {0, 255} or _blurred(values, facts)):
        how: How = "shade" if values <= {0, 255} else "halves"
        notes.append(f"black is {names[0]}, white is {names[1]}")
        return Coding(how, (0, 255), tuple(names), _colours(named)), notes
    if len(names) == len(values) and _spaced(values) and len(values) > 2:
        return _checked("shade", sorted(values), names, _colours(named)), [*notes, "each shade of grey is a class"]
    if max(values - {IGNORED}, default=0) == len(names) and 0 in values:
        names, positions = ["background", *names], range(len(names) + 1)
        notes.append("0 is background, which the file does not name")
    skipped = {value for value, name in zip(positions, names, strict=True) if name in named.void}
    kept = [value for value in positions if value not in skipped]
    ignored = sorted(skipped | ({IGNORED} & values - set(positions)))
    notes += [f"{IGNORED} is ignored"] if IGNORED in ignored else []
    colours = _colours(named) or _palette(facts, kept)
    colours = tuple(colours[value] for value in kept) if len(colours) == len(positions) else colours
    colours = colours if len(colours) == len(kept) else ()
    return _checked("number", kept, [names[value] for value in kept], colours, tuple(ignored)), notes


def _numbers(values: set[int], facts: Sequence[MaskFacts]) -> Decided:
    """Numbers or shades that no file names."""
    if values <= {0, 255} and 255 in values:
        note = "masks are black and white: black is background, white is foreground"
        return Coding("shade", (0, 255), ("background", "foreground")), [note]
    if _blurred(values, facts):
        note = "masks are black and white with shades between them: dark is background, light is foreground"
        return Coding("halves", (0, 255), ("background", "foreground")), [note]
    if _spaced(values):
        note = f"masks have {len(values)} shades of grey, each a class: {', '.join(map(str, sorted(values)))}"
        return _checked("shade", sorted(values), _plain_names(sorted(values))), [note]
    if _count_objects(values, facts):
        return _objects()
    ignored = (IGNORED,) if IGNORED in values else ()
    kept = sorted(values - {IGNORED})
    names = _plain_names(kept)
    notes = [f"no file names the classes: they are called {', '.join(names[:10])}{' …' * (len(names) > 10)}"]
    notes += [f"{IGNORED} is ignored"] if ignored else []
    return _checked("number", kept, names, _palette(facts, kept), ignored), notes


def _number(values: set[int], facts: Sequence[MaskFacts]) -> bool:
    """Whether values can number objects: they are not black and white, nor a few shades from black to white."""
    few = len(values) <= MOST_INDICES and _spaced(values)
    return max(values) > 0 and not values <= {0, 1} and not few and not any(fact.lossy for fact in facts)


def _objects() -> Decided:
    note = "masks number their objects (instance segmentation), which are all read as one class, 'object'"
    return Coding("objects", (0, 1), ("background", "object")), [note]


def _checked(
    how: How,
    values: Sequence[int],
    names: Sequence[str],
    colours: tuple[Colour, ...] = (),
    ignored: tuple[int, ...] = (),
) -> Coding:
    """A coding of at least two classes, and of no more than a mask in memory can hold."""
    if len(values) < 2:
        only = f"only the value {values[0]}" if values else "no value that counts"
        raise InputError(f"the masks hold {only}, so there is nothing to tell apart; {WAY_OUT}")
    if len(values) > MOST_CLASSES:
        raise InputError(f"the masks have {len(values):,} values; at most {MOST_CLASSES} classes can be told apart")
    return Coding(how, tuple(values), tuple(names), colours, ignored)


def _void_said(named: Named) -> list[str]:
    return [f"pixels of {', '.join(named.void)} are ignored"] if named.void else []


def _colours(named: Named) -> tuple[Colour, ...]:
    """The classes' colours, if the file gives them."""
    return tuple(colour for _, colour in named.entries if colour) if named.coloured else ()


def _palette(facts: Sequence[MaskFacts], values: Sequence[int]) -> tuple[Colour, ...]:
    """The colours that the masks' palettes give the values; () if they give none, or shades."""
    seen = {value: colour for fact in facts if fact.kind == "palette" for value, _, colour in fact.values}
    if any(seen.get(value, -1) < 0 for value in values) or all(seen[v] == v * GREY_LEVELS for v in values):
        return ()
    return tuple(split(seen[value]) for value in values)


def _plain_names(values: Sequence[int]) -> list[str]:
    """Names for classes that have none: their values, and "background" for 0."""
    return [str(value) if value else "background" for value in values]


def _spaced(values: set[int]) -> bool:
    """Whether the values are shades at even steps from black to white: 0, 128, 255."""
    last = len(values) - 1
    return last > 0 and all(abs(value - 255 * row / last) <= 1 for row, value in enumerate(sorted(values)))


def _blurred(values: set[int], facts: Sequence[MaskFacts]) -> bool:
    """Whether masks of black and white were saved as JPEG, or enlarged: shades between, and most pixels near an end."""
    if sum(200 <= value < 255 for value in values) < 4 or max(values) > 255:
        return False
    pixels = [(value, count) for fact in facts for value, count, _ in fact.values]
    near = sum(count for value, count in pixels if value <= NEAR or value >= 255 - NEAR)
    return near >= MOSTLY * sum(count for _, count in pixels)


def _count_objects(values: set[int], facts: Sequence[MaskFacts]) -> bool:
    """Whether each mask numbers its own objects from 1 on."""
    if max(values) <= MOST_INDICES:
        return False
    each = [[value for value, _, _ in fact.values if value] for fact in facts]
    lasts = [max(found, default=0) for found in each]
    consecutive = sum(found == list(range(1, last + 1)) for found, last in zip(each, lasts, strict=True))
    return consecutive >= 0.8 * len(facts) and (len(set(lasts)) > 1 or len(facts) == 1)
