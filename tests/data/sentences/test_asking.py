"""Files that a network is asked about: classes beside the sentences are not read as words of them."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from striate.data.sentences.asking import form_to_ask, sentences_in
from striate.errors import InputError

KNOWN = ("bad", "good")
FILMS = ("a fine film", "so very dull", "no plot at all")


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (
            "label,text\ngood,a fine film\nbad,so very dull\n,no plot at all\n",
            "'text' is read as the sentence, and 1 other column is not used",
        ),
        (
            "id,review,stars\n1,a fine film,5\n2,so very dull,1\n3,no plot at all,1\n",
            "'review' is read as the sentence, and 2 other columns are not used",
        ),
        (
            "id,text\n1,a fine film\n2,so very dull\n3,no plot at all\n",
            "'text' is read as the sentence, and 1 other column is not used",
        ),
        (
            "v1,v2\ngood,a fine film\nbad,so very dull\nbad,no plot at all\n",
            "'v2' is read as the sentence, and 1 other column is not used",
        ),
        (
            "good\ta fine film\nbad\tso very dull\nbad\tno plot at all\n",
            "column 2 is read as the sentence, and 1 other column is not used",
        ),
        (
            "good\ta fine film\ngood\tso very dull\n\ngood\tno plot at all\n",
            "column 2 is read as the sentence, and 1 other column is not used",
        ),
        (
            "Good\ta fine film\nBad\tso very dull\nBad\tno plot at all\n",
            "column 2 is read as the sentence, and 1 other column is not used",
        ),
        (
            "good a fine film\nbad so very dull\nbad no plot at all\n",
            "each line begins with its class, and the rest is read as the sentence",
        ),
        (
            "__label__good a fine film\n__label__bad so very dull\n__label__bad no plot at all\n",
            "each line begins with its class, and the rest is read as the sentence",
        ),
    ],
)
def test_the_sentences_of_what_can_be_trained_on(tmp_path: Path, content: str, note: str) -> None:
    (tmp_path / "new").write_text(content)
    found = sentences_in(tmp_path / "new", known=KNOWN)
    assert found.sentences == FILMS
    assert found.notes == (f"{tmp_path / 'new'}: {note}",)
    assert found.left_out == ()


@pytest.mark.parametrize(
    "lines",
    [
        ("the film is fine", "the plot is dull", "the end"),
        ("a bore", "a joy", "the end", "the film"),
        ("good film",),
        ("Great review, thanks", "so, a dull one", "fine, then"),
        ("yes, a fine film it is", "no, so very dull", "no, a poor copy"),
        ("word",),
        ("", " "),
        (),
    ],
)
def test_lines_of_text_stay_sentences(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert form_to_ask(lines, KNOWN).kind == "plain"
    (tmp_path / "new.txt").write_text("\n".join(lines))
    found = sentences_in(tmp_path / "new.txt", known=KNOWN)
    assert found.sentences == tuple(line for line in lines if line.strip())
    assert found.notes == ()


def test_a_bad_row_of_a_table_is_left_out_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("label,text\ngood,a fine film\nbad\nbad,\nbad,dull\n" + "bad,poor\n" * 20)
    found = sentences_in(path, known=KNOWN)
    assert found.sentences[:2] == ("a fine film", "dull")
    assert [one.path for one in found.left_out] == [f"{path}:3", f"{path}:4"]
    with pytest.raises(InputError, match=r"new.csv, line 3: no comma"):
        sentences_in(path, "refuse", KNOWN)
    path.write_text('label,text\ngood,fine\nbad,"dull\n')
    with pytest.raises(InputError, match=r"new.csv, line 3: a quotation mark opens a cell"):
        sentences_in(path, known=KNOWN)


def test_json_lines_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "new.txt"
    path.write_text('{"text": "a fine film"}\n')
    with pytest.raises(InputError, match=r"new.txt' is JSON Lines, which are not read; write a CSV table"):
        sentences_in(path, known=KNOWN)
    path.write_text("{sighs} a fine film\n")
    assert sentences_in(path, known=KNOWN).sentences == ("{sighs} a fine film",)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["text", "label", "good", "bad", ",", "\t", " ", '"', "\n", "{", "__label__", "x"])))
def test_any_text_is_sentences_or_an_error_of_one_line(tmp_path: Path, pieces: list[str]) -> None:
    path = tmp_path / "new.txt"
    path.write_text("".join(pieces))
    with suppress(InputError):
        assert all(sentence.strip() for sentence in sentences_in(path, known=KNOWN).sentences)
