import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data.sentences import learned
from striate.data.sentences.table import fill, wanted
from striate.data.sentences.vectors import parsed, read_vectors
from striate.errors import InputError
from striate.layers import Embed

GLOVE = b"the 0.1 -0.2 3e-1\nfilm 1 2 3\n, -1 -2 -3\nsch\xc3\xb6n 4 5 6\n"


def test_glove_and_word2vec_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_bytes(GLOVE)
    (tmp_path / "w2v.txt").write_bytes(b"4 3\n" + GLOVE.replace(b"\n", b" \n"))
    for name in ("glove.txt", "w2v.txt"):
        found = read_vectors(tmp_path / name, {"film", "schön", "day"})
        assert (found.width, found.words) == (3, 4)
        assert {word: vector.tolist() for word, vector in found.vectors.items()} == {
            "film": [1, 2, 3],
            "schön": [4, 5, 6],
        }


def test_words_with_spaces_are_words() -> None:
    found = parsed([b"a 1 2\n", b". . . 3 4\n", b"at name@domain.com 5 6\n"], {". . .", "at name@domain.com"})
    assert [vector.tolist() for vector in found.vectors.values()] == [[3, 4], [5, 6]]


def test_the_first_of_two_is_taken() -> None:
    assert parsed([b"a 1\n", b"a 2\n"], {"a"}).vectors["a"].tolist() == [1]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"5 3\n", "it is empty"),
        (b"a 1 2\nb 1\n", "line 2: 1 numbers instead of 2; the file is cut short"),
        (b"a 1 2\nb\n", "line 2: 0 numbers instead of 2"),
        (b"a 1 2\nb 1 2 3\n", "line 2: 3 numbers instead of 2; fetch the file again"),
        (b"a 1 2\nb 1 x\n", "line 2: 'x' is not a number"),
        (b"a 1 2\nb x 2\n", "line 2: 'x' is not a number"),
        (b"a 1 2\nb nan 2\n", "line 2: 'nan' is not a finite number"),
        (b"a 1 2\nb 1 1e99\n", "line 2: '1e99' is not a finite number"),
        (b"a 1 2\nb \x00 2\n", "line 2: a NUL byte; give GloVe's or word2vec's text format"),
        (b"9 2\na 1 2\nb 1 2\n", "its first line says 9 words and there are 2"),
        (b"1 0\na\n", "line 1: vectors of 0 numbers"),
        (b"words\nand words\n", "line 1: 0 numbers instead of some; a line is a word, then numbers"),
        (b"a fine film\nb x\n", "line 1: 'film' is not a number"),
        (b"b " + b"1 " * 600_000, "line 1: more than 1,048,576 bytes"),
        (b"PK\x03\x04rest", "it is a zip archive; unpack it"),
        (gzip.compress(GLOVE, mtime=0), "it is packed by gzip; unpack it"),
    ],
)
def test_what_is_no_file_of_vectors_is_one_clear_line(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why) as caught:
        read_vectors(path, {"a", "b"})
    assert "\n" not in str(caught.value)


def test_no_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the word vectors '.*none\.txt'"):
        read_vectors(tmp_path / "none.txt", {"a"})
    with pytest.raises(InputError, match="cannot read the word vectors"):
        read_vectors(tmp_path, {"a"})


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=6))
def test_any_lines_are_vectors_or_an_error(lines: list[bytes]) -> None:
    try:
        found = parsed([line.replace(b"\n", b"") + b"\n" for line in lines], {"a"})
    except InputError:
        return
    assert found.width > 0


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        for number in range(20_000):
            file.write(b"w%d" % number + b" 0.123456" * 100 + b"\n")
    tracemalloc.start()
    found = read_vectors(path, {"w19999"})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.words == 20_000
    assert most < 1_000_000 < path.stat().st_size // 10


def test_the_table_has_what_was_found_and_the_others_have_its_variance() -> None:
    generator = np.random.default_rng(0)
    words = [f"w{number}" for number in range(400)]
    lines = [f"{word} {' '.join(map(str, generator.normal(0, 0.3, 50)))}\n".encode() for word in words[:200]]
    known = learned([" ".join(words)])
    table = Embed(len(known), 50).weight.data
    said = fill(table, known, parsed(lines, wanted(known)))
    assert said.startswith("200 of 400 words (50.0%) have a vector; the others are drawn from -0.5")
    assert not table[0].any()
    rows = known.rows
    have = torch.stack([table[rows[word]] for word in words[:200]])
    others = torch.stack([table[rows[word]] for word in words[200:]])
    assert float(others.std()) == pytest.approx(float(have.std()), rel=0.02)
    assert torch.equal(have[7], torch.tensor([float(x) for x in lines[7].split()[1:]]))


def test_capitals_take_the_vector_of_small_letters() -> None:
    known = learned(["Who is who"], lower=False)
    table = torch.zeros(len(known), 2)
    assert fill(table, known, parsed([b"who 1 2\n", b"is 3 4\n"], wanted(known))).startswith("3 of 3 words")
    assert table[known.rows["Who"]].tolist() == [1, 2]


def test_vectors_of_other_words_or_of_another_width_are_refused() -> None:
    known = learned(["a b"])
    with pytest.raises(InputError, match="it has none of the 2 words"):
        fill(torch.zeros(4, 2), known, parsed([b"other 1 2\n"], wanted(known)))
    with pytest.raises(InputError, match=r"its vectors have 2 numbers and the table's 3; write embed \(words\)x2"):
        fill(torch.zeros(4, 3), known, parsed([b"a 1 2\n"], wanted(known)))


def test_vectors_of_equal_numbers_say_nothing_of_the_others() -> None:
    known = learned(["a b"])
    table = Embed(len(known), 2).weight.data
    before = table[known.rows["b"]].clone()
    fill(table, known, parsed([b"a 1 1\n"], wanted(known)))
    assert torch.equal(table[known.rows["b"]], before)
    assert before.any()
