"""BLEU and CIDEr-D against values of the common scripts, worked out by hand."""

from __future__ import annotations

import math

import pytest

from striate.metrics.captions import bleu, cider, distinct


def words(*texts: str) -> list[list[str]]:
    return [text.split() for text in texts]


def test_a_word_counts_as_often_as_in_one_reference() -> None:
    """Papineni et al. 2002, example 2: 2/7."""
    said = words("the the the the the the the")
    people = [words("the cat is on the mat", "there is a cat on the mat")]
    assert bleu(said, people)[0] == pytest.approx(2 / 7)
    assert bleu(said, people)[1:] == (0, 0, 0)


def test_length_is_that_of_the_closest_reference() -> None:
    said = words("a b c")
    assert bleu(said, [words("a b c d", "a b")])[0] == pytest.approx(1.0), "of two as close, the shorter"
    assert bleu(said, [words("a b c d e f")])[0] == pytest.approx(math.exp(1 - 6 / 3))
    assert bleu(said, [words("a b c d", "x y")])[0] == pytest.approx(1.0)


def test_it_is_counted_over_all_captions_together() -> None:
    """Not a mean over captions: 3 of 4 words, 1 of 2 pairs."""
    said = words("a b", "c d")
    people = [words("a b"), words("c x")]
    one, two, *_ = bleu(said, people)
    assert one == pytest.approx(3 / 4)
    assert two == pytest.approx(math.sqrt(3 / 4 * 1 / 2))


def test_nothing_said_is_worth_nothing() -> None:
    assert bleu([[]], [words("a b")]) == (0, 0, 0, 0)
    assert cider([], []) == 0
    assert distinct([]) == 0


def test_cider_of_what_people_say_themselves() -> None:
    said = words("a red dog runs", "the blue cat sleeps")
    assert cider(said, [[said[0]], [said[1]]]) == pytest.approx(10)
    assert cider(said, [[said[1]], [said[0]]]) == pytest.approx(0)


def test_cider_by_hand() -> None:
    """One common word of two pictures' three; each n-gram is of one picture, so all weigh log 2; lengths are equal."""
    said, people = words("a b", "x y"), [words("a c"), words("x y")]
    first = (1 / 2 + 0 + 0 + 0) / 4 * 10
    second = (1 + 1 + 0 + 0) / 4 * 10
    assert cider(said, people) == pytest.approx((first + second) / 2)


def test_cider_punishes_another_length() -> None:
    people = [words("a b c d"), words("x y z w")]
    same = cider(words("a b c d", "x y z w"), people)
    longer = cider(words("a b c d q q q", "x y z w"), people)
    assert longer < same
