"""What may vary, as it is written and as Python gives it."""

from typing import Any

import pytest

from striate.errors import InputError
from striate.searching.asked import Asked
from striate.searching.ranges import Choice, Range, given, read
from striate.training.options import Options


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("lr=1e-4..1e-1", Range("lr", 1e-4, 1e-1, True, False)),
        ("lr=1e-4..1e-1 linear", Range("lr", 1e-4, 1e-1, False, False)),
        ("lr=0.01..0.05", Range("lr", 0.01, 0.05, False, False)),
        ("width=8..64", Range("width", 8, 64, False, True)),
        ("width = 8..64 log", Range("width", 8, 64, True, True)),
        ("l2=0..0.1", Range("l2", 0, 0.1, False, False)),
        ("batch=32,64, 128", Choice("batch", (32, 64, 128))),
        ("max-norm=0,3", Choice("max_norm", (0, 3))),
        ("optimizer=adamw,momentum", Choice("optimizer", ("adamw", "momentum"))),
        ("epochs=3", Choice("epochs", (3,))),
    ],
)
def test_words(written: str, meant: Any) -> None:
    assert read(written) == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("lr", "a range is name=low..high"),
        ("=1..2", "a range is name=low..high"),
        ("lr=", "a range is name=low..high"),
        ("lr=a..b", "a range is name=low..high"),
        ("lr=0.1..0.01", "from the least to the greatest"),
        ("lr=0..1 log", "begin above 0"),
    ],
)
def test_wrong_words(written: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(written)


def test_python_gives_pairs_lists_and_words() -> None:
    over = {"lr": (1e-4, 1e-1), "batch": [32, 64], "width": "8..64 log"}
    assert given(over) == given(["lr=1e-4..1e-1", "batch=32,64", "width=8..64 log"])
    for wrong in ({"lr": 3}, {"lr": []}, {"lr": (1, None)}, {}, []):
        with pytest.raises(InputError):
            given(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="lr is named twice"):
        given(["lr=1,2", "lr=3,4"])


def asked(*over: str, **words: Any) -> Asked:
    return Asked("input 1x8x8 -> fc width -> relu -> fc 10", "digits", given(over), **words)


def test_every_value_is_checked_before_anything_is_trained() -> None:
    asked("lr=1e-4..1e-1", "width=4,8").check()
    for over, message in (
        (("width=4,8", "optimizer=adamw,adamm"), "no optimizer 'adamm'; did you mean 'adam'"),
        (("width=4,8", "batch=-1..4"), "batch must be"),
        (("width=4,8", "height=1,2"), "height"),
        (("width=4,8", "learning-rate=1,2"), r"no letter 'learning_rate'.*; did you mean 'lr'\?"),
        (("width=few,many",), "a letter takes numbers"),
    ):
        with pytest.raises(InputError, match=message):
            asked(*over).check()


def test_what_is_asked_is_kept_and_names_the_folder() -> None:
    one = asked("lr=1e-4..1e-1", "width=4,8", options=Options(epochs=3), how={"size": (8, 8)})
    again = Asked.from_json(one.to_json())
    assert again == one
    assert again.folder() == one.folder()
    assert one.folder() != asked("lr=1e-4..1e-1", "width=4,8", options=Options(epochs=4)).folder()


@pytest.mark.parametrize(("written", "whole"), [("taught=0..1", False), ("lr=1..10", False), ("epochs=2..9", True)])
def test_an_option_tells_whether_its_numbers_are_whole(written: str, whole: bool) -> None:
    found = read(written)
    assert isinstance(found, Range)
    assert found.whole is whole
