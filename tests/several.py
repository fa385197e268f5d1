"""Processes that train together, for tests to start."""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from striate import start
from striate.data import lazy
from striate.runs import doing
from striate.runs.planning import Request, planned
from striate.tasks.generated import MADE
from striate.tasks.saying import silent
from striate.training.fields import Fields
from striate.training.history import History
from striate.training.moment import Moment
from striate.training.options import Options
from striate.training.processes import started
from striate.training.progress import Quiet
from striate.training.together import TogetherEngine

DIES = "DIES_AT_STEP"  # in the environment: when the second process ends itself, the first time


class Noting(Quiet):
    """Notes the loss of each batch, the figures of each epoch, and how bright each picture is that was made."""

    def __init__(self) -> None:
        self.losses, self.figures, self.before = list[float](), list[dict[str, float]](), Moment()
        self.made = dict[str, float]()

    def batch(self, now: Moment) -> None:
        """One more."""
        before = self.before if self.before.epoch == now.epoch else Moment()
        seen = sum(now.parts.values()) - sum(before.parts.values())
        self.losses.append(seen / (now.done - before.done))
        self.before = now

    def measured(self, rows: Fields) -> None:
        """Pictures that were made, where some were."""
        pictures = rows[MADE].double().flatten(1).mean(1).tolist() if MADE in rows else []
        self.made = {f"{MADE} {number}": bright for number, bright in enumerate(pictures)}

    def epoch(self, history: History) -> None:
        """One more."""
        self.figures.append(dict(history.epochs[-1].figures) | self.made)


def trains(
    rank: int, world: int, port: int, net: str, data: str, how: dict[str, Any], sync: bool, task: str | None, out: Path
) -> None:
    """Train as one of several, and write down what there was to see."""
    places = {"RANK": rank, "WORLD_SIZE": world, "LOCAL_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in places.items()})
    lazy.MEMORY = 0  # what is in files stays there
    noting = Noting()
    doing.Quiet = lambda: noting  # type: ignore[misc, assignment]
    with started("cpu", sync) as ours:
        asked = Request(
            net, data, Options(**how), task, engine="torch", device="cpu", threads=1, workers=0, processes=ours
        )
        plan, parts, _ = planned(asked)
        doing.follow(plan, parts, None, None, silent)
    out.write_text(json.dumps([noting.losses, noting.figures]))


def together(
    context: Any, world: int, out: Path, *how: Any, task: str | None = None
) -> tuple[list[float], list[dict[str, float]]]:
    """What the processes saw: each the same."""
    port = free_port()
    paths = [out / f"{world}-{rank}.json" for rank in range(world)]
    children = [
        context.Process(target=trains, args=(rank, world, port, *how, task, paths[rank])) for rank in range(world)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    texts = {path.read_text() for path in paths}
    assert len(texts) == 1
    losses, figures = json.loads(texts.pop())
    return losses, figures


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    """`striate`, but for the second process, which is killed once."""
    learn, steps = TogetherEngine.learn, int(os.environ.get(DIES, 0))

    def dying(self: TogetherEngine, batch: Any) -> Any:
        if self.pace.steps == steps and os.environ["RANK"] == "1" and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            os.kill(os.getpid(), signal.SIGKILL)
        return learn(self, batch)

    if steps:
        TogetherEngine.learn = dying  # type: ignore[method-assign]
    sys.argv[0] = "striate"
    start.main()


if __name__ == "__main__":
    main()
