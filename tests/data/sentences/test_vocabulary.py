import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data.sentences.encoding import MARGIN, encoded, length_for
from striate.data.sentences.vocabulary import Vocabulary, learned, said
from striate.data.sentences.words import tokenised
from striate.errors import InputError

WORDS = st.lists(st.sampled_from(["film", "fine", "dull", "day", "schön", "đẹp"]), max_size=9).map(" ".join)


def test_words_are_in_order_of_frequency_and_then_of_the_alphabet() -> None:
    assert learned(["b c a", "c b", "c d"]).words == ("c", "b", "a", "d")
    assert learned(["b c a", "c b", "c d"], most=2).words == ("c", "b")
    assert learned(["b c a", "c b", "c d"], least=2).words == ("c", "b")
    assert learned(["Who who"], lower=False).words == ("Who", "who")


def test_no_words_at_all_is_an_error() -> None:
    with pytest.raises(InputError, match="no word occurs 2 times in the training sentences"):
        learned(["a b c"], least=2)


def test_it_is_saved_as_plain_json() -> None:
    known = learned(["Schöne Grüße", "đẹp"])
    assert Vocabulary.from_json(json.loads(json.dumps(known.as_json()))) == known


@pytest.mark.parametrize(
    "value", [None, [], {}, {"words": "ab", "lower": True}, {"words": [1], "lower": True}, {"words": [], "lower": 1}]
)
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="a vocabulary is a list"):
        Vocabulary.from_json(value)


def test_a_word_twice_is_refused() -> None:
    with pytest.raises(InputError, match="has the word 'a' twice"):
        Vocabulary.from_json({"words": ["a", "b", "a"], "lower": True})


def test_unknown_words_are_named() -> None:
    known = learned(["a film"])
    assert known.unknown("A fine fine film, no?") == ("fine", ",", "no", "?")
    assert said(known, ["a film"]) == "0.0% of the words of 1 test sentences are unknown"


@settings(deadline=None)
@given(sentences=st.lists(WORDS, min_size=1, max_size=6), margin=st.integers(0, 4))
def test_what_is_encoded_is_decoded(sentences: list[str], margin: int) -> None:
    known = learned([*sentences, "film"])
    length = length_for(sentences, margin)
    rows = encoded(known, sentences, length, margin)
    assert rows.numbers.shape == (len(sentences), length)
    assert rows.numbers.dtype == torch.int64
    assert (rows.cut, rows.unknown) == (0, 0)
    assert [known.decoded(row) for row in rows.numbers.tolist()] == [tokenised(sentence) for sentence in sentences]
    assert not rows.numbers[:, :margin].any()
    assert not rows.numbers[:, length - margin :].any()


def test_long_sentences_are_cut_and_counted() -> None:
    known = learned(["a b c d e f"])
    rows = encoded(known, ["a b c d e f", "a x"], length=6, margin=1)
    assert known.decoded(rows.numbers[0].tolist()) == ("a", "b", "c", "d")
    assert known.decoded(rows.numbers[1].tolist()) == ("a", "<unknown>")
    assert (rows.words, rows.unknown) == (8, 1)
    assert rows.notes == ("1 of 2 sentences are longer than 4 words and are cut there",)


def test_rows_without_place_for_a_word_are_refused() -> None:
    with pytest.raises(InputError, match="rows of 8 numbers leave no place for words beside 2 x 4 of padding"):
        encoded(learned(["a"]), ["a"], length=8)


def test_a_row_has_a_length_even_without_words() -> None:
    assert length_for(["…", ""]) == 2 * MARGIN + 1
    assert length_for(["a " * 1000]) == 2 * MARGIN + 400
    assert not encoded(learned(["a"]), ["…"], length=9).numbers.any()
