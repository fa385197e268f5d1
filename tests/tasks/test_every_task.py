"""What every task does, whatever it is: learn a few examples by heart, be tested, asked and gone on with, and say what
is damaged.

A task that is added needs a row in `MADE`: a small set of it, a network, and an example to ask about.
"""

import dataclasses
import functools
import json
import math
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import striate as st
from striate.data import lazy
from striate.runs import keeper
from striate.runs.resuming import resumed
from striate.runs.run import Run
from striate.tasks import known
from striate.tasks.known import known as known_tasks
from striate.tasks.task import Wish
from striate.training.moment import Moment
from tests import boxed, captioned, cubes, games, killed, objects, posed, scans, scenes, sounding, written
from tests.styling import small

TRAIN, TEST = 16, 8
WORDS = """
length = 20
words = 40
input length
embed (words)x8 -> conv 8@3 -> relu -> gmp -> dropout 0.2 -> fc 2
"""
STAGES = """
c3(w) = conv w@3 pad 1 -> bn -> relu

input 3x40x48
maps: [c3(8) -> maxpool 2 -> c3(16) -> maxpool 2 -> c3(16)]
heads[ rpn: from maps -> heads[ object: conv 2@1 | box: conv 8@1 ]
     | roi: roialign 4 from maps -> fc 24 -> relu -> heads[ class: fc 3 | box: fc 8 ] ]
"""
MASKS = """
c3(w) = conv w@3 pad 1 -> bn -> relu

input 1x24x24
maps: [c3(8) -> maxpool 2 -> c3(16)]
heads[ rpn: from maps -> heads[ object: conv 2@1 | box: conv 8@1 ]
     | roi: roialign 4 from maps -> fc 24 -> relu -> heads[ class: fc 2 | box: fc 4 ]
     | mask: roialign 6 from maps -> c3(12) -> conv 1@1 ]
"""


@dataclasses.dataclass(frozen=True)
class Made:
    """A small set of a task.

    Attributes:
        net: The text of a network for it.
        make: Writes the data below a folder; returns where they are, an example to ask about, and a damaged file.
        engines: That cover it.
        epochs: After which it is learned by heart.
        loss: That is reached then.
        least: What its first figure is above then.
        named: Whether it must be asked for by its word: another task finds its data, too.
        word: The task's, of another form of a task that is there.
        answers: How many there are about the example; of one its path is told.
        damage: What becomes of the damaged file's content.
        learned: How many examples there are to train on.
        tested: How many to test by.
    """

    net: str
    make: Callable[[Path], tuple[Path, Any, Path]]
    engines: tuple[str, ...] = ("torch", "native")
    epochs: int = 30
    loss: float = 0.3
    least: float = 0.9
    named: bool = False
    word: str = ""
    answers: int = 1
    damage: Callable[[bytes], bytes] = lambda content: b"\0\1\2" * 30
    learned: int = TRAIN
    tested: int = TEST


