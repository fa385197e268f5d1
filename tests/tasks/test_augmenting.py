"""How training images are augmented: chosen by what they show and by the network, and said in one line."""

import pytest

from striate.augmentation.chain import Chain
from striate.augmentation.cutout import Cutout
from striate.augmentation.photo import Photo
from striate.augmentation.shift import Shift
from striate.augmentation.warp import Warp
from striate.data.examples import Schema
from striate.data.ink import Ink
from striate.data.kinds import Image, Kind, Label, Labels, Tokens
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation import Network, read
from striate.tasks import augmenting
from striate.tasks.classify import Classify
from striate.tasks.fitting import Fitted

CONV, DENSE = read("input 3x32x32 -> conv 4@3 -> fc 2"), read("input 3x32x32 -> fc 2")


def recipe(shape: tuple[int, ...] = (3, 32, 32), ink: Ink | None = None, pixels: bool = True) -> Recipe:
    channels = (0.5,) * shape[0]
    return Recipe(shape, shape, "as is", channels, channels, channels, ink, pixels)


def augment_for(wanted: str, kind: Recipe | None, network: Network, of: Kind | None = None) -> object:
    schema = Schema({"image": of or Image()}, {"label": Label(2)})
    return augmenting.augment_for(wanted, Fitted(network, kind, (), Classify(("a", "b"))), schema)


DRAWINGS = recipe((1, 28, 28), Ink(20, (14.0, 14.0)))


def test_colour_pictures_are_photographs_and_centred_drawings_are_moved() -> None:
    assert augment_for("auto", recipe(), CONV) == Photo(True, 4, 0.15)
    assert augment_for("auto", recipe((3, 224, 160)), CONV) == Photo(True, 20, 0.15)
    assert augment_for("auto", DRAWINGS, CONV) == Shift(1, (0.0,))


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        (recipe(), DENSE),  # learns each place by itself
        (DRAWINGS, DENSE),
        (recipe((1, 28, 28)), CONV),  # grey, and no drawing: nobody knows
        (recipe(pixels=False), CONV),
        (recipe((3, 100)), CONV),
    ],
)
def test_what_is_not_known_is_left(kind: Recipe, network: object) -> None:
    assert augment_for("auto", kind, network) is None  # type: ignore[arg-type]


def test_what_is_asked_for_is_done_to_any_images_of_two_axes() -> None:
    assert augment_for("photo", DRAWINGS, DENSE) == Photo(True, 3, 0.15)
    assert augment_for("crop", recipe(), DENSE) == Photo(False, 4, 0.0)
    assert augment_for("colour,mirror", recipe(), CONV) == Photo(True, 0, 0.15)
    assert augment_for("shift", recipe((1, 8, 8)), CONV) == Shift(1, (0.0,))
    assert augment_for("none", recipe(), CONV) is None


@pytest.mark.parametrize(("wanted", "shape"), [("shift", (1, 100)), ("photo", (1, 100)), ("crop", (5, 9, 9))])
def test_images_of_another_kind_are_refused(wanted: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=f"`augment='{wanted}'` is for images"):
        augment_for(wanted, recipe(shape), CONV)


def test_what_is_of_other_data_is_refused() -> None:
    with pytest.raises(InputError, match=r"augment 'words' is for sentences; these are images"):
        augment_for("words", recipe((3, 32, 32)), CONV)
    several = Schema({"image": Image()}, {"labels": Labels(2)})
    with pytest.raises(InputError, match=r"augment 'mixup' is for examples of one class each"):
        augmenting.augment_for("mirror,mixup", Fitted(CONV, recipe(), (), Classify(("a", "b"))), several)


def test_what_whole_pixels_can_not_do_takes_all_places_along() -> None:
    assert augment_for("shift:2,rotate:10", DRAWINGS, CONV) == Warp(2.0, 10.0, background=(0.0,))
    assert augment_for("photo,scale", recipe(), CONV) == Chain(
        (Warp(4.0, scale=0.15, mirror="chance"), Photo(False, 0, 0.15))
    )
    assert augment_for("alternate,crop:3", recipe(), CONV) == Warp(3.0, mirror="alternate")
    assert augment_for("shift,cutout:6", DRAWINGS, CONV) == Chain((Shift(1, (0.0,)), Cutout(6, (0.0,))))


def test_it_is_said_with_the_way_out() -> None:
    line = Photo(True, 4, 0.15).said()
    assert line == (
        "augmentation, as for photographs: each training image is mirrored half of the time, moved by up to 4 pixels, "
        "changed in light and colour by up to 15 %; `augment='crop,colour'` leaves out the mirror, "
        "`augment='none'` all of it"
    )
    assert "mirrored" not in Photo(False, 4, 0.0).said().split(";")[0]
    assert Chain((Photo(True, 0, 0.0), Cutout(3, (0.0,)))).said() == (
        "augmentation: each training image is mirrored half of the time; a square of 3x3 pixels of each training image "
        "is emptied; `augment='none'` leaves all of it out"
    )


def test_what_can_t_be_moved_is_left_or_refused() -> None:
    assert augment_for("auto", None, CONV, Tokens(9)) is None
    assert augment_for("none", None, CONV, Tokens(9)) is None
    with pytest.raises(InputError, match=r"`augment='shift'` is for images; these are image"):
        augment_for("shift", recipe(), CONV, Tokens(9))
