"""A trained run, its page, and a browser, shared by the tests of the page."""

from collections.abc import Iterator
from typing import Any

import pytest

from striate.page import see
from striate.runs.run import Run
from striate.runs.training import train
from tests.page.browsing import settled


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """LeNet-5 after an epoch on MNIST."""
    return train("lenet5", "mnist", epochs=1, seed=0, out=tmp_path_factory.mktemp("runs") / "run", quiet=True)


@pytest.fixture(scope="session")
def address(run: Run) -> Iterator[str]:
    """Where its page is."""
    with see(run, browser=False) as server:
        yield server.address


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """The page, which must not complain."""
    made, complaints = chromium.new_page(viewport={"width": 1440, "height": 900}), list[str]()
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.goto(address)
    settled(made)
    yield made
    made.close()
    assert not complaints
