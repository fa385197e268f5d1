"""The page by itself in a real browser: from the disk, offline, the answers of PyTorch; and what it learns there."""

import base64
import io
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from striate import data
from striate.data.fetch import data_folder
from striate.inside.arithmetic import worked
from striate.inside.tracing import traced
from striate.page import save_page
from striate.page.seeing import of_run
from striate.runs.run import Run
from striate.runs.training import train
from tests.page.browsing import BROWSER, serious
from tests.page.opening import Shown, shown, star

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(find_spec("ziglang") is None, reason="there is no ziglang"),
    pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set"),
]
LINKS = "([value, at]) => shown.links(0, value, at, Array.from({ length: 20 }, (_, i) => i))"
WORK = "([call, at]) => shown.work(0, call, at).catch((error) => error.message)"
CLOSE, SAME = 1e-4, 1e-5
JOINED = """input 1x8x8 -> conv 4@3x3 pad same -> bn -> relu -> concat[ id | conv 2@1x1 -> tanh ]
-> scale[ gap -> fc c/2 -> relu -> fc c -> sigmoid ] -> residual[ conv 6@3x3 pad same groups 2 -> bn ]
-> dropout 0.5 -> lrn -> maxpool 3 stride 2 pad 1 -> fc 10 -> softmax"""


@pytest.fixture(scope="module")
def file(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page."""
    return save_page(run, tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture(scope="module")
def residual(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """ResNet-20 that has hardly learned, on colours of CIFAR's size."""
    place, rng = tmp_path_factory.mktemp("colours"), np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (100, 32, 32, 3), np.uint8), np.arange(100) % 10
    np.savez(place / "colours.npz", x=images, y=labels)
    return train("resnet20", place / "colours.npz", epochs=1, seed=0, out=place / "run", quiet=True)


@pytest.fixture
def page(chromium: Any, file: Path) -> Iterator[Shown]:
    """The page of LeNet-5."""
    with shown(chromium, file, viewport={"width": 1440, "height": 900}) as made:
        yield made


@pytest.fixture(scope="module")
def digits(run: Run) -> tuple[torch.Tensor, torch.Tensor]:
    """MNIST's test digits as the network reads them, and their labels."""
    test = data.load("mnist").test
    assert test is not None
    assert run.recipe is not None
    return run.recipe(test.images), test.labels


def on_paper(page: Shown) -> Image.Image:
    """What is drawn, as its file."""
    text = page.page.evaluate("document.querySelector('#paper').toDataURL('image/png')")
    return Image.open(io.BytesIO(base64.b64decode(text.partition(",")[2])))


def test_receptive_fields_are_the_servers(page: Shown, run: Run) -> None:
    live = of_run(run)
    live.look(Image.new("L", (28, 28)), [0])
    given = {call["name"]: call["gives"][0] for call in live.graph()["calls"]}
    for name, at in [("conv1", (2, 0, 27)), ("avgpool1", (5, 13, 1)), ("conv2", (3, 2, 1)), ("conv3", (7, 0, 0))]:
        wanted = [one for one in live.links(1, given[name], at, range(20)) if one["kind"] == "source"]
        found = page.page.evaluate(LINKS, [given[name], at])
        assert sorted(found, key=lambda one: one["number"]) == sorted(wanted, key=lambda one: one["number"]), name


def test_its_answers_are_pytorchs(page: Shown, run: Run, file: Path, digits: tuple[torch.Tensor, ...]) -> None:
    inputs = digits[0][:1000]
    with torch.no_grad():
        wanted = run.model()(inputs).numpy()
    found = page.outputs(inputs.numpy())
    assert file.stat().st_size <= 700_000
    assert np.abs(found[:, :10] - wanted).max() < CLOSE
    assert found[:, 10:].max() < -1000, "classes that nobody has added"


