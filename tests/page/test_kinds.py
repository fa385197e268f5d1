"""The page of networks that read sentences or give masks; every value is PyTorch's."""

import base64
import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.losses import masked
from striate.page.application import LETTERS, Application
from striate.page.seeing import of_run, see
from striate.runs.run import Run
from tests import boxed, objects, posed
from tests.page.browsing import BROWSER, settled
from tests.page.looking import Seen, check_values

KIM = """
classes = 2
words = 20
length = 9
input length
embed (words)x20 -> concat[ conv 8@3 -> relu -> gmp | conv 8@4 -> relu -> gmp ] -> fc classes
"""
OPEN = "input 1x?x? -> conv 4@3 -> relu -> gap -> fc 10"
UNET = """
twice(w) = [conv w@3 pad 1 nobias -> bn -> relu]*2
input 1x?x?
d: twice(4) -> maxpool 2 -> twice(8) -> upconv 4@2 stride 2 -> concat[ from d | id ] -> twice(4) -> conv 2@1
"""

FINDER = "input 3x40x48 -> conv 12@3 pad 1 -> bn -> relu -> maxpool 4 -> conv 16@3 pad 1 -> bn -> relu -> conv 14@1"
TWO = """
input 3x40x48
conv 8@3 pad 1 -> relu -> maxpool 4 -> maps: conv 8@3 pad 1
heads[ rpn: from maps -> heads[ object: conv 2@1 | box: conv 8@1 ]
     | roi: roialign 3 from maps -> heads[ class: fc 3 | box: fc 8 ] ]
"""


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("sentences")
    words = {"good": ("fine", "great", "lovely"), "bad": ("dull", "weak", "poor")}
    lines = [f"{label}\ta {word} film number {n}\n" for n in range(8) for label in words for word in words[label]]
    (place / "films.tsv").write_text("".join(lines))
    return st.train(KIM, place / "films.tsv", epochs=1, out=place / "run", quiet=True)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place, chance = tmp_path_factory.mktemp("cells"), np.random.default_rng(0)
    for part in ("images", "masks"):
        (place / "set" / part).mkdir(parents=True)
    for number in range(8):
        pixels, mask = chance.normal(90, 20, (40, 48)), np.zeros((40, 48), np.uint8)
        mask[number : number + 15, 10:30] = 255
        pixels[mask > 0] += 80
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(place / "set" / "images" / f"{number}.png")
        Image.fromarray(mask).save(place / "set" / "masks" / f"{number}.png")
    return st.train(UNET, place / "set", epochs=1, out=place / "run", quiet=True)


def test_values_of_a_network_of_sentences(sentences: Run) -> None:
    check_values(of_run(sentences), "a fine film", sentences.model())


def test_values_of_a_u_net(cells: Run) -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 48)).astype(np.uint8))
    check_values(of_run(cells), image, cells.model())


def test_a_sentence_is_answered_as_by_predict(sentences: Run) -> None:
    application = Application(of_run(sentences))
    assert application.live.graph()["reads"] == "text"
    answer = application.answer("POST", "/look", {"shown": ["0"]}, b"a great film number unheard")
    header = Seen.of(answer.body).header
    (said,) = sentences.predict("a great film number unheard")
    assert header["answer"][0]["label"] == said.label
    assert header["answer"][0]["probability"] == pytest.approx(said.probability, rel=1e-5)
    assert [word for word in header["words"] if word != "·"] == ["a", "great", "film", "number", "<unknown>"]
    assert len(header["words"]) == sentences.shape[0]