def pictures(root: Path) -> tuple[Path, Any, Path]:
    """Bright and dark images in class folders."""
    chance = np.random.default_rng(0)
    for part, count in (("train", TRAIN), ("test", TEST)):
        for number in range(count):
            folder = root / part / ("bright", "dark")[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            pixels = chance.integers(0, 90, (12, 12, 3), np.uint8) + 160 * (number % 2 == 0)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return root, root / "test" / "dark" / "1.png", root / "train" / "dark" / "1.png"


def painted(root: Path) -> tuple[Path, Any, Path]:
    """The same, and a class to make a picture of."""
    data, _, damaged = pictures(root)
    return data, "dark", damaged


def cells(root: Path) -> tuple[Path, Any, Path]:
    """Bright squares with masks."""
    written.cells(root, TRAIN, TEST)
    return root, root / "test" / "images" / "3.png", root / "train" / "images" / "1.png"


def boxes(root: Path) -> tuple[Path, Any, Path]:
    """Bright and dark rectangles with boxes."""
    boxed.yolo(root, {"train": TRAIN, "test": TEST})
    return root, root / "images" / "test" / "im017.png", root / "images" / "train" / "im001.png"


def discs(root: Path) -> tuple[Path, Any, Path]:
    """Two bright discs that touch in each image, and label images with a number for each."""
    objects.discs(root, TRAIN, TEST)
    return root, root / "test" / "images" / "17.png", root / "train" / "images" / "1.png"


def joints(root: Path) -> tuple[Path, Any, Path]:
    """Three squares whose middles are joints, in a table."""
    posed.table(root, {"train": TRAIN, "test": TEST})
    return root, root / "images" / "im017.png", root / "images" / "im001.png"


def moving(root: Path) -> tuple[Path, Any, Path]:
    """A square that moves up or to the right, in arrays of a clip each."""
    scenes.arrays(root, TRAIN, TEST)
    return root, root / "test" / "up" / "1.npy", root / "train" / "up" / "0.npy"


def bands(root: Path) -> tuple[Path, Any, Path]:
    """Fields of three classes in an image of many bands."""
    cubes.arrays(root)
    return root, root / "scene.npy", root / "scene.npy"


def voxels(root: Path) -> tuple[Path, Any, Path]:
    """Two blocks in volumes, with labels."""
    scans.arrays(root, TRAIN, TEST)
    return root, root / "volumes" / "s17_image.npy", root / "volumes" / "s01_image.npy"


def places(root: Path) -> tuple[Path, Any, Path]:
    """One bright or dark square in each image, on the left or on the right, with its box."""
    (root / "ImageSets" / "Main").mkdir(parents=True)
    chance = np.random.default_rng(0)
    for part, first, count in (("train", 0, TRAIN), ("test", TRAIN, TEST)):
        for number in range(first, first + count):
            kind, left = number % 2, 4 + 24 * (number // 2 % 2)
            pixels = chance.integers(100, 140, (*boxed.SIZE, 3), np.uint8)
            pixels[12:28, left : left + 16] = (230, 20)[kind]
            Image.fromarray(pixels).save(root / f"im{number:03}.png")
            (root / f"im{number:03}.xml").write_text(boxed.xml("", [(kind, left, 12, left + 16, 28)]))
        names = [f"im{number:03}" for number in range(first, first + count)]
        (root / "ImageSets" / "Main" / f"{part}.txt").write_text("\n".join(names))
    return root, root / "im017.png", root / "im001.png"


def tagged(root: Path) -> tuple[Path, Any, Path]:
    """Squares and bars, of which an image has none, one or both, in two tables beside images."""
    (root / "images").mkdir(parents=True)
    for part, first, count in (("train", 0, TRAIN), ("test", TRAIN, TEST)):
        lines = ["path,labels"]
        for number in range(first, first + count):
            pixels = np.full((12, 12), number % 20, np.uint8)
            square, bar = number % 2, number // 2 % 2
            pixels[2:6, 2:6] += 200 * square
            pixels[9, 1:11] += 200 * bar
            Image.fromarray(pixels).save(root / "images" / f"{number}.png")
            lines.append(f"{number}.png,{' '.join(['square'] * square + ['bar'] * bar)}")
        (root / f"{part}.csv").write_text("\n".join(lines))
    return root, root / "images" / "19.png", root / "images" / "1.png"


def negatives(root: Path) -> tuple[Path, Any, Path]:
    """Pictures of light and dark squares, and their negatives."""
    chance = np.random.default_rng(0)
    for part, count in (("train", TRAIN), ("test", TEST)):
        for number in range(count):
            good = np.kron(chance.integers(0, 256, (4, 4)), np.ones((4, 4))).astype(np.uint8)
            for folder, pixels in {"input": 255 - good, "target": good}.items():
                (root / part / folder).mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(root / part / folder / f"{number}.png")
    return root, root / "test" / "input" / "3.png", root / "train" / "target" / "1.png"


def photographs(root: Path) -> tuple[Path, Any, Path]:
    """Soft spots, and a picture whose style is learned."""
    if not SQUEEZENET.is_file():
        pytest.skip(f"no {SQUEEZENET} under $STRIATE_DATA")
    for part, count in (("train", TRAIN), ("test", TEST)):
        (root / part).mkdir(parents=True)
        for number in range(count):
            small.smooth((24, 24), seed=100 * count + number).save(root / part / f"{number}.png")
    small.smooth((32, 32), seed=1, spots=10).save(root / "style.png")
    return root, root / "test" / "3.png", root / "train" / "1.png"


def ramps(root: Path) -> tuple[Path, Any, Path]:
    """Clips of a picture that grows lighter, a little more from frame to frame."""
    chance = np.random.default_rng(0)
    for part, count in (("train", TRAIN + 2), ("val", 5), ("test", 2 * TEST + 1)):
        folder = root / part / "clip"
        folder.mkdir(parents=True)
        pixels = chance.integers(0, 60, (12, 12, 3))
        for number in range(count):
            Image.fromarray((pixels + number * number // 4).astype(np.uint8)).save(folder / f"{number}.png")
    return root, root / "test" / "clip", root / "train" / "clip" / "3.png"


def tones(root: Path) -> tuple[Path, Any, Path]:
    """High and low tones."""
    sounding.words(root, TRAIN, TEST)
    return root, root / "test" / "high" / "1.wav", root / "train" / "high" / "1.wav"


def series(root: Path) -> tuple[Path, Any, Path]:
    """Bumps up and down, in series of several lengths."""
    for part, count, seed in (("TRAIN", TRAIN, 0), ("TEST", TEST, 1)):
        sounding.ts(root / f"Bumps_{part}.ts", *sounding.bumps(count, seed))
    return root, root / "Bumps_TEST.ts", root / "Bumps_TRAIN.ts"


def beats(root: Path) -> tuple[Path, Any, Path]:
    """Series of which a number beside each tells the class."""
    root.mkdir(parents=True)
    chance, parts = np.random.default_rng(0), {}
    for part, count in (("train", TRAIN), ("test", TEST)):
        labels = np.arange(count) % 2
        parts |= {
            f"x_{part}": chance.random((count, 1, 12)),
            f"y_{part}": labels,
            f"side_{part}": labels[:, None] + 0.0,
        }
    np.savez(root / "beats.npz", **parts)
    np.savez(root / "new.npz", x=np.zeros((1, 1, 12)), side=[[1.0]])
    return root / "beats.npz", root / "new.npz", root / "beats.npz"


def planned(root: Path) -> tuple[Path, Any, Path]:
    """Moves whose best action a bright square tells; of each few files one is held out."""
    games.written(root, files=1 + TRAIN // TEST * 3, count=TEST)
    return root, root / "episode-0000-000.npz", root / "episode-0001-000.npz"


def told(root: Path) -> tuple[Path, Any, Path]:
    """Squares with captions; SqueezeNet sees them."""
    if not SQUEEZENET.is_file():
        pytest.skip(f"no {SQUEEZENET} under $STRIATE_DATA")
    captioned.table(root, {"train": TRAIN, "val": 6, "test": TEST})
    return root, root / "images" / f"{TRAIN + 7:03}.png", root / "images" / "001.png"


def reviews(root: Path) -> tuple[Path, Any, Path]:
    """Sentences whose class one word tells."""
    root.mkdir(parents=True)
    for part, count in (("train", TRAIN), ("test", TEST)):
        lines = [f"{('good', 'bad')[n % 2]}\tfilm {n} is {('fine', 'dull')[n % 2]}\n" for n in range(count)]
        (root / f"{part}.tsv").write_text("".join(lines))
    return root, "this is a dull film", root / "train.tsv"


FINDER = """
three(w) = conv w@3 pad 1 -> bn -> relu
input 3x40x48
three(12) -> maxpool 2 -> three(16) -> maxpool 2 -> three(24) -> three(24) -> conv 14@1
"""
PLACER = """
three(w) = conv w@3 pad 1 -> bn -> relu
input 3x40x48
three(8) -> maxpool 2 -> three(16) -> maxpool 2 -> three(16) -> maxpool 2 -> three(16)
heads[ class: fc 2 | box: fc 4 ]
"""
LOOKER = """
three(w) = conv w@3 pad 1 -> bn -> relu
photo: input 3x40x48
maps: [maxpool 2 -> three(8) -> maxpool 2 -> three(16) -> maxpool 2 -> three(16)]
heads[ class: from maps -> fc 2 | box: from maps -> fc 4
     | again: roialign 16 from photo -> three(8) -> maxpool 2 -> three(16) -> maxpool 2 -> fc 4 ]
"""
CASCADE = """
joints = 3
three(w) = conv w@3 pad 1 -> bn -> relu
photo: input 3x40x48
heads[ first: three(8) -> maxpool 2 -> three(16) -> maxpool 2 -> three(16) -> fc 2*joints
     | second: roialign 12 from photo -> three(8) -> maxpool 2 -> fc 2*joints ]
"""
BASINS = """
classes = 2
three(w) = conv w@3 pad 1 -> bn -> relu
input 1x24x24
d: three(12) -> maxpool 2 -> three(16) -> three(16) -> upsample 2
concat[ from d | id ] -> three(12) -> conv classes@1
"""
POSER = """
joints = 2
three(w) = conv w@3 pad 1 -> bn -> relu
input 3x40x48
three(12) -> maxpool 2 -> three(16) -> three(16) -> conv joints@1
"""
RESTORER = """
input 1x12x12
conv 8@3 pad 1 -> relu -> conv 1@3 pad 1
"""
PAINTER = """
colours = 3
classes = 2
three(w) = conv w@3 pad 1
x: input (colours+1+classes)x12x12
told: [gap -> fc 16 -> relu]
from x -> three(16) -> scale[ from told -> fc c ] -> relu -> three(16) -> relu -> three(colours)
"""
CODED = """
colours = 3
classes = 2
x: input (colours+1+classes)x12x12
asked: [from x -> maps colours+1 to colours+classes]
seen: [from x -> maps 0 to colours-1 -> conv 8@4 stride 4 -> relu]
middle: [from seen -> conv 1@1]
width: [from seen -> conv 1@1 -> softplus]
sum[ from middle | from x -> maps colours -> maxpool 1 stride 4 -> scale[ from width ] ]
concat[ id | from asked -> maxpool 1 stride 4 ] -> upconv 8@4 stride 4 -> relu
picture: conv colours@3 pad 1
heads[ mean: from middle | spread: from width | made: from picture ]
"""
OPPOSED = """
colours = 3
classes = 2
x: input (colours+1+classes)x12x12
asked: [from x -> maps colours+1 to colours+classes]
picture: [from x -> maps colours to colours+classes -> conv 8@3 pad 1 -> relu -> conv colours@3 pad 1 -> tanh]
from x -> concat[ maps 0 to colours-1 | from asked ]
critic: [conv 4@4 stride 4 -> leaky 0.2 -> fc 1]
heads[ made: from picture | real: from critic | fake: from picture -> concat[ id | from asked ] -> shared critic ]
"""
STYLIST = "input 3x24x24 -> conv 8@3 pad 1 -> relu -> conv 3@3 pad 1 -> sigmoid"
CURVES = """
channels = 1
length = 20
x: input (channels+1)x(length)
counts: [maps channels]
from x -> maps 0 to channels-1 -> conv 8@5 pad same -> bn -> relu -> scale[ from counts ] -> gap -> fc 2
"""
BESIDE = """
beside = 1
length = 12
side: input beside
series: input 1x(length)
conv 4@3 -> relu -> gap -> fc 4 -> concat[ id | from side ] -> fc 2
"""
HEARER = """
frames = 40
bands = 40
input 3x(bands)x(frames)
conv 6@3 stride 2 -> relu -> maxpool 2 -> conv 8@3 -> relu -> gap -> fc 2
"""
SQUEEZENET = Path(os.environ.get("STRIATE_DATA", "")) / "squeezenet" / "squeezenet-v1.0.npz"
BETWEEN = """
input 6x12x12
conv 12@3 pad 1 -> relu -> conv 3@3 pad 1
"""
WATCHER = "input 1x4x12x12 -> conv 8@3x3x3 pad same -> relu -> gap -> fc 2"
SPECTRAL = "classes = 3\ninput 1x4x3x3 -> conv 8@3x3x3 -> relu -> fc classes"
VOXELS = "input 1x12x12x12 -> conv 8@3x3x3 pad same -> bn -> relu -> conv 3@1x1x1"
TASKS = {
    "caption": Made(captioned.TELLER, told, engines=("torch",), epochs=80, loss=0.6, least=0.5, named=True),
    "classify": Made("input 3x12x12 -> conv 6@3 -> relu -> gap -> fc 2", pictures),
    "clip": Made(WATCHER, moving, epochs=40, named=True),
    "cube": Made(SPECTRAL, bands, epochs=20, named=True, learned=208, tested=216),
    "detect": Made(FINDER, boxes, epochs=120, loss=2.5),
    "localize": Made(PLACER, places, epochs=80, loss=1.0, named=True),
    "generate": Made(PAINTER, painted, epochs=80, loss=0.9, least=0, named=True),
    "interpolate": Made(BETWEEN, ramps, epochs=60, loss=0.01, least=20, named=True, answers=4 * TEST + 1),
    "instances": Made(BASINS, discs, epochs=60, loss=1.0, named=True),
    "multilabel": Made("input 1x12x12 -> conv 8@3 -> relu -> maxpool 2 -> fc 2", tagged),
    "play": Made(games.NET, planned, epochs=60, loss=0.5, least=-1, answers=TEST, learned=3 * TRAIN),
    "pose": Made(POSER, joints, epochs=60, loss=3.0),
    "restore": Made(RESTORER, negatives, epochs=200, loss=0.002, least=28, named=True),
    "segment": Made("input 1x16x16 -> conv 8@3 pad 1 -> bn -> relu -> conv 2@3 pad 1", cells),
    "series": Made(CURVES, series, epochs=60, loss=0.3, named=True, answers=TEST),
    "speech": Made(HEARER, tones, epochs=30, loss=0.3),
    "stylize": Made(STYLIST, photographs, engines=("torch",), epochs=4, loss=1.0, least=0, named=True),
    "text": Made(WORDS, reviews, damage=lambda content: content + b"bad\ta \0 film\n"),
    "volume": Made(VOXELS, voxels, epochs=60, loss=1.0, named=True),
}
FORMS = {
    "pictures of codes": Made(CODED, painted, engines=("native",), loss=1.0, least=0, named=True, word="generate"),
    "pictures for a critic": Made(OPPOSED, painted, engines=("torch",), loss=2.0, least=0, named=True, word="generate"),
    "numbers beside series": Made(
        BESIDE, beats, engines=("torch",), epochs=60, loss=0.3, named=True, word="series", answers=1
    ),
    "stages of joints": Made(CASCADE, joints, engines=("torch",), epochs=80, loss=0.5, word="pose"),
    "a second look": Made(LOOKER, places, engines=("torch",), epochs=80, loss=2.0, least=0.8, word="localize"),
    "two stages": Made(STAGES, boxes, engines=("torch",), epochs=60, loss=5.0, word="detect"),
    "masks of boxes": Made(MASKS, discs, engines=("torch",), epochs=60, loss=5.0, word="instances"),
}
MADE = TASKS | FORMS
ANY = ("classify", "generate", "interpolate")  # they take any folders of images, for classes or for clips
ALIKE = (  # tasks of the same data
    {"caption", "multilabel"},
    {"detect", "localize"},
    {"instances", "segment"},
    {"clip", "volume"},
)
BOTH = [(word, engine) for word, made in MADE.items() for engine in made.engines]


@pytest.fixture
def where(tmp_path: Path) -> Callable[[str], tuple[Path, Any, Path]]:
    """The data of a task."""
    return lambda word: MADE[word].make(tmp_path / "data")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Any, Run]]:
    """The data of a task, an example, and a whole run of it, made once for all tests. Not to be changed."""

    @functools.cache
    def made(word: str, engine: str = "torch") -> tuple[Path, Any, Run]:
        root = tmp_path_factory.mktemp("ready")
        data, example, _ = MADE[word].make(root / "data")
        return data, example, trained(word, data, root / "run", engine)

    return made


def options(engine: str) -> dict[str, Any]:
    """How all are trained."""
    how: dict[str, Any] = {"epochs": 3, "batch": 4, "lr": 0.02, "seed": 3, "engine": engine}
    return how | {"device": "cpu", "quiet": True, "threads": 1}


def trained(word: str, data: Path, out: Path, engine: str = "torch", **changed: Any) -> Run:
    return st.train(MADE[word].net, data, out=out, task=asked_for(word), **options(engine) | changed)


def asked_for(word: str) -> str | None:
    return MADE[word].word or (word if MADE[word].named else None)


def same(ours: Path, theirs: Path) -> bool:
    """Whether two runs have the same weights, bit for bit, and the same figures."""
    one, other = (load_file(root / "model.safetensors") for root in (ours, theirs))
    rows = [[epoch.figures for epoch in Run(root).history.epochs] for root in (ours, theirs)]
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one) and rows[0] == rows[1]


def test_every_task_is_here() -> None:
    assert {task.word for task in known_tasks()} == TASKS.keys()


@pytest.mark.parametrize(("word", "engine"), BOTH)
def test_a_few_examples_are_learned_by_heart(where: Any, tmp_path: Path, word: str, engine: str) -> None:
    data, *_ = where(word)
    made = MADE[word]
    run = trained(word, data, tmp_path / "run", engine, epochs=made.epochs, augment="none")
    assert run.task.word == (made.word or word)
    if decided := run.task.decides:
        assert run.history.epochs[-1].figures[f"train_{decided}"] > 0.97
    result = run.test()
    figures = result if isinstance(result, dict) else result.to_json()
    assert figures[run.task.metrics[0].name] > made.least
    assert figures["examples"] == made.tested
    assert figures["loss"] < made.loss
    json.dumps(figures)


@pytest.mark.parametrize("word", TASKS)
def test_it_is_found_out_or_given_and_another_is_refused(where: Any, word: str) -> None:
    data, *_ = where(word)
    assert known.opened(str(data), Wish(), asked_for(word))[0] == known.opened(str(data), Wish(), word)[0]
    same_data = next((some for some in ALIKE if word in some), {word})
    for other in TASKS.keys() - {*same_data, *ANY}:
        with pytest.raises(st.InputError):
            known.opened(str(data), Wish(), other)


@pytest.mark.parametrize("word", TASKS)
def test_a_saved_task_is_the_same_task(where: Any, word: str) -> None:
    data, *_ = where(word)
    task, _ = known.opened(str(data), Wish(), asked_for(word))
    assert known.saved(json.loads(json.dumps(task.facts()))) == task
    with pytest.raises(st.InputError, match="lacks facts"):
        known.saved({"word": word})


@pytest.mark.parametrize(("word", "engine"), BOTH)
def test_it_goes_on_as_if_it_had_never_stopped(where: Any, tmp_path: Path, word: str, engine: str) -> None:
    data, *_ = where(word)
    trained(word, data, tmp_path / "whole", engine, epochs=4, schedule="constant")
    trained(word, data, tmp_path / "half", engine, epochs=2, schedule="constant")
    st.resume(tmp_path / "half", epochs=4, quiet=True)
    assert same(tmp_path / "whole", tmp_path / "half")


@pytest.mark.parametrize(("word", "engine"), BOTH)
def test_it_goes_on_within_an_epoch(
    ready: Any, tmp_path: Path, word: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after two batches of the second epoch, of which the state was kept."""
    data, _, whole = ready(word, engine)
    monkeypatch.setattr(keeper, "SHARE", math.inf)
    batch = keeper.Keeper.batch

    def stopping(self: keeper.Keeper, now: Moment) -> None:
        batch(self, now)
        if now.epoch == 2 and now.batches == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(keeper.Keeper, "batch", stopping)
    trained(word, data, tmp_path / "half", engine, keep_every=0)
    monkeypatch.undo()
    assert any("_" in path.name for path in (tmp_path / "half" / "checkpoint").iterdir())
    (tmp_path / "half" / "report.html").unlink(missing_ok=True)
    st.resume(tmp_path / "half", quiet=True)
    assert same(whole.path, tmp_path / "half")


@pytest.mark.parametrize(("word", "engine"), [(word, engine) for word, engine in BOTH if word != "text"])
def test_whoever_reads_files_the_run_is_that_from_memory(
    where: Any, tmp_path: Path, word: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sentences are always in memory."""
    data, *_ = where(word)
    trained(word, data, tmp_path / "inside", engine, epochs=2)
    monkeypatch.setattr(lazy, "MEMORY", 0)
    for workers in (0, 3):
        trained(word, data, tmp_path / f"files{workers}", engine, epochs=2, workers=workers)
        assert same(tmp_path / "inside", tmp_path / f"files{workers}")


@pytest.mark.parametrize(("word", "engine"), BOTH)
def test_a_process_that_is_killed_loses_nothing_that_was_kept(
    ready: Any, tmp_path: Path, context: Any, word: str, engine: str
) -> None:
    data, _, whole = ready(word, engine)
    how = {**options(engine), "out": tmp_path / "killed", "task": asked_for(word)}
    process = context.Process(target=killed.train_and_die, args=(MADE[word].net, data, how))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    said: list[str] = []
    resumed(tmp_path / "killed", None, {}, say=said.append)
    assert said[0].startswith("going on after epoch 1 of 3, within epoch 2; ")
    assert same(whole.path, tmp_path / "killed")


@pytest.mark.parametrize("word", MADE)
def test_it_is_asked_from_its_folder_and_from_its_weights_alone(ready: Any, tmp_path: Path, word: str) -> None:
    _, example, run = ready(word)
    shutil.copy(run.path / "model.safetensors", tmp_path / "alone.safetensors")
    answers = [Run(path).predict(example) for path in (run.path, tmp_path / "alone.safetensors")]
    assert answers[0] == answers[1]
    assert len(answers[0]) == MADE[word].answers
    answer = answers[0][0]
    told = json.loads(json.dumps(answer.to_json()))["path"]
    assert told == str(example) or MADE[word].answers > 1
    assert answer.said
    assert all(content.startswith(b"\x89PNG") for content in answer.pictures.values())


@pytest.mark.parametrize("word", MADE)
def test_its_report_shows_its_metric_and_opens_from_disk(ready: Any, tmp_path: Path, word: str) -> None:
    run = ready(word)[-1]
    page = (run.path / "report.html").read_text()
    assert run.history.metric.words in page
    assert "<script" not in page
    assert "://" not in page.replace("http://www.w3.org", "")
    run.test(report=tmp_path / "test.html")
    assert (tmp_path / "test.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("word", MADE)
def test_what_is_damaged_is_named_or_refused(where: Any, tmp_path: Path, word: str) -> None:
    data, _, damaged = where(word)
    damaged.write_bytes(MADE[word].damage(damaged.read_bytes()))
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("striate.runs.training.voice", lambda quiet: said.append)
        try:
            trained(word, data, tmp_path / "run")
        except st.InputError as error:
            said.append(str(error))
    assert any(damaged.name in line for line in said), said
    with pytest.raises(st.InputError, match=damaged.name):
        trained(word, data, tmp_path / "refused", bad="refuse")