def test_residual_networks_too(chromium: Any, residual: Run, tmp_path: Path) -> None:
    file = save_page(residual, tmp_path / "page.html")
    inputs = torch.randn(100, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with shown(chromium, file) as page, torch.no_grad():
        assert np.abs(page.outputs(inputs.numpy())[:, :10] - residual.model()(inputs).numpy()).max() < CLOSE
        check_values(page, residual, inputs[:1])
        page.draw(star(random.Random(0)))
        read = page.numbers("return window.shown.value(0)")
        assert np.abs(read - residual.read(on_paper(page)).numpy().ravel()).max() < SAME
        page.page.locator("button:has-text('Open')").first.click()
        page.page.wait_for_selector(".card h3:text('basic7.residual1: add')")
    assert file.stat().st_size <= 2_200_000


def check_values(page: Shown, run: Run, inputs: torch.Tensor) -> None:
    """Every value of every layer, for one input, is PyTorch's."""
    for number, value in enumerate(traced(run.model(), inputs).values):
        code = f"engine.evaluate(a); return window.shown.value({number})"
        assert np.abs(page.numbers(code, inputs.numpy()) - value.numpy().ravel()).max() < CLOSE, number


def test_every_value_of_every_layer(page: Shown, run: Run, digits: tuple[torch.Tensor, ...]) -> None:
    check_values(page, run, digits[0][7:8])


def test_joins_and_a_softmax_at_the_end(chromium: Any, tmp_path: Path) -> None:
    made = train(JOINED, "digits", epochs=1, seed=0, out=tmp_path / "run", quiet=True)
    inputs = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with shown(chromium, save_page(made, tmp_path / "page.html")) as page:
        check_values(page, made, inputs)
        page.draw(star(random.Random(0)))
        assert check_work(page, made) == ["cat", "mul", "LocalResponseNorm", "LastSoftmax"]


def test_drawings_are_read_as_python_reads_them(page: Shown, run: Run) -> None:
    rng = random.Random(1)
    for strokes in (1, 1, 2, 1):
        page.page.click("#clear")
        for _ in range(strokes):
            page.draw(star(rng)[: rng.randint(2, 6)])
        found = page.numbers("return window.shown.value(0)")
        assert np.abs(found - run.read(on_paper(page)).numpy().ravel()).max() < SAME
    page.page.click("#clear")
    page.settled()
    assert np.ptp(page.numbers("return window.shown.value(0)")) == 0, "empty paper"


def test_images_from_files_are_read_as_python_reads_them(page: Shown, run: Run, tmp_path: Path) -> None:
    test = data.load("mnist").test
    assert test is not None
    small = Image.fromarray(test.images[3, 0].numpy())
    for name, image in {
        "small": small,
        "dark": small.point(lambda one: 255 - one),
        "large": small.resize((90, 57)),
    }.items():
        image.save(tmp_path / f"{name}.png")
        before = page.page.evaluate("document.body.dataset.frame")
        page.page.set_input_files("#file", tmp_path / f"{name}.png")
        page.page.wait_for_function("(before) => document.body.dataset.frame !== before", arg=before)
        page.settled()
        found = page.numbers("return window.shown.value(0)")
        assert np.abs(found - run.read(tmp_path / f"{name}.png").numpy().ravel()).max() < SAME, name


def test_the_arithmetic_is_the_servers(page: Shown, run: Run) -> None:
    page.draw(star(random.Random(2)))
    assert check_work(page, run) == []


def check_work(page: Shown, run: Run) -> list[str]:
    """The arithmetic of a value of each layer is what the server says; the kinds of those that only it shows."""
    trace, others = traced(run.model(), run.read(on_paper(page))), list[str]()
    for number, call in enumerate(trace.calls):
        at = tuple(size // 2 for size in trace.values[call.gives[0]].shape[1:])
        work = page.page.evaluate(WORK, [number, at])
        if isinstance(work, str):
            assert work == f"the arithmetic of {call.name} is shown by `striate see` only"
            others.append(call.kind)
            continue
        wanted = worked(trace, call, at)
        assert work["value"] == pytest.approx(wanted.value, abs=CLOSE)
        assert work["how"] == wanted.how
        places = [(term["place"], term["times"]) for term in work["terms"]]
        assert places == [(list(term.place), pytest.approx(term.times, abs=SAME)) for term in wanted.terms], call.name
    return others


def test_a_step_is_pytorchs(page: Shown, run: Run, digits: tuple[torch.Tensor, ...]) -> None:
    inputs, labels = digits[0][:32], digits[1][:32]
    model = run.model()
    for name, optimizer, number in (
        ("sgd", torch.optim.SGD(model.parameters(), 0.01), 0),
        ("adam", torch.optim.Adam(model.parameters(), 0.001), 5),
    ):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        found = page.numbers(
            f"const rule = {{ ...window.shown.learner.rule, kind: {number}, rate: {optimizer.param_groups[0]['lr']} }};"
            "engine.steps = 0; return Float32Array.of(engine.step(a, [...b], rule))",
            inputs.numpy(),
            labels.numpy(),
        )
        assert found[0] == pytest.approx(loss.item(), abs=SAME), name
        for key, tensor in model.state_dict().items():
            code = f"return Float32Array.from(engine.rows('{key}').flatMap((row) => [...row]))"
            rows: NDArray[np.float32] = page.numbers(code)[: tensor.numel()]
            assert np.abs(rows - tensor.numpy().ravel()).max() < 2 * SAME, (
                name,
                key,
            )  # adam divides by what is nearly 0


def test_an_eleventh_sign_is_learned_and_kept(
    page: Shown, digits: tuple[torch.Tensor, ...], run: Run, tmp_path: Path
) -> None:
    inputs, labels, rng = digits[0].numpy(), digits[1].numpy(), random.Random(0)
    before = (page.outputs(inputs).argmax(1) == labels).mean()
    page.teach(rng, 10)
    page.learn()
    after = (page.outputs(inputs).argmax(1) == labels).mean()
    right = 0
    for _ in range(10):
        page.page.click("#clear")
        page.draw(star(rng))
        right += page.answered() == "star"
    assert before - after <= 0.01
    assert right >= 9
    with page.page.expect_download() as download:
        page.page.click("#keep")
    kept = tmp_path / "taught.safetensors"
    download.value.save_as(kept)
    opened = Run(kept, "cpu")
    assert opened.classes == (*run.classes, "star")
    assert opened.notes == [], "its checksum is right"
    with torch.no_grad():
        wanted = opened.model()(digits[0][:1000]).numpy()
    assert np.abs(page.outputs(inputs[:1000])[:, :11] - wanted).max() < CLOSE
    on_paper(page).save(tmp_path / "star.png")
    assert opened.predict(tmp_path / "star.png")[0].label == page.answered()
    assert "learned further in a page" in opened.config["decisions"][-1]


def test_what_is_missing_is_said(page: Shown) -> None:
    page.page.click("#learn")
    page.page.wait_for_selector("#learned:has-text('add an example first')")
    page.page.select_option("#sign", "")
    page.page.click("#add")
    page.page.wait_for_selector("#learned:has-text('say what the new sign is called')")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "dark")])
def test_it_fits_any_screen(chromium: Any, file: Path, width: int, scheme: str) -> None:
    with shown(chromium, file, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious(page.page) == []