@pytest.mark.parametrize("sent", [b"", "œuvre 良い 🎬".encode(), b"/etc/passwd", b"x " * (LETTERS // 2)])
def test_whatever_is_typed_is_a_sentence(sentences: Run, sent: bytes) -> None:
    answer = Application(of_run(sentences)).answer("POST", "/look", {"shown": ["0"]}, sent)
    assert answer.status == 200
    words = [word for word in Seen.of(answer.body).header["words"] if word != "·"]
    assert set(words) <= {"<unknown>", *sentences.task.vocabulary}
    assert sent != b"/etc/passwd" or len(words) <= 4, "the file is not read"


@pytest.mark.parametrize(("sent", "why"), [(b"\xff\xfe", b"UTF-8"), (b"x" * (LETTERS + 1), b"at most")])
def test_what_is_no_sentence_gets_a_line(sentences: Run, sent: bytes, why: bytes) -> None:
    answer = Application(of_run(sentences)).answer("POST", "/look", {"shown": ["0"]}, sent)
    assert answer.status == 422
    assert why in answer.body


@pytest.mark.parametrize("size", [(40, 48), (48, 40), (301, 17), (1, 1)])
def test_a_mask_is_shown_over_the_picture(cells: Run, size: tuple[int, int]) -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8))
    page = of_run(cells)
    header = Seen.of(page.look(image, [0]).as_bytes()).header
    with Image.open(io.BytesIO(base64.b64decode(header["picture"]))) as picture:
        assert picture.width >= cells.task.tile[1]
    assert sum(one["probability"] for one in header["answer"]) == pytest.approx(1)
    with torch.no_grad():
        called = cells.model()(page.read(image)).argmax(1)
    shares = {one["label"]: one["probability"] for one in header["answer"]}
    assert shares[cells.task.classes[1]] == pytest.approx(float((called == 1).float().mean()), abs=1e-6)


@pytest.mark.parametrize("size", [(40, 48), (301, 17), (1, 1)])
def test_boxes_are_shown_on_the_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    """As many of each class as `predict` tells of what the page reads, in a picture of the canvas."""
    root, net = boxed.voc(tmp_path / "boxes", {"train": 8, "test": 4}), FINDER
    run = st.train(net, root, epochs=8, batch=4, lr=0.02, out=tmp_path / "run", quiet=True)
    page, image = of_run(run), Image.open(root / "JPEGImages" / "im001.png").resize(size[::-1])
    check_values(page, image, run.model())
    header = Seen.of(page.look(image, [0]).as_bytes()).header
    with Image.open(io.BytesIO(base64.b64decode(header["picture"]))) as picture:
        assert picture.width % boxed.SIZE[1] == 0
    (answer,) = run.predict(image)
    told = {one["label"]: one["probability"] for one in header["answer"]}
    kinds = [one["class"] for one in answer.values["objects"]]
    assert sorted(told) == sorted(f"{kinds.count(name)} {name}" for name in set(kinds))


def restoring(net: str, degrade: str, place: Path) -> Run:
    """Trained for an epoch on pictures of chance."""
    chance = np.random.default_rng(0)
    (place / "set").mkdir()
    for number in range(6):
        pixels = chance.integers(0, 256, (20, 24, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(place / "set" / f"{number}.png")
    return st.train(net, place / "set", degrade=degrade, epochs=1, out=place / "run", quiet=True)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_the_edge_between_before_and_after_can_be_moved(tmp_path: Path, chromium: Any) -> None:
    """Where the edge is at 80 %, a place at 70 % is of the picture before, and one at 90 % of that after."""
    run = restoring("input 3x16x16 -> conv 3@3 pad 1", "noise:25", tmp_path)
    with see(run, browser=False) as server:
        page = chromium.new_page()
        page.goto(server.address)
        settled(page)
        page.set_input_files("#file", str(tmp_path / "set" / "0.png"))
        page.wait_for_selector("body[data-frame='2'][data-waiting=false]")
        page.locator("#picture input").fill("80")
        shown = np.array(Image.open(io.BytesIO(page.locator("#picture > div").screenshot())).convert("RGB"), float)
        sent = page.locator("#picture img").first.get_attribute("src").split(",")[1]
        page.close()
    both = Image.open(io.BytesIO(base64.b64decode(sent))).convert("RGB")
    large = np.array(both.resize((2 * shown.shape[1], shown.shape[0]), Image.Resampling.BILINEAR), float)
    before, after = np.split(large, 2, axis=1)
    edge = round(0.8 * shown.shape[1])
    for place, here, other in ((slice(4, edge - 4), before, after), (slice(edge + 4, -4), after, before)):
        near, far = (np.abs(shown - one)[:, place].mean() for one in (here, other))
        assert near < far / 4


@pytest.mark.parametrize("net", ["input 1x8x8 -> conv 4@3 pad 1 -> shuffle 2", "input 3x8x8 -> conv 3@3 pad 1"])
def test_a_restored_picture_is_shown_beside_what_was_read(tmp_path: Path, net: str) -> None:
    chance = np.random.default_rng(0)
    run = restoring(net, "bicubic:2" if "shuffle" in net else "noise:25", tmp_path)
    page = of_run(run)
    for size in ((8, 8), (301, 17), (1, 1)):
        image = Image.fromarray(chance.integers(0, 256, (*size, 3)).astype(np.uint8))
        check_values(page, image, run.model())
        header = Seen.of(page.look(image, [0]).as_bytes()).header
        with Image.open(io.BytesIO(base64.b64decode(header["picture"]))) as picture:
            assert picture.width == 2 * picture.height


BASINS = "input 1x24x24 -> conv 8@3 pad 1 -> relu -> conv 2@3 pad 1"


MASKS = """
input 1x24x24
maps: [conv 8@3 pad 1 -> relu]
heads[ rpn: from maps -> maxpool 4 -> heads[ object: conv 2@1 | box: conv 8@1 ]
     | roi: roialign 4 from maps -> heads[ class: fc 2 | box: fc 4 ]
     | mask: roialign 6 from maps -> conv 1@1 ]
"""


@pytest.mark.parametrize("net", [BASINS, MASKS])
def test_objects_are_shown_over_the_picture(tmp_path: Path, net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "SURE", 0.1)  # of networks that have hardly learned
    root = objects.discs(tmp_path / "data", 8, 4)
    run = st.train(net, root, epochs=1, batch=4, out=tmp_path / "run", task="instances", quiet=True)
    page, image = of_run(run), Image.open(root / "test" / "images" / "9.png")
    header = Seen.of(page.look(image, [0]).as_bytes()).header
    with Image.open(io.BytesIO(base64.b64decode(header["picture"]))) as picture:
        assert picture.size[0] % 24 == 0
    (answer,) = run.predict(image)
    assert sum(int(one["label"].split()[0]) for one in header["answer"]) == len(answer.values["objects"])
    check_values(page, image, run.model())


PLACER = "input 3x40x48 -> conv 8@3 pad 1 -> relu -> maxpool 4 -> heads[ class: fc 2 | box: fc 4 ]"
POSER = "joints = 3\ninput 3x40x48 -> conv 12@3 pad 1 -> relu -> maxpool 4 -> conv joints@1"
CASCADE = """
joints = 3
photo: input 3x40x48
heads[ first: conv 8@3 -> relu -> gap -> fc 2*joints
     | second: roialign 8 from photo -> conv 8@3 -> relu -> fc 2*joints ]
"""


@pytest.mark.parametrize(
    ("net", "make", "task"),
    [
        (TWO, boxed.voc, None),
        (PLACER, partial(boxed.voc, most=1), "localize"),
        (POSER, posed.table, None),
        (CASCADE, posed.table, None),
    ],
    ids=["two stages", "a place", "joints", "stages"],
)
def test_places_are_shown_on_the_picture(tmp_path: Path, net: str, make: Any, task: str | None) -> None:
    root = make(tmp_path / "data", {"train": 8, "test": 4})
    run = st.train(net, root, epochs=1, batch=4, out=tmp_path / "run", task=task, quiet=True)
    page, image = of_run(run), Image.open(next(root.rglob("im001.png")))
    header = Seen.of(page.look(image, [0]).as_bytes()).header
    with Image.open(io.BytesIO(base64.b64decode(header["picture"]))) as picture:
        assert picture.width % run.task.size[1] == 0
    check_values(page, image, run.model())
    assert page.graph()["outputs"]


def test_networks_of_signals_are_refused(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 1, 16)).astype(np.float32)
    np.savez(tmp_path / "waves.npz", x=rows, y=np.arange(40) % 2)
    run = st.train("input 1x16 -> fc 2", tmp_path / "waves.npz", epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(st.InputError, match="live page is for"):
        st.see(run, browser=False)


def test_networks_of_open_size_are_seen_at_the_size_that_was_learned_from(tmp_path: Path) -> None:
    run = st.train(
        "input 1x?x? -> conv 4@3 -> relu -> gap -> fc 10", "digits", epochs=1, out=tmp_path / "run", quiet=True
    )
    header = Seen.of(of_run(run).look(Image.new("L", (50, 30)), [0]).as_bytes()).header
    assert header["values"][0]["shape"] == [1, 8, 8]
