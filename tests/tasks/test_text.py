"""What a network of sentences is asked about: sentences, files of any encoding, and lines that are none."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from striate.data.sentences import asking
from striate.errors import InputError
from striate.tasks.text import Text

TASK = Text(("bad", "good"), ("a", "fine", "film"), lower=True, length=12)
LINES = ("a fine film", "a film")
MORE = 20 * "a fine film\n"  # of a few letters, a NUL would be too much for a text


def asked(*given: Any, bad: str = "skip") -> Any:
    return TASK.asked(given, None, bad)


@pytest.mark.parametrize(
    "content",
    [
        b"a fine film\na film\n",
        b"a fine film\r\n\r\na film",
        b"\xef\xbb\xbfa fine film\n \n\na film\n\n",
        "a fine film\na film\n".encode("utf-16"),
    ],
)
def test_files_of_any_form_are_the_same_sentences(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "new.txt").write_bytes(content)
    found = asked(tmp_path / "new.txt", str(tmp_path / "new.txt"), [LINES[0], [LINES[1]], " "])
    assert tuple(found.names) == LINES * 3
    assert [tuple(one["tokens"].shape) for one in found.inputs] == [(1, 12)] * 6


def test_what_was_decided_on_reading_is_told(tmp_path: Path) -> None:
    path = tmp_path / "new.txt"
    path.write_bytes("a schön film\n".encode("latin-1"))
    assert asked(path).notes == (
        f"{path}: line 1 is not UTF-8 and is read as Windows-1252",
        "unknown words in 'a schön film': schön",
    )


@pytest.mark.parametrize(("line", "why"), [("du\0ll", "a NUL byte"), ("a" * 1_000_001, "a sentence of 1,000,001 char")])
def test_a_line_that_is_none_is_left_out_or_refused(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "new.txt"
    path.write_text(f"{MORE}{line}\na film\n")
    found = asked(path)
    assert found.names == ["a fine film"] * 20 + ["a film"]
    assert [one.path for one in found.left_out] == [f"{path}:21"]
    assert f"left out: 1 lines; {path}:21 ({why}" in found.notes[-1]
    with pytest.raises(InputError, match=f"new.txt, line 21: {why}"):
        asked(path, bad="refuse")
    path.write_text("a" * 1_000_001)
    with pytest.raises(InputError, match=r"predict takes sentences.* Received: none; left out: 1 lines;"):
        asked(path)


def test_sentences_beyond_the_first_are_said_to_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_LINES", 2)
    (tmp_path / "new.txt").write_text("a fine film\n" * 3)
    found = asked(tmp_path / "new.txt")
    assert len(found.names) == 2
    assert found.notes == (f"{tmp_path / 'new.txt'}: only the first 2 of its 3 sentences are answered",)


def test_what_holds_no_sentence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n" + bytes(range(32)) * 4)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(InputError, match=r"cannot read '.*image.png': it is binary"):
        asked(tmp_path / "image.png")
    refused = [(), ("",), (tmp_path / "empty.txt",), (tmp_path,), (str(tmp_path),), (3,), (tmp_path / "gone.txt",)]
    for nothing in refused:
        with pytest.raises(InputError, match="predict takes sentences, or text files with one on each line"):
            asked(*nothing)


@pytest.mark.parametrize("word", ["nosuch.txt", "new.CSV", "films/new", "a.tsv", "./films"])
def test_a_word_that_can_only_be_a_path_and_is_none_is_refused(word: str) -> None:
    with pytest.raises(InputError, match=f"no file '{word}'; predict takes sentences"):
        asked(word)


@pytest.mark.parametrize("sentence", ["film", "a fine film.txt", "good and/or bad", "fine."])
def test_other_words_are_sentences(sentence: str) -> None:
    assert asked(sentence).names == [sentence]


def test_what_exists_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film").mkdir()
    (tmp_path / "film" / "new.txt").write_text("a fine film\na film\n")
    (tmp_path / "film" / "table.csv").write_text("label,text\ngood,fine\nbad,a\n")
    (tmp_path / "film" / "image.png").write_bytes(b"\x89PNG\r\n" + bytes(range(32)) * 4)
    found = asked("film")
    assert found.names == ["a fine film", "a film", "fine", "a"]
    assert [one.path for one in found.left_out] == [str(Path("film/image.png"))]
    with pytest.raises(InputError, match=r"cannot read '.*image.png'"):
        asked("film", bad="refuse")


def test_a_folder_for_each_class_is_read_as_training_reads_it(tmp_path: Path) -> None:
    for number in range(2):
        for name in TASK.classes:
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.txt").write_text(f"a {name}\nfilm {number}\n")
    assert asked(str(tmp_path)).names == ["a bad film 0", "a bad film 1", "a good film 0", "a good film 1"]


def test_of_many_unknown_words_a_few_are_named() -> None:
    (note,) = asked(" ".join(f"w{number}" for number in range(9999))).notes
    assert (
        note
        == "unknown words in 'w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w1…': "
        + ", ".join(f"w{number}" for number in range(10))
        + ", …"
    )


def test_a_task_is_asked_by_its_words_alone() -> None:
    other = dataclasses.replace(TASK, classes=("x", "y", "z"))
    assert other.asked(["a film"], None, "skip").inputs[0]["tokens"].equal(asked("a film").inputs[0]["tokens"])
