"""A chain passes on all that its steps do, and says what would ask for it again."""

import inspect

import torch

from striate.augmentation.chain import Chain, Chained
from striate.augmentation.cut import Cut
from striate.augmentation.cutout import Cutout
from striate.augmentation.mixing import Smoothing
from striate.augmentation.word_dropout import WordDropout
from striate.augmentation.words import parsed
from striate.data.kinds import Moved


def test_no_kind_of_change_is_lost_in_a_chain() -> None:
    kinds = {name for name, _ in inspect.getmembers(Moved, inspect.isfunction) if not name.startswith("_")}
    assert kinds == {name for name in vars(Chained) if name in kinds}


def test_words_are_left_out_where_classes_are_softened_too() -> None:
    numbers, rows = torch.arange(400).reshape(4, 100) + 5, torch.arange(4)
    alone, both = (
        augment.drawn(4, torch.Generator().manual_seed(0)).tokens(numbers, rows)
        for augment in (WordDropout(0.1, 100), Chain((WordDropout(0.1, 100), Smoothing(0.1))))
    )
    for left in (alone, both):
        assert 0.02 < (left != numbers).float().mean() < 0.25


def test_what_is_written_can_be_asked_for() -> None:
    assert Chain((Cut((4, 4)), Cutout(2, (0.0,)))).written() == "cutout:2"
    assert Chain((Cut((4, 4)), Cut((4, 4)))).written() == "none"
    assert parsed(Chain((Cut((4, 4), mirror=True), Cutout(2, (0.0,)))).written())
