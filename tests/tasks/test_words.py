"""Sentences: word vectors of others, tables that do not learn, the norm constraint, words that are dropped."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import striate as st
from striate.augmentation.word_dropout import WordDropout
from striate.notation import read
from striate.tasks.fitting import check_max_norm
from tests.native.needs import needs_compiler

CHANNELS = """
length = 20
words = 40
input length
concat[ embed (words)x4 static | embed (words)x4 ] -> conv 6@3 -> relu -> gmp -> fc 2
"""


@pytest.fixture
def films(tmp_path: Path) -> Path:
    lines = [f"{('good', 'bad')[n % 2]}\tfilm {n % 9} is {('fine', 'dull')[n % 2]}\n" for n in range(24)]
    (tmp_path / "films.tsv").write_text("".join(lines))
    return tmp_path / "films.tsv"


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "vectors.txt"
    path.write_text("film 1 2 3 4\nfine 5 6 7 8\nevening 9 9 9 9\n")
    return path


def trained(data: Path, out: Path, net: str = CHANNELS, **how: Any) -> st.Run:
    usual = {"epochs": 2, "batch": 4, "quiet": True, "threads": 1, "engine": "torch", "device": "cpu"}
    return st.train(net, data, out=out, **{**usual, **how})


@pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=needs_compiler)])
def test_vectors_of_others_begin_both_channels_and_the_static_one_keeps_them(
    films: Path, vectors: Path, tmp_path: Path, engine: str
) -> None:
    run = trained(films, tmp_path / "run", weights=vectors, engine=engine)
    weights = load_file(run.path / "model.safetensors")
    row = run.task.known.rows["fine"]  # type: ignore[attr-defined]
    assert weights["concat1.branch1.embed1.weight"][row].tolist() == [5, 6, 7, 8]
    assert weights["concat1.branch2.embed1.weight"][row].tolist() != [5, 6, 7, 8]
    assert torch.allclose(weights["concat1.branch2.embed1.weight"][row], torch.arange(5.0, 9.0), atol=0.5)
    assert run.config["options"]["lr"] == 0.002, "the task's usual rate, as without them"
    begun = run.config["weights"]
    assert begun["kept"] == 2
    assert "2 of " in begun["said"]
    assert str(vectors) in begun["said"]


def test_vectors_that_do_not_fit_are_one_line(films: Path, vectors: Path, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"vectors\.txt' does not fit: its vectors have 4 numbers"):
        trained(films, tmp_path / "run", CHANNELS.replace("(words)x4", "(words)x5"), weights=vectors)
    vectors.write_text("film 1 2 3\nfine 1 2 x\n")
    with pytest.raises(st.InputError, match=r"vectors\.txt' holds no word vectors: line 2"):
        trained(films, tmp_path / "run", weights=vectors)
    assert not (tmp_path / "run").exists()


def test_a_text_is_no_beginning_for_images(vectors: Path, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"vectors\.txt' is a text, which holds no weights for the task classify"):
        st.train("input 1x8x8 -> fc 10", "digits", weights=vectors, epochs=1, out=tmp_path / "run", quiet=True)


@needs_compiler
def test_the_norm_constraint_holds_in_both_engines(films: Path, tmp_path: Path) -> None:
    rows = []
    for engine in ("torch", "native"):
        run = trained(films, tmp_path / engine, max_norm=0.1, lr=0.05, augment="none", engine=engine)
        weights = load_file(run.path / "model.safetensors")["fc1.weight"]
        assert weights.norm(dim=1).tolist() == pytest.approx([0.1, 0.1], rel=1e-5)
        rows.append(weights)
    assert torch.allclose(*rows, atol=1e-4)


def test_a_norm_constraint_needs_one_output(tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"max_norm.*gives a, b$"):
        check_max_norm(read("input 4 -> heads[ a: fc 3 | b: fc 2 ]"), 3.0)


def test_a_norm_constraint_needs_a_layer(tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"max_norm.*has none"):
        st.train("input 1x8x8 -> conv 10@8", "digits", max_norm=3, epochs=1, out=tmp_path / "run", quiet=True)


def test_words_are_dropped_at_their_share_and_padding_never() -> None:
    numbers = torch.tensor([[0, 0, *range(2, 40), 0]]).repeat(500, 1)
    dropped = WordDropout(0.1, 41).drawn(500, torch.Generator().manual_seed(0))
    some = torch.arange(100, 400)
    found = dropped.tokens(numbers[some], some)
    assert (found[numbers[some] == 0] == 0).all()
    changed = found != numbers[some]
    assert (found[changed] == 1).all()
    assert float(changed[:, 2:40].float().mean()) == pytest.approx(0.1, abs=0.01)
