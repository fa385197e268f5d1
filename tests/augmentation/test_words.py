"""The words of `augment`: what they are, what is refused, and that what is written asks for the same."""

import pytest

from striate.augmentation.words import ALL, AUTO, NONE, OF_SOUNDS, SHORT, WORDS, Wanted, parsed
from striate.errors import InputError
from striate.tasks.augmenting import steps_for
from striate.training.options import Options
from tests.augmentation.recipes import COLOUR, DRAWING


def test_every_word_is_read_with_and_without_a_number() -> None:
    for word, kind in WORDS.items():
        assert parsed(word) == (Wanted(word),)
        if kind.most:
            assert parsed(f"{word}:{kind.most:g}") == (Wanted(word, kind.most),)
    assert parsed("color") == (Wanted("colour"),)
    assert parsed(AUTO) == parsed(NONE) == ()
    assert [one.word for one in parsed("distort")] == [word for word in WORDS if word in SHORT["distort"]]
    assert parsed("photo,crop:2")[1] == Wanted("crop", 2)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rotat", "no augment 'rotat'; did you mean 'rotate'"),
        ("hflip", "no augment 'hflip'; did you mean 'mirror'"),
        ("rotate:ten", "takes a number from 0 to 180. Received: ten"),
        ("rotate:nan", "takes a number from 0 to 180. Received: nan"),
        ("cutout:0", "takes a number from 1 to 1024"),
        ("mirror:3", "'mirror' takes no number"),
        ("photo:3", "'photo' takes no number"),
        ("auto,mirror", "'auto' stands alone"),
        ("none,none:2", "takes no number"),
        ("words,mirror", "'words' stands alone"),
        ("shift,crop", "shift or crop, not both"),
        ("mixup,cutmix:2", "mixup or cutmix, not both"),
        ("", "no augment ''"),
        ("mirror,,crop", "no augment ''"),
    ],
)
def test_what_is_wrong_is_said(written: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        parsed(written)
    assert said in str(error.value)


@pytest.mark.parametrize("word", [word for word in ALL if word not in (AUTO, NONE, "words", *OF_SOUNDS)])
@pytest.mark.parametrize("recipe", [COLOUR, DRAWING], ids=["colour", "drawing"])
def test_what_is_written_asks_for_the_same(word: str, recipe: object) -> None:
    steps = steps_for(parsed(word), recipe)  # type: ignore[arg-type]
    written = ",".join(step.written() for step in steps)
    assert steps_for(parsed(written), recipe) == steps  # type: ignore[arg-type]
    assert all(step.said().startswith("augmentation") and "`augment='none'`" in step.said() for step in steps)


@pytest.mark.parametrize("written", ["Auto", " auto ", "auto,auto", "AUTO"])
def test_a_word_means_the_same_however_it_is_written(written: str) -> None:
    assert Options(augment=written).augment == "auto"
    assert parsed("Mirror, CROP:4,mirror") == parsed("mirror,crop:4")


@pytest.mark.parametrize("written", ["mixup:0", "cutmix:0", "elastic:0"])
def test_a_number_of_nothing_is_refused(written: str) -> None:
    with pytest.raises(InputError, match=r"takes a number from 0\.01"):
        parsed(written)
