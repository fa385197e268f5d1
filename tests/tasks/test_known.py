"""Which tasks there are, and which of them data are for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
import torch

from striate import data
from striate.data.examples import Opened, Schema, Table
from striate.data.kinds import Number
from striate.errors import InputError
from striate.metrics.metric import Metric
from striate.tasks import known
from striate.tasks.classify import Classify
from striate.tasks.task import Task, Wish
from striate.training.fields import Fields


@dataclass(frozen=True)
class Lengths(Task):
    """The length of something, for data at any path that ends in `.len`.

    Attributes:
        unit_of: What it is measured in.
        sides: Of what.
    """

    unit_of: str
    sides: tuple[str, ...] = ()

    word: ClassVar[str] = "lengths"
    reads: ClassVar[str] = "a path that ends in .len"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("mse", up=False, share=False),)

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        if not str(source).endswith(".len"):
            return None
        table = Table({"x": torch.zeros(4, 1), "y": torch.zeros(4)})
        return cls("cm"), Opened("lengths", str(source), Schema({"x": Number()}, {"y": Number()}), table)

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        return {}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        return {}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        return {}


@dataclass(frozen=True)
class Rulers(Lengths):
    """Another that takes the same."""

    word: ClassVar[str] = "rulers"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    for task in (Lengths, Rulers):
        known.remove(task)


def words() -> list[str]:
    return [task.word for task in known.known()]


def test_classification_is_first_and_every_word_is_one_task_s() -> None:
    assert words()[0] == known.FALLBACK == "classify"
    assert len(set(words())) == len(words())
    assert set(known.ALSO) <= set(words())


def test_a_task_of_one_s_own_is_added_once_and_removed() -> None:
    before = words()
    assert known.add(Lengths) is Lengths, "so that it may decorate a class"
    known.add(Lengths)
    assert words() == [*before, "lengths"]
    known.remove(Lengths)
    known.remove(Lengths)
    assert words() == before


def test_the_newest_task_of_a_word_is_the_one_there_is() -> None:
    known.add(Lengths)

    @known.add
    @dataclass(frozen=True)
    class Better(Lengths):
        """A better one of the same word."""

    assert known.named("lengths") is Better
    known.remove(Better)
    assert "lengths" not in words()


@pytest.mark.parametrize(
    ("word", "meant"),
    [("clasify", "classify"), ("classification", "classify"), ("nlp", "text"), ("segmentation", "segment")],
)
def test_a_near_miss_is_told_the_word_that_was_meant(word: str, meant: str) -> None:
    with pytest.raises(InputError, match=rf"^no task '{word}'; did you mean '{meant}'\?; there are classify, "):
        known.named(word)


def test_a_word_like_none_is_told_all() -> None:
    with pytest.raises(InputError, match=rf"^no task 'zzz'; there are {', '.join(words())}$"):
        known.named("zzz")


# which data


def test_a_task_finds_its_data() -> None:
    known.add(Lengths)
    task, opened = known.opened("my.len", Wish())
    assert (task, opened.name) == (Lengths("cm"), "lengths")
    task, opened = known.opened("digits", Wish())
    assert (task.word, opened.name) == ("classify", "digits")


def test_data_made_in_python_are_of_one_class_each() -> None:
    task, _ = known.opened(data.load("digits"), Wish())
    assert task == Classify(tuple("0123456789"))


def test_data_for_several_tasks_are_for_the_one_that_is_named() -> None:
    known.add(Lengths)
    known.add(Rulers)
    with pytest.raises(InputError, match=r"^'my\.len' may be data for lengths or rulers; say which with `task`$"):
        known.opened("my.len", Wish())
    assert known.opened("my.len", Wish(), "rulers")[0] == Rulers("cm")


def test_data_that_are_not_of_the_task_that_is_named_are_refused() -> None:
    known.add(Lengths)
    reads = r"which reads a path that ends in \.len"
    with pytest.raises(InputError, match=rf"^'digits' holds nothing for the task lengths, {reads}$"):
        known.opened("digits", Wish(), "lengths")


def test_data_of_no_task_are_told_by_the_first(tmp_path: Path) -> None:
    known.add(Lengths)
    with pytest.raises(InputError, match=r"no data set 'digit'; .*; did you mean 'digits'"):
        known.opened("digit", Wish())
    with pytest.raises(InputError, match=r"no image in .*: it is empty"):
        known.opened(tmp_path, Wish())


# what a run has saved


def test_a_saved_task_is_read_back() -> None:
    known.add(Lengths)
    task = Lengths("mm", ("left", "right"))
    facts = {**task.facts(), "sides": ["left", "right"], "news": 3}
    assert facts["word"] == "lengths"
    assert known.saved(facts) == task


def test_a_run_without_a_task_s_word_is_of_before_there_were_several() -> None:
    assert known.saved({"name": "pets", "classes": ["cat", "dog"]}) == Classify(("cat", "dog"))


def test_a_task_of_a_run_that_is_not_known_here_is_named() -> None:
    with pytest.raises(InputError, match="no task 'lengths'"):
        known.saved({"word": "lengths", "unit_of": "cm"})


def test_facts_that_are_missing_are_told() -> None:
    known.add(Lengths)
    with pytest.raises(InputError, match=r"the saved run lacks facts of its task lengths: .*'unit_of'"):
        known.saved({"word": "lengths"})
