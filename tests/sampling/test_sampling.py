"""Pictures of a trained run: they are the same each time, of the classes that are asked for, and are judged."""

from pathlib import Path

import numpy as np
import pytest
import torch

import striate as st
from striate.runs.run import Run
from striate.sampling.beside import beside_nearest
from striate.sampling.resembling import Judge, mixture_of, resemblance
from striate.sampling.samples import as_answers, task_of

PAINTER = """
classes = 10
colours = 1
x: input (colours+1+classes)x8x8
told: [gap -> fc 16 -> relu]
from x -> conv 8@3 pad 1 -> scale[ from told -> fc c ] -> relu -> conv colours@3 pad 1
"""


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("painter") / "run"
    return st.train(PAINTER, "digits", task="generate", epochs=1, engine="torch", out=out, quiet=True)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Run:
    text = "input 1x8x8 -> fc 12 -> relu -> fc 10"
    return st.train(
        text, "digits", epochs=3, lr=0.01, engine="torch", out=tmp_path_factory.mktemp("judge") / "run", quiet=True
    )


def test_samples_are_the_same_each_time_and_the_first_ones_of_more(painter: Run) -> None:
    some, more = st.sample(painter, count=6, steps=2), st.sample(painter.path, count=12, steps=2)
    assert some.pictures.shape == (6, 1, 8, 8)
    assert some.pictures.dtype == np.uint8
    assert np.array_equal(some.pictures, more.pictures[:6])
    assert more.labels.tolist() == [*range(10), 0, 1]
    assert not np.array_equal(some.pictures, st.sample(painter, count=6, steps=2, seed=1).pictures)


def test_both_engines_make_the_same_pictures(painter: Run) -> None:
    ours, theirs = (st.sample(painter, ["3"], 4, steps=3, engine=engine).pictures for engine in ("torch", "native"))
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_classes_take_turns_and_guidance_changes_pictures(painter: Run) -> None:
    plain, strong = (st.sample(painter, ["7", 2], 4, steps=2, guidance=guidance) for guidance in (1, 3))
    assert plain.labels.tolist() == [7, 2, 7, 2]
    assert not np.array_equal(plain.pictures, strong.pictures)


def test_a_walk_begins_and_ends_where_its_classes_are(painter: Run) -> None:
    walk = st.walk(painter, 4, "9", 5, steps=2)
    assert walk.labels.tolist() == [4, 4, 4, 9, 9]
    assert np.array_equal(walk.pictures[:1], st.sample(painter, [4], 1, steps=2).pictures)


def test_names_are_of_class_and_number(painter: Run) -> None:
    answers = as_answers(st.sample(painter, ["3", "5"], 5, steps=1), task_of(painter))
    assert [one.path for one in answers] == ["3-0", "5-0", "3-1", "5-1", "3-2"]


def test_the_nearest_training_pictures_stand_below(painter: Run) -> None:
    samples = st.sample(painter, count=20, steps=1)
    sheet, apart = beside_nearest(painter, samples)
    assert sheet.shape == (4 * 9 - 1, 16 * 9 - 1)  # two rows of pairs
    assert np.array_equal(sheet[:8, :8], samples.pictures[0, 0])
    assert len(apart) == 20
    assert min(apart) > 0


def test_a_run_is_judged(painter: Run, judge: Run) -> None:
    found, samples = resemblance(painter, judge, steps=2)
    assert found.samples == len(samples) == 179
    assert found.features == 12
    assert found.judge_accuracy > 0.8
    assert found.frechet > found.frechet_floor > 0
    features, answers = Judge.of(judge, task_of(painter).classes).looks(torch.from_numpy(samples.pictures))
    assert found.asked_for == pytest.approx((answers == samples.labels).mean())
    assert features.min() >= 0  # after the relu
    assert len(found.said()) == 3


def test_a_mixture_has_the_pictures_mean(painter: Run) -> None:
    _, opened, _ = painter.judged_on(None, "skip")
    pictures = opened.train.sample()["image"]
    made = mixture_of(pictures, 2000)
    assert made.shape == (2000, 1, 8, 8)
    assert made.float().mean(0).numpy() == pytest.approx(pictures.float().mean(0).numpy(), abs=20)


def test_other_runs_and_numbers_out_of_range_are_refused(painter: Run, judge: Run, tmp_path: Path) -> None:
    other = st.train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "other", quiet=True)
    data = {"labels": np.arange(24) % 2, "images": np.zeros((24, 1, 8, 8), np.uint8)}
    np.savez(tmp_path / "two.npz", **data)
    two = st.train(
        "input 1x8x8 -> fc 4 -> relu -> fc 2", tmp_path / "two.npz", epochs=1, out=tmp_path / "two", quiet=True
    )
    wide = st.train("input 1x8x8 -> fc 200 -> fc 10", "digits", epochs=1, out=tmp_path / "wide", quiet=True)
    wrong = (
        (lambda: st.sample(other), "has learned to classify; pictures are made by runs of the task generate"),
        (lambda: st.sample(painter, ["x"]), "a class to make pictures of is one of 0, 1, .*Received: x"),
        (lambda: st.sample(painter, [10]), "Received: 10"),
        (lambda: st.sample(painter, []), "at least one class"),
        (lambda: st.sample(painter, count=0), "from 1 to 100,000 pictures"),
        (lambda: st.sample(painter, steps=0), "`steps` are from 1 to 1000"),
        (lambda: st.sample(painter, guidance=-1), "`guidance` is from 0"),
        (lambda: st.walk(painter, 1, 2, 1), "at least its two ends"),
        (lambda: resemblance(painter, two), "a judge tells the same classes apart"),
        (lambda: resemblance(painter, painter), "a judge tells the same classes apart"),
        (lambda: resemblance(painter, wide), "of 200 features takes more samples than features.*Received: 179"),
    )
    for call, told in wrong:
        with pytest.raises(st.InputError, match=told):
            call()


def test_the_report_shows_samples_and_their_nearest(painter: Run) -> None:
    page = (painter.path / "report.html").read_text()
    assert page.count("samples of ") == 10
    assert "Nearest training pictures" in page
    assert page.count("the nearest training picture") >= 20
