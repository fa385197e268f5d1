"""How the training images of a data set are changed in each epoch, chosen by what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from striate.augmentation import photo
from striate.augmentation.augment import Augment
from striate.augmentation.chain import chained
from striate.augmentation.cutout import Cutout
from striate.augmentation.elastic import Elastic
from striate.augmentation.mixing import Cutmix, Mixup
from striate.augmentation.photo import Photo
from striate.augmentation.policy import Policy
from striate.augmentation.rough import Blur, Noise
from striate.augmentation.shift import Shift, shift_for
from striate.augmentation.turned import Turn
from striate.augmentation.warp import Warp
from striate.augmentation.words import AUTO, OF_SOUNDS, SHORT, Wanted, parsed
from striate.data.examples import Schema
from striate.data.kinds import Label
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation.tree import Conv
from striate.tasks.fitting import Fitted

BENT = ("rotate", "scale", "shear")  # what whole pixels can't do
LIGHT = ("colour", "trivial", "randaugment")  # what needs pixels, grey or RGB
POLICIES = ("trivial", "randaugment")
MIXED = ("mixup", "cutmix")
HALF, TENTH = 2, 10  # shares of the shorter side: an emptied square, the largest bend


def augment_for(wanted: str, fitted: Fitted, schema: Schema) -> Augment | None:
    """What happens to the training examples; None leaves them.

    Args:
        wanted: As `Options.augment`. `auto` moves centred drawings and treats colour pictures as photographs, both
            only where the network begins with a convolution, which does not learn each position separately.
        fitted: The network, and how images become its input.
        schema: What the fields of an example are.

    Raises:
        InputError: The images are not of the kind that was asked for.
    """
    changes, recipe = parsed(wanted), fitted.recipe
    if not any(kind.moves for kind in schema.inputs.values()) or recipe is None:
        if not changes:
            return None
        raise InputError(f"`augment='{wanted}'` is for images; these are {', '.join(schema.inputs)}")
    if wanted == AUTO:
        changes = _usual(fitted, recipe)
    if not changes:
        return None
    _check(wanted, changes, recipe, schema)
    return chained(*steps_for(changes, recipe))


def _usual(fitted: Fitted, recipe: Recipe) -> tuple[Wanted, ...]:
    """What suits the images."""
    convolves = isinstance(next(iter(fitted.network.layers), None), Conv)
    colours = recipe.pixels and len(recipe.shape) == 3 and recipe.source[0] == 3
    if convolves and recipe.ink:
        most = shift_for(*recipe.shape[1:])
        return (Wanted("shift", most),) if most else ()
    return tuple(map(Wanted, SHORT["photo"])) if convolves and colours else ()


def _check(wanted: str, changes: tuple[Wanted, ...], recipe: Recipe, schema: Schema) -> None:
    words = {one.word for one in changes}
    if len(recipe.shape) != 3:
        raise InputError(f"`augment='{wanted}'` is for images of two axes; these have {len(recipe.shape) - 1}")
    if "words" in words:
        raise InputError("augment 'words' is for sentences; these are images")
    if of_sounds := words & {*OF_SOUNDS}:
        raise InputError(f"augment '{min(of_sounds)}' is for sounds; these are images")
    if words & {*LIGHT, "crop"} and recipe.shape[0] not in (1, 3):
        raise InputError(
            f"`augment='{wanted}'` is for images that are grey or RGB; these have {recipe.shape[0]} channels"
        )
    if (policies := words & set(POLICIES)) and not recipe.pixels:
        raise InputError(f"augment '{min(policies)}' is for pixels; these are other numbers")
    if policies and any(kind.moves for kind in schema.targets.values()):
        raise InputError(f"augment '{min(policies)}' is for examples whose targets do not move with the image")
    if (mixes := words & set(MIXED)) and not any(isinstance(kind, Label) for kind in schema.targets.values()):
        raise InputError(f"augment '{min(mixes)}' is for examples of one class each")


def steps_for(changes: Sequence[Wanted], recipe: Recipe, around: tuple[float, ...] | None = None) -> list[Augment]:
    """The changes that words ask for: places first, then light, then what is emptied and mixed.

    Args:
        changes: The words.
        recipe: How images become the network's input.
        around: What comes from beyond an edge, as the network reads it, a value for each channel; by default
            photographs are mirrored there, which shows objects of which the targets say nothing.
    """
    amount = {one.word: one.amount for one in changes}
    return [*_placed(amount, recipe, around), *_seen(amount, recipe)]


def _placed(amount: Mapping[str, float | None], recipe: Recipe, around: tuple[float, ...] | None) -> Iterator[Augment]:
    height, width = recipe.shape[1:]
    background = around or background_of(recipe)
    if "turn" in amount:
        yield Turn(height == width)
    shift = round(amount.get("shift") or max(1, shift_for(height, width))) if "shift" in amount else 0
    crop = round(amount.get("crop") or max(1, min(height, width) // photo.SHARE)) if "crop" in amount else 0
    colour = amount.get("colour") or 0.0
    drawings = "shift" in amount or recipe.ink is not None or around is not None
    warped = {word: amount[word] or 0.0 for word in BENT if word in amount}
    if warped or "alternate" in amount or (shift and "mirror" in amount) or (crop and around):
        mirror = "alternate" if "alternate" in amount else "chance" if "mirror" in amount else "never"
        yield Warp(float(shift or crop), **warped, mirror=mirror, background=background if drawings else None)
        shift = crop = 0
        amount = {word: number for word, number in amount.items() if word != "mirror"}
    if shift:
        yield Shift(shift, background)
    if "mirror" in amount or crop or colour:
        yield Photo("mirror" in amount, min(crop, height - 1, width - 1), colour)
    if "elastic" in amount:
        yield Elastic(amount["elastic"] or min(height, width) / TENTH, background if drawings else None)


def _seen(amount: Mapping[str, float | None], recipe: Recipe) -> Iterator[Augment]:
    background = background_of(recipe) if recipe.ink else (0.0,) * recipe.shape[0]  # of photographs the mean
    if "trivial" in amount:
        yield Policy("trivial", 1, None, recipe.mean, recipe.std)
    if "randaugment" in amount:
        yield Policy("randaugment", 2, amount["randaugment"], recipe.mean, recipe.std)
    if "noise" in amount:
        yield Noise(amount["noise"] or 0.0)
    if "blur" in amount:
        yield Blur(amount["blur"] or 0.0)
    if "cutout" in amount:
        yield Cutout(round(amount["cutout"] or min(recipe.shape[1:]) / HALF), background)
    if "mixup" in amount:
        yield Mixup(amount["mixup"] or 1.0)
    if "cutmix" in amount:
        yield Cutmix(amount["cutmix"] or 1.0)


def background_of(recipe: Recipe) -> tuple[float, ...]:
    """The values of an empty border, as the network reads it."""
    return tuple((b - m) / s for b, m, s in zip(recipe.background, recipe.mean, recipe.std, strict=True))
