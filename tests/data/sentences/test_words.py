import re
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data.sentences.words import tokenised


def clean_str(string: str) -> str:
    """Kim's function, line for line (yoonkim/CNN_sentence, process_data.py)."""
    string = re.sub(r"[^A-Za-z0-9(),!?\'\`]", " ", string)
    string = re.sub(r"\'s", " 's", string)
    string = re.sub(r"\'ve", " 've", string)
    string = re.sub(r"n\'t", " n't", string)
    string = re.sub(r"\'re", " 're", string)
    string = re.sub(r"\'d", " 'd", string)
    string = re.sub(r"\'ll", " 'll", string)
    string = re.sub(r",", " , ", string)
    string = re.sub(r"!", " ! ", string)
    string = re.sub(r"\(", " ( ", string)
    string = re.sub(r"\)", " ) ", string)
    string = re.sub(r"\?", " ? ", string)
    string = re.sub(r"\s{2,}", " ", string)
    return string.strip().lower()


@pytest.mark.parametrize(
    "sentence",
    [
        "the rock is destined to be the 21st century's new \" conan \" and that he's going to make a splash",
        "They don't, won't; can't! We'll (I'd say) -- you're sure? I've `seen' it...",
        "a masterpiece four years in the making .",
        "http://www.cnn.com/2002 & more_or_less 100% *wow*",
        "do n't it 's",
    ],
)
def test_english_is_as_kim_cleans_it(sentence: str) -> None:
    assert " ".join(tokenised(sentence)) == clean_str(sentence)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Die Straße ist schön, nicht wahr?", "die straße ist schön , nicht wahr ?"),
        ("Hai đứa trẻ đang đá bóng.", "hai đứa trẻ đang đá bóng"),
        ("L’homme n’est pas là", "l'homme n'est pas là"),
        ("Очень хороший фильм!", "очень хороший фильм !"),
        ("बहुत अच्छी फ़िल्म", "बहुत अच्छी फ़िल्म"),
        ("这部电影很好", "这 部 电 影 很 好"),
        ("so good😀❤️!", "so good 😀 ❤ !"),
        ("Un\u00adwetter, \ufeffda", "unwetter , da"),
        ("…", ""),
    ],
)
def test_no_language_loses_letters(sentence: str, words: str) -> None:
    assert " ".join(tokenised(sentence)) == normalize("NFC", words)


def test_composed_and_combining_letters_are_the_same_words() -> None:
    sentence = "Tiếng Việt: đẹp lắm, schöne Grüße"
    assert tokenised(normalize("NFD", sentence)) == tokenised(normalize("NFC", sentence))


def test_capitals_stay_on_demand() -> None:
    assert tokenised("Who isn't Bob?", lower=False) == ("Who", "is", "n't", "Bob", "?")


@settings(deadline=None)
@given(st.text())
def test_words_of_any_text_are_words_again(text: str) -> None:
    words = tokenised(text)
    assert all(words)
    assert not any(re.search(r"\s", word) for word in words)
    assert sum(map(len, tokenised(" ".join(words)))) == sum(map(len, words))
