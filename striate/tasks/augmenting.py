"""How the training images of a data set are changed in each epoch, chosen by what they show.

>>> said(Shift(1, (0.0,)))
"augmentation: each training image is moved by up to a pixel; `augment='none'` leaves it"
"""

from __future__ import annotations

from striate.data.examples import Schema
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation.tree import Conv
from striate.tasks.fitting import Fitted
from striate.training import photo
from striate.training.augment import Augment, Shift, shift_for
from striate.training.cut import Cut
from striate.training.options import PHOTO, augmentations
from striate.training.photo import Photo


def augment_for(wanted: str, fitted: Fitted, schema: Schema) -> Shift | Photo | None:
    """What happens to the training examples; None leaves them.

    Args:
        wanted: As `Options.augment`. `auto` moves centred drawings and treats colour pictures as photographs, both
            only where the network begins with a convolution, which does not learn each position separately.
        fitted: The network, and how images become its input.
        schema: What the fields of an example are.

    Raises:
        InputError: The images are not of the kind that was asked for.
    """
    words, recipe = augmentations(wanted), fitted.recipe
    if not any(kind.moves for kind in schema.inputs.values()) or recipe is None:
        if words in (("auto",), ("none",)):
            return None
        raise InputError(f"`augment='{wanted}'` is for images; these are {', '.join(schema.inputs)}")
    if words == ("auto",):
        convolves = isinstance(next(iter(fitted.network.layers), None), Conv)
        colours = recipe.pixels and len(recipe.shape) == 3 and recipe.source[0] == 3
        words = ("shift",) if convolves and recipe.ink else PHOTO if convolves and colours else ()
    if words in ((), ("none",)):
        return None
    if len(recipe.shape) != 3:
        raise InputError(f"`augment='{wanted}'` is for images of two axes; these have {len(recipe.shape) - 1}")
    if words == ("shift",):
        most = max(shift_for(*recipe.shape[1:]), int(wanted == "shift"))
        return Shift(most, _background(recipe)) if most else None
    if recipe.shape[0] not in (1, 3):
        raise InputError(
            f"`augment='{wanted}'` is for images that are grey or RGB; these have {recipe.shape[0]} channels"
        )
    crop = min(recipe.shape[1:]) // photo.SHARE if "crop" in words else 0
    return Photo("mirror" in words, crop, photo.COLOUR if "colour" in words else 0.0)


def written(augment: Augment | None) -> str:
    """The option that asks for exactly this, however `auto` may change.

    >>> written(None), written(Photo(mirror=True, crop=4, colour=0.0))
    ('none', 'mirror,crop')
    """
    if isinstance(augment, Cut):
        chosen = {"mirror": augment.mirror, "turn": augment.turn, "colour": bool(augment.colour)}
        return ",".join(word for word, taken in chosen.items() if taken) or "none"
    if isinstance(augment, Photo):
        return ",".join(word for word in PHOTO if getattr(augment, word)) or "none"
    return "shift" if augment else "none"


def said(augment: Augment) -> str:
    """One line for the user."""
    if isinstance(augment, Shift):
        return (
            f"augmentation: each training image is moved by up to {_pixels(augment.most)}; `augment='none'` leaves it"
        )
    if isinstance(augment, Cut):
        return _said_of_pieces(augment)
    assert isinstance(augment, Photo)
    steps = ["mirrored half of the time"] * augment.mirror
    steps += [f"moved by up to {_pixels(augment.crop)}"] * bool(augment.crop)
    steps += [f"changed in light and colour by up to {augment.colour:.0%}".replace("%", " %")] * bool(augment.colour)
    way_out = "`augment='crop,colour'` leaves out the mirror, `augment='none'` all of it"
    return f"augmentation, as for photographs: each training image is {', '.join(steps)}; {way_out}"


def _said_of_pieces(augment: Cut) -> str:
    height, width = augment.size
    many = f"{augment.times} pieces" if augment.times > 1 else "a piece"
    steps = ["mirrored"] * augment.mirror + ["turned by quarters"] * augment.turn
    steps += [f"changed in light and colour by up to {augment.colour:.0%}".replace("%", " %")] * bool(augment.colour)
    how = f", {' and '.join(steps)} at random; `augment='none'` leaves them as they are" if steps else ""
    return f"augmentation: {many} of {height}x{width} of each training image, cut out anywhere in every epoch{how}"


def _pixels(count: int) -> str:
    return "a pixel" if count == 1 else f"{count} pixels"


def _background(recipe: Recipe) -> tuple[float, ...]:
    """The values of an empty border, as the network reads it."""
    return tuple((b - m) / s for b, m, s in zip(recipe.background, recipe.mean, recipe.std, strict=True))
