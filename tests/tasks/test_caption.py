"""Captions: what is learned and told, what is refused, and how sentences are found."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import striate as st
from striate import zoo
from striate.data.image import decode
from striate.metrics.captions import bleu
from striate.notation import measure
from striate.runs.run import Run
from striate.tasks import seeing
from striate.tasks.caption import (
    CAPTIONS,
    FEATURES,
    IGNORED_WORD,
    NEXT,
    TOKENS,
    Caption,
    Telling,
    _words_seen,
    best_for_all,
)
from striate.tasks.captioned import REFERENCES, bytes_of
from striate.tasks.looked import LOOKED, telling
from striate.tasks.seeing import Named, seer
from striate.tasks.task import Wish
from striate.tasks.telling import END, UNKNOWN, told
from tests import captioned

COUNTS = {"train": 48, "val": 6, "test": 12}


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(captioned.eyes(tmp_path_factory.mktemp("eyes")))


@pytest.fixture(scope="module")
def run(eyes: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has learned its captions; not to be changed."""
    root = tmp_path_factory.mktemp("told")
    captioned.table(root / "data", COUNTS)
    how: dict[str, Any] = {"epochs": 40, "batch": 8, "lr": 0.01, "seed": 1, "quiet": True, "threads": 1}
    return st.train(captioned.TELLER, root / "data", task="caption", eyes=eyes, out=root / "run", **how)


def data_of(run: Run) -> Path:
    return run.path.parent / "data"


def test_it_says_what_people_say(run: Run) -> None:
    found = run.test(quiet=True)
    assert found["bleu4"] > 0.7 > found["constant_bleu4"]
    assert found["distinct"] >= 4 / 12
    assert found["examples"] == 12
    assert 0 < found["human_bleu1"] < 1
    json.dumps(found)


def test_it_answers_with_where_each_word_looked(run: Run) -> None:
    path = data_of(run) / "images" / "060.png"  # a red square by day
    (answer,) = run.predict(path)
    assert " màu " in answer.said
    assert {"ngày", "đêm"} & {*answer.said.rstrip(".").split()}
    assert [one["word"] for one in answer.values["words"]][-1] == "."
    assert all(0 <= place < 5 for one in answer.values["words"] for place in one["looked_at"])
    (content,) = answer.pictures.values()
    assert content.startswith(b"\x89PNG")
    pixels = np.asarray(Image.open(path))
    assert run.predict(pixels)[0].values == answer.values


def test_a_wider_search_is_asked_for(run: Run) -> None:
    wide = Run(run.path)
    assert wide.beam == 3
    wide.searches(1)
    assert wide.task.beam == 1
    assert wide.predict(data_of(run) / "images" / "060.png")[0].said
    with pytest.raises(st.InputError, match=r"beam is a number from 1 on\. Received: 0"):
        wide.searches(0)


def test_its_report_shows_pictures_captions_and_places(run: Run) -> None:
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "where it looked for" in page
    assert "one sentence for all" in page
    assert "The worst captions" in page


def test_a_network_that_pools_what_it_looks_at_has_no_map(eyes: str, tmp_path: Path) -> None:
    root = captioned.table(tmp_path / "data", {"train": 8, "val": 2, "test": 2})
    net = captioned.TELLER.replace("conv 16@1 -> ln", "conv 16@1 -> maxpool 2 -> ln")
    made = st.train(net, root, task="caption", eyes=eyes, out=tmp_path / "run", quiet=True, epochs=1, threads=1)
    (answer,) = made.predict(root / "images" / "011.png")
    assert all(one["looked_at"] is None for one in answer.values["words"])
    assert not answer.pictures


def test_what_earlier_versions_kept_of_words_is_ignored(run: Run) -> None:
    facts = run.task.facts()
    assert "lower" not in facts
    assert Caption.from_facts({**facts, "lower": True, "form_of_text": "NFC"}) == run.task


