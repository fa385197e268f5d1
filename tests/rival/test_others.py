"""The rivals for words, series and sentences: warping against its definition, and what they do on small sets."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.data.sentences import Sentences
from striate.errors import InputError
from striate.rival.bags import counter, learned, parted
from striate.rival.cepstra import described
from striate.rival.others import OTHERS, against
from striate.rival.warping import apart, chosen, nearest
from striate.tasks.saying import silent
from striate.tasks.task import Wish
from striate.tasks.text import Text, sentences_at
from tests import sounding

Series = NDArray[np.floating]


def by_definition(a: Series, b: Series, window: int) -> float:
    """Entry by entry."""
    window = max(window, abs(a.shape[1] - b.shape[1]))
    best = np.full((a.shape[1] + 1, b.shape[1] + 1), np.inf)
    best[0, 0] = 0
    for i in range(a.shape[1]):
        for j in range(max(0, i - window), min(b.shape[1], i + window + 1)):
            cost = np.square(a[:, i] - b[:, j]).sum()
            best[i + 1, j + 1] = cost + min(best[i, j], best[i, j + 1], best[i + 1, j])
    return float(best[-1, -1])


@pytest.mark.parametrize("window", [0, 1, 3, 20])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lengths", [(9, 9), (2, 2)])
def test_warping_is_its_definition(window: int, channels: int, lengths: tuple[int, int]) -> None:
    chance = np.random.default_rng(window)
    ones, others = ([chance.standard_normal((channels, lengths[0])) for _ in range(count)] for count in (3, 4))
    wanted = [[by_definition(a, b, window) for b in others] for a in ones]
    np.testing.assert_allclose(apart(ones, others, window), wanted, rtol=1e-4)


@pytest.mark.parametrize("window", [0, 1, 2, 5])
def test_series_of_unequal_lengths_are_compared(window: int) -> None:
    chance = np.random.default_rng(0)
    ones, others = ([chance.standard_normal((1, n)) for n in lengths] for lengths in ((4, 7), (5, 9, 6)))
    wanted = [[by_definition(a, b, window) for b in others] for a in ones]
    np.testing.assert_allclose(apart(ones, others, window), wanted, rtol=1e-4)


def test_few_pairs_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [np.random.default_rng(n).standard_normal((1, 8)) for n in range(6)]
    whole = apart(some, some, 2)
    monkeypatch.setattr("striate.rival.warping.ENTRIES", 1)
    np.testing.assert_array_equal(apart(some, some, 2), whole)


def test_long_series_are_compared_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each diagonal has an entry for every moment, however narrow the window is."""
    counts = list[int]()

    def counted(a: Series, *rest: Any) -> Series:
        counts.append(len(a))
        return np.zeros((len(a), 5), np.float32)

    monkeypatch.setattr("striate.rival.warping.ENTRIES", 1000)
    monkeypatch.setattr("striate.rival.warping._by_diagonals", counted)
    assert apart([np.zeros((1, 99))] * 6, [np.zeros((1, 99))] * 5, 0).shape == (6, 5)
    assert counts == [2, 2, 2]


def test_bumps_that_come_late_are_near_with_a_window() -> None:
    train, test = sounding.bumps(20, 0), sounding.bumps(10, 1)
    labels, right = (np.array([label == "up" for label in part[1]]).astype(np.int64) for part in (train, test))
    window, share = chosen(train[0], labels, 0)
    assert share > 0.9
    assert (nearest(train[0], labels, test[0], window) == right).mean() > 0.9


def against_made(name: str, data: Path, **how: Any) -> Any:
    return against(name, str(data), how.get("classifier", "rbf"), 0, 0.2, "skip", silent)


def test_dtw_is_judged_on_the_series_of_the_test(tmp_path: Path) -> None:
    for part, count in (("TRAIN", 20), ("TEST", 10)):
        sounding.ts(tmp_path / f"Bumps_{part}.ts", *sounding.bumps(count, count))
    result = against_made("dtw", tmp_path)
    assert (result.examples, result.trained_on, result.features) == (10, 20, "dtw")
    assert result.accuracy > 0.8
    assert any("did best" in note for note in result.notes)


def test_mfcc_is_judged_on_the_words_of_the_test(tmp_path: Path) -> None:
    sounding.words(tmp_path, 24, 10)
    result = against_made("mfcc", tmp_path, classifier="linear")
    assert (result.examples, result.dimensions, result.features) == (10, 208, "mfcc")
    assert result.accuracy == 1
    assert any("all 20 training sounds" in note for note in result.notes), result.notes
    assert not any("image" in note for note in result.notes)


@pytest.mark.parametrize(("name", "task"), [("dtw", "series"), ("mfcc", "speech"), ("bow", "text")])
def test_a_place_without_data_of_its_task_is_refused(name: str, task: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        against_made(name, tmp_path / "none")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=f"holds nothing for the task {task}"):
        against_made(name, tmp_path / "none")


def sentences(path: Path, count: int = 40) -> Path:
    kinds = (("good", "fine"), ("bad", "dull"))
    made = ((*kinds[number % 2], number) for number in range(count))
    lines = (f"{kind}\ta film that is {word} and has {number} parts\n" for kind, word, number in made)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_a_bag_of_words_is_judged_on_the_sentences_of_the_test(tmp_path: Path) -> None:
    result = against_made("bow", sentences(tmp_path / "films.tsv"))
    assert (result.examples, result.trained_on + result.examples, result.features) == (6, 34, "bow")
    assert result.accuracy == result.validation_accuracy == 1
    assert any("words and pairs of neighbours of 28 training sentences" in note for note in result.notes), result.notes


def test_it_learns_from_the_sentences_that_a_network_learns_from(tmp_path: Path) -> None:
    path = sentences(tmp_path / "films.tsv")
    found = sentences_at(str(path), "skip")
    opened = Text.open(str(path), Wish(bad="skip", named=True))
    assert found
    assert opened
    for mine, its in zip(parted(found.with_test(), 0.2, 3), opened[1].split(0.2, 3), strict=True):
        assert list(mine.names) == [its.name(row) for row in range(len(its))]


def test_words_count_by_definition() -> None:
    """Tf-idf as scikit-learn's page has it: (1 + ln tf) (1 + ln((1 + n) / (1 + df))), then of length 1."""
    train = Sentences(("so so good", "so dull", "Đẹp quá!"), (1, 0, 1), ("1", "2", "3"))
    made = counter(train)
    row = dict(zip(made.get_feature_names_out(), made.transform(["so so good"]).toarray()[0], strict=True))
    rare, usual = 1 + math.log(4 / 2), 1 + math.log(4 / 3)
    wanted = {"so": (1 + math.log(2)) * usual, "good": rare, "so so": rare, "so good": rare}
    length = math.sqrt(sum(value**2 for value in wanted.values()))
    assert {term: value for term, value in row.items() if value} == pytest.approx(
        {term: value / length for term, value in wanted.items()}
    )
    assert {"đẹp", "quá", "đẹp quá", "!"} <= row.keys()


def test_what_a_bag_of_words_can_not_learn_from() -> None:
    with pytest.raises(InputError, match="no training sentence holds a word"):
        counter(Sentences((" ", ""), (0, 1), ("1", "2")))
    with pytest.raises(InputError, match="a classifier needs sentences of two classes or more"):
        learned(np.eye(2), np.zeros(2, np.int64), np.eye(2), np.zeros(2, np.int64))


def test_cepstra_of_silence_are_numbers() -> None:
    assert not described(np.zeros((2, 3, 40, 24), np.float32)).any()
    assert OTHERS.get("raw") is None
