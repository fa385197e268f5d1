"""How many images each class has, in one line; and which classes have too few to be judged.

>>> counted(("cat", "dog"), [20, 10])
'classes: cat 20, dog 10'
"""

from collections.abc import Mapping, Sequence

from torch import Tensor

from .amounts import single, so_many

MOST_NAMED = 10  # classes named in one line


def counted(classes: Sequence[str], counts: Sequence[int], what: str = "classes") -> str:
    """One line: the classes with their numbers of images; for many classes the smallest, the largest and some names.

    >>> counted([f"n{i}" for i in range(200)], [50] * 199 + [3])
    'classes: 200, from n199 (3 images) to n0 (50): n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, … n199'
    """
    if len(classes) <= MOST_NAMED:
        return f"{what}: " + ", ".join(f"{name} {count:,}" for name, count in zip(classes, counts, strict=True))
    low, high = min(counts), max(counts)
    least, most = classes[counts.index(low)], classes[counts.index(high)]
    span = f"from {least} ({so_many(low, 'images')}) to {most} ({high:,})"
    return f"{what}: {len(classes)}, {span}: {', '.join(classes[:MOST_NAMED])}, … {classes[-1]}"


def too_few(
    classes: Sequence[str], parts: Mapping[str, Tensor], what: str = "classes", unit: str = "images"
) -> list[str]:
    """One line per kind of class that can't be judged: with one image in all, or with none in a part.

    Args:
        classes: the names of all classes.
        parts: the labels (N,) of each part, by its name; of images with several, all of them one after another.
        what: what the classes are called.
        unit: what the images are called.

    >>> import torch
    >>> too_few(("cat", "eel"), {"training": torch.tensor([0, 0, 1]), "test": torch.tensor([0])})
    ['classes of a single image: eel', 'classes without an image in the test set: eel']
    """
    one = single(unit)
    a = "an" if one[0] in "aeiou" else "a"
    counts = {part: labels.bincount(minlength=len(classes)).tolist() for part, labels in parts.items()}
    total = [sum(count) for count in zip(*counts.values(), strict=True)]
    found = {f"{what} of a single {one}": [name for name, count in zip(classes, total, strict=True) if count == 1]}
    for part, count in counts.items():
        found[f"{what} without {a} {one} in the {part} set"] = [classes[row] for row, n in enumerate(count) if not n]
    return [f"{what}: {_listed(names)}" for what, names in found.items() if names]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