def test_a_run_answers_and_goes_on_in_another_directory(
    eyes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = captioned.table(tmp_path / "data", {"train": 8, "val": 2, "test": 2})
    monkeypatch.chdir(Path(eyes).parent)
    how: dict[str, Any] = {"epochs": 1, "quiet": True, "threads": 1}
    st.train(captioned.TELLER, root, task="caption", eyes="eyes", out=tmp_path / "run", **how)
    monkeypatch.chdir(tmp_path)
    assert Run(tmp_path / "run").predict(root / "images" / "011.png")
    assert st.resume(tmp_path / "run", epochs=2, quiet=True).test(quiet=True)["examples"] == 2


def test_eyes_are_kept_as_words_that_hold_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b" / "run").mkdir(parents=True)
    words = ("squeezenet:163", "resnet18=some.pth:64", "a=b/run")
    found = [Named.of(word).everywhere() for word in words]
    assert found == ["squeezenet:163", f"resnet18={tmp_path / 'some.pth'}:64", str(tmp_path / "a=b" / "run")]
    assert [Named.of(word).everywhere() for word in found] == found


def test_eyes_that_have_changed_are_refused(run: Run, tmp_path: Path) -> None:
    other = str(captioned.eyes(tmp_path))
    changed = Caption.from_facts({**run.task.facts(), "eyes": other, "sees": "0"})
    with pytest.raises(st.InputError, match="its weights have changed since"):
        changed.asked([np.zeros((12, 12, 3), np.uint8)], None, "skip")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("pad (2,0)", "pad 1"), "sees words after the one that it is asked for"),
        (("-> embed (words)x16", "-> embed (words)x16 -> attention 2"), "sees words after"),
        (
            ("tokens:", "words:"),
            r"reads features 8x5x5 and words 9, and captions of data take features 8x5x5 and tokens",
        ),
        (("conv words@1", "conv words+1@1"), r"gives \d+x9, and data has \d+ words and 9 places; end it with"),
    ],
)
def test_networks_that_do_not_fit(run: Run, change: tuple[str, str], message: str, eyes: str, tmp_path: Path) -> None:
    net = captioned.TELLER.replace(*change).replace(
        "from tokens", "from words" if "words:" in change else "from tokens"
    )
    with pytest.raises(st.InputError, match=message):
        st.train(net, data_of(run), task="caption", eyes=eyes, out=tmp_path / "run", quiet=True)


@pytest.mark.parametrize(("padded", "later"), [("pad (2,0)", False), ("pad 1", True)])
@pytest.mark.parametrize("turned", [False, True])
def test_later_words_are_seen_whichever_input_is_first(padded: str, later: bool, turned: bool) -> None:
    features, tokens = "features: input (channels)x(rows)x(columns)\n", "tokens: input length\n"
    text = captioned.TELLER.replace("pad (2,0)", padded)
    network = zoo.find(text.replace(features + tokens, tokens + features) if turned else text)
    assert (max(_words_seen(measure(network))) > 0) == later


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("resnet18", "a network without weights; write resnet18=FILE, or give a run"),
        ("nowhere/run", "'nowhere/run' is no run"),
        ("resnet18=nowhere.pth", "nowhere.pth"),
    ],
)
def test_eyes_that_are_not_there(word: str, message: str) -> None:
    with pytest.raises(st.InputError, match=message):
        seer(word)


def test_other_options_are_refused(run: Run, eyes: str, tmp_path: Path) -> None:
    how: dict[str, Any] = {"task": "caption", "eyes": eyes, "out": tmp_path / "run", "quiet": True}
    with pytest.raises(st.InputError, match="as they are or with augment mirror"):
        st.train(captioned.TELLER, data_of(run), augment="rotate:9", **how)
    with pytest.raises(st.InputError, match="beam is for the task caption, not for classify"):
        Run(eyes).searches(3)


