"""How the training images of a data set are changed in each epoch, chosen by what they show."""

from __future__ import annotations

from striate.data.examples import Schema
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation.tree import Conv
from striate.tasks.fitting import Fitted
from striate.training import photo
from striate.training.augment import Shift, shift_for
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
    if others := [word for word in words if word not in PHOTO]:
        raise InputError(f"augment '{others[0]}' is not for images of one class; there are shift, {', '.join(PHOTO)}")
    if recipe.shape[0] not in (1, 3):
        raise InputError(
            f"`augment='{wanted}'` is for images that are grey or RGB; these have {recipe.shape[0]} channels"
        )
    crop = min(recipe.shape[1:]) // photo.SHARE if "crop" in words else 0
    return Photo("mirror" in words, crop, photo.COLOUR if "colour" in words else 0.0)


def _background(recipe: Recipe) -> tuple[float, ...]:
    """The values of an empty border, as the network reads it."""
    return tuple((b - m) / s for b, m, s in zip(recipe.background, recipe.mean, recipe.std, strict=True))
