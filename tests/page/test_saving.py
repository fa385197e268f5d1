"""What is written for a page by itself, and what is refused; what the browser makes of it is in `test_static`."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from striate.cli.see import command
from striate.errors import InputError, WorkError
from striate.page import save_page
from striate.page.inlined import modules
from striate.runs.run import Run
from striate.runs.training import train

NET = "input 1x8x8 -> conv 2@3x3 -> relu -> fc 10"
needs_zig = pytest.mark.skipif(find_spec("ziglang") is None, reason="there is no ziglang")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network of the digits that need no file."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train(NET, "digits", epochs=1, seed=0, out=out, quiet=True)
    return out


def refused(tmp_path: Path, net: str) -> str:
    """Why there is no page of this network."""
    made = train(net, "digits", epochs=1, seed=0, out=tmp_path / "run", quiet=True)
    with pytest.raises(InputError) as caught:
        save_page(made, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    return str(caught.value)


@needs_zig
def test_the_command_writes_the_page(run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [str(run), "--static", str(tmp_path / "page.html")])
    assert done.stdout == f"{tmp_path / 'page.html'}\n"
    assert "kB, opens in any browser" in done.stderr
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)="(?!data:)""", text), "nothing is fetched"
    (held,) = re.findall(r'<script type="application/json" id="held">(.*?)</script>', text)
    found = json.loads(held)
    assert [one["place"] for one in found["where"]] == ["the input", "conv1", "relu1", "relu1", "fc1"]
    assert found["examples"]["labels"].count(3) == 30
    assert [text.splitlines()[-1] for text in found["last"]["texts"]][:2] == ["fc 10", "fc 11"]


@needs_zig
def test_a_run_whose_data_are_gone_has_a_page_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "gone.npz", x=rng.integers(0, 256, (40, 8, 8), np.uint8), y=np.arange(40) % 10)
    made, said = train(NET, tmp_path / "gone.npz", epochs=1, seed=0, out=tmp_path / "run", quiet=True), list[str]()
    (tmp_path / "gone.npz").unlink()
    save_page(made, tmp_path / "page.html", say=said.append)
    assert any(line.startswith("the page holds no training examples (") for line in said)


def test_a_layer_that_the_engine_lacks_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, "input 1x8x8 -> a: conv 2@3x3 pad same -> conv 1@1x1 -> shared a -> fc 10")
    assert said == "the native engine lacks 'shared'; `striate see RUN` shows it"


def test_a_place_that_cannot_be_written(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.page.saving._held", lambda *given: {})
    with pytest.raises(WorkError, match=r"can't write .*no-such-folder"):
        save_page(Run(run), tmp_path / "no-such-folder" / "page.html")


def test_other_tasks_are_refused(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Run(run)
    monkeypatch.setattr("striate.page.saving.Classify", type("Other", (), {}))
    with pytest.raises(InputError, match="a page by itself is for classifiers of images"):
        save_page(opened, tmp_path / "page.html")


def test_every_import_is_in_the_page() -> None:
    found = modules()
    for text in found.values():
        assert not re.search(r'(from|import)\s*\(?"\./', text)
        assert set(re.findall(r'from "([\w-]+\.js)"', text)) <= found.keys()