def test_a_damaged_picture_is_left_out_or_refused(eyes: str, tmp_path: Path) -> None:
    root = captioned.table(tmp_path / "data", {"train": 8, "val": 2, "test": 2})
    whole = (root / "images" / "003.png").read_bytes()
    (root / "images" / "003.png").write_bytes(whole[: len(whole) // 2])
    found = Caption.open(root, Wish(named=True, eyes=eyes))
    assert found
    assert len(found[1].train) == 7
    assert any("003.png" in note for note in found[1].notes)
    with pytest.raises(st.InputError, match=r"003\.png"):
        Caption.open(root, Wish(named=True, eyes=eyes, bad="refuse"))


def test_mirrored_views_are_seen_where_they_are_asked_for(eyes: str, tmp_path: Path) -> None:
    root = captioned.table(tmp_path / "data", {"train": 4, "val": 2, "test": 2})
    found = Caption.open(root, Wish(named=True, eyes=eyes, augment="mirror"))
    assert found
    views = found[1].train.take([0])[FEATURES][0]
    assert views.shape[0] == 2
    assert not torch.equal(views[0], views[1])
    assert found[1].test
    assert found[1].test.take([0])[FEATURES].shape[1] == 1


def test_what_was_seen_before_an_interruption_is_kept(
    eyes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # what earlier runs of this test kept is not there
    monkeypatch.setattr(seeing, "PIECE", 3)
    captioned.pictures(tmp_path, {"train": 8}, seed=5)
    paths, sees, seen = sorted((tmp_path / "images").iterdir()), seer(eyes), list[Path]()
    paths[1].write_bytes(b"no picture")

    def shown(path: Path, after: int) -> NDArray[np.uint8]:
        seen.append(path)
        if len(seen) > after:
            raise KeyboardInterrupt
        return sees.sized(decode(path, channels=3))

    for after in (4, 100):
        monkeypatch.setattr(seeing.Seer, "shown", lambda self, path, after=after: shown(path, after))
        with suppress(KeyboardInterrupt):
            made, rows, bad = seeing.features_of(sees, paths)
    assert [path.name for path in seen] == [path.name for path in (*paths[:5], *paths[3:])]
    assert (rows, list(bad)) == ([0, *range(2, 8)], [paths[1]])
    again, *_ = seeing.features_of(sees, paths)
    assert torch.equal(made, again)


# what a network reads


def fields() -> dict[str, torch.Tensor]:
    captions = torch.tensor([[[3, 4, END, -1], [5, UNKNOWN, 3, 4]], [[4, END, -1, -1], [-1, -1, -1, -1]]])
    features = torch.arange(2.0).view(2, 1, 1, 1, 1).expand(2, 2, 3, 1, 1).half()
    return {FEATURES: features, CAPTIONS: captions, REFERENCES: bytes_of([["a"], ["b"]])}


def test_words_are_compared_with_those_that_follow() -> None:
    inputs, targets = Telling()(fields(), torch.arange(2), False)
    assert inputs[TOKENS].tolist() == [[END, 3, 4, END], [END, 4, END, END]]
    assert targets[NEXT].tolist() == [[3, 4, END, IGNORED_WORD], [4, END, IGNORED_WORD, IGNORED_WORD]]
    assert inputs[FEATURES].dtype == torch.float32


def test_each_epoch_draws_another_caption_that_is_there() -> None:
    first = {Telling()(fields(), torch.tensor([seed, seed]), True)[1][NEXT][0, 0].item() for seed in range(40)}
    assert first == {3, 5}
    second = {Telling()(fields(), torch.tensor([seed, seed]), True)[1][NEXT][1, 0].item() for seed in range(40)}
    assert second == {4}
    unknown = [Telling()(fields(), torch.tensor([seed, seed]), True) for seed in range(40)]
    assert all(targets[NEXT][0, 1].item() in (4, IGNORED_WORD) for _, targets in unknown)


# finding the likeliest sentence


def likeliest(table: torch.Tensor, length: int, power: float) -> tuple[int, ...]:
    """By looking at all sentences."""
    logs = table.clone()
    logs[:, UNKNOWN] = float("-inf")
    logs = logs.log_softmax(1)
    every = [
        (*words, END) for count in range(1, length) for words in itertools.product(range(2, len(table)), repeat=count)
    ] + list(itertools.product(range(2, len(table)), repeat=length))

    def score(words: tuple[int, ...]) -> float:
        total = sum(float(logs[a, b]) for a, b in itertools.pairwise((END, *words)))
        return total / len(words) ** power

    return max(every, key=score)


@pytest.mark.parametrize("power", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_search_finds_the_likeliest_of_all(seed: int, power: float) -> None:
    tables = torch.randn(3, 5, 5, generator=torch.Generator().manual_seed(seed)) * 2
    found = told(lambda rows, words: tables[rows, words[:, -1]], 3, 200, 4, power)
    for table, row in zip(tables, found.tolist(), strict=True):
        best = likeliest(table, 4, power)
        assert tuple(row[: len(best)]) == best
        assert set(row[len(best) :]) <= {END}


def test_the_narrowest_search_takes_the_likeliest_word() -> None:
    table = torch.tensor([[0.0, 9, 2, 3], [0] * 4, [0, 0, 0, 0], [1, 0, 4, 0]])
    assert told(lambda rows, words: table[words[:, -1]], 1, 1, 3, 1.0).tolist()[0][:2] == [3, 2]


def test_one_sentence_for_all_is_the_best_of_training(run: Run) -> None:
    found = Caption.open(data_of(run), Wish(named=True, eyes=run.task.eyes))
    assert found
    assert found[0].plain == run.task.plain
    assert bleu([run.task.plain.lower().split()], [[run.task.plain.lower().split()]])[3] == 1.0


def test_a_network_tells_where_it_looks_in_evaluation_alone() -> None:
    model = telling(st.build("look: input 4x2x3\ninput 4x5\nattention 2 from look -> conv 3@1", seed=0))
    seen, x = torch.randn(2, 4, 2, 3), torch.randn(2, 4, 5)
    assert isinstance(model.train()(seen, x), torch.Tensor)
    made = model.eval()(seen, x)
    assert made[LOOKED].shape == (2, 5, 6)
    torch.testing.assert_close(made[LOOKED].sum(2), torch.ones(2, 5))


def test_the_best_sentence_is_found_among_many() -> None:
    from striate.data.captions import Captioned

    some = [Captioned(Path(f"{n}.png"), "train", ("a dog runs on grass", f"number {n}")) for n in range(9)]
    assert best_for_all(some) == "a dog runs on grass"
