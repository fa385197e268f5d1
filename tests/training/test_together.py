"""Several processes train one network: the same steps as one process makes, and the same run when one of them dies."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import striate as st
from striate.errors import InputError
from striate.layers.sync_norm import synchronised
from striate.runs.run import Run
from striate.training.options import Options
from striate.training.processes import Processes, carried_out, own_device, started
from striate.training.together import check_sharded, rows_of
from tests import several, written

PLAIN = "input 1x8x8 -> conv 8@3 nobias -> relu -> dropout 0.2 -> residual[ conv 8@3 pad 1 ] -> fc 10"
NORMED = "input 1x8x8 -> conv 8@3 nobias -> bn -> relu -> dropout 0.2 -> fc 10"
LARGE = "input 1x8x8 -> conv 8@3 nobias -> bn -> relu -> residual[ conv 8@3 pad 1 ] -> fc 400 -> dropout 0.2 -> fc 10"
FLOW = "colours = 1\nclasses = 1\ninput (colours+1+classes)x?x? -> conv 8@3 pad 1 -> swish -> conv colours@3 pad 1"
HOW = {"epochs": 5, "batch": 63, "lr": 0.02, "optimizer": "momentum", "augment": "shift:1,rotate:5", "seed": 2}


@pytest.mark.parametrize(("net", "sync"), [(PLAIN, False), (NORMED, True)])
def test_the_losses_of_one_two_and_three_processes_agree(context: Any, tmp_path: Path, net: str, sync: bool) -> None:
    """1,295 images in batches of 63: the last has 35, and the parts differ in size."""
    (one, figures), (two, as_two), (three, _) = (
        several.together(context, world, tmp_path, net, "digits", HOW, sync) for world in (1, 2, 3)
    )
    assert len(one) == 105
    np.testing.assert_allclose(two[:100], one[:100], rtol=0, atol=1e-5)
    np.testing.assert_allclose(three[:100], one[:100], rtol=0, atol=1e-5)
    for ours, theirs in zip(figures, as_two, strict=True):
        assert theirs == pytest.approx(ours, rel=1e-4)


def test_batch_norm_of_each_part_is_another(context: Any, tmp_path: Path) -> None:
    """Or the test above would show nothing about it."""
    (one, _), (two, _) = (
        several.together(context, w, tmp_path, NORMED, "digits", HOW | {"epochs": 1}, False) for w in (1, 2)
    )
    assert np.abs(np.subtract(one, two)).max() > 1e-3


def test_a_last_batch_smaller_than_the_processes_counts(context: Any, tmp_path: Path) -> None:
    """1,295 = 9 · 143 + 8 leaves 8 images; in batches of 431, two leave 2 for three processes."""
    how = HOW | {"batch": 431, "epochs": 2}
    (one, _), (three, _) = (several.together(context, w, tmp_path, PLAIN, "digits", how, False) for w in (1, 3))
    np.testing.assert_allclose(three, one, rtol=0, atol=1e-5)


def test_files_are_read_by_those_who_learn_from_them(context: Any, tmp_path: Path) -> None:
    """Masks, in files."""
    written.cells(tmp_path / "cells", 20, 4)
    net = "input 1x16x16 -> conv 8@3 pad 1 -> relu -> conv 2@3 pad 1"
    how = {"epochs": 2, "batch": 4, "lr": 0.02, "seed": 3, "validation": 0.2}
    seen = [several.together(context, w, tmp_path, net, str(tmp_path / "cells"), how, False) for w in (1, 2)]
    np.testing.assert_allclose(seen[0][0], seen[1][0], rtol=0, atol=1e-5)
    assert seen[1][1][-1] == pytest.approx(seen[0][1][-1], rel=1e-4)


@pytest.mark.parametrize("files", [False, True])
def test_examples_are_judged_by_the_same_noise_and_pictures_made_once(
    context: Any, tmp_path: Path, files: bool
) -> None:
    """Pictures of three classes in files, or of ten in memory."""
    data = str(written.colours(tmp_path / "three", ("a", "b", "c"), 12)) if files else "digits"
    how = {"epochs": 1, "batch": 8 if files else 128, "lr": 0.01, "seed": 2}
    (_, one), (_, two) = (
        several.together(context, w, tmp_path, FLOW, data, how, False, task="generate") for w in (1, 2)
    )
    assert [figures.keys() for figures in two] == [figures.keys() for figures in one]
    for ours, theirs in zip(one, two, strict=True):
        assert theirs["validation_error"] == pytest.approx(ours["validation_error"], abs=1e-5)
        made = [name for name in ours if name.startswith("made ")]
        assert len(made) == (24 if files else 80)
        assert [theirs[name] for name in made] == pytest.approx([ours[name] for name in made], abs=0.1)


def test_alone_there_is_nothing_to_tell() -> None:
    with started("cpu", environment={}) as ours:
        assert ours == Processes()
        assert (ours.summed([1.5]), ours.each(3), ours.told(None)) == ([1.5], [3], None)
        assert torch.equal(ours.joined({"x": torch.ones(2)})["x"], torch.ones(2))
    with pytest.raises(st.InputError, match="must be numbers"), started("cpu", environment={"WORLD_SIZE": "two"}):
        pass
    assert own_device("cuda", {"LOCAL_RANK": "2"}) == "cuda:2"


def test_nothing_is_held_by_another_thread_after_an_operation() -> None:
    """It could not let go of it once the interpreter is ending."""
    held, sent = list[torch.Tensor](), torch.zeros(3)

    def operation(lent: torch.Tensor) -> None:
        held.append(lent.fill_(2))
        threading.Timer(0.2, held.clear).start()

    carried_out(operation, sent)
    assert (held, sent.tolist()) == ([], [2, 2, 2])


def test_parts_are_all_of_it() -> None:
    rows = torch.arange(11)
    parts = [Processes(rank, 3).part.of(rows) for rank in range(3)]
    assert torch.equal(torch.cat(parts), rows)
    assert [row for rank in range(3) for row in rows_of(Processes(rank, 3), 11)] == list(range(11))


def test_a_network_keeps_its_tensors_when_its_norms_are_synchronised() -> None:
    model = st.build(st.net("input 3x8x8 -> residual[ conv 3@3 pad 1 -> bn ] -> bn -> relu -> fc 2"))
    before = dict(model.state_dict())
    x = torch.rand(4, 3, 8, 8)
    expected = model.eval()(x)
    made = synchronised(model, torch.device("cpu")).eval()
    assert {name: id(tensor) for name, tensor in made.state_dict().items()}.keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in made.state_dict().items())
    assert torch.equal(made(x), expected)


def torchrun(out: Path, *more: str, dies_at: int = 0, net: str = PLAIN) -> subprocess.CompletedProcess[str]:
    """`torchrun -m striate train` with two processes."""
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    words += ["--max-restarts", "1", "-m", "tests.several", "train", net, "digits", "--epochs", "2", "--batch", "64"]
    environment = {**os.environ, several.DIES: str(dies_at), "OMP_NUM_THREADS": "1"}
    return subprocess.run([*words, "--out", str(out), *more], env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_when_one_of_two_is_killed_the_run_is_that_of_two_who_lived(tmp_path: Path) -> None:
    whole = torchrun(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    killed = torchrun(tmp_path / "killed", "--keep-every", "0.01", dies_at=30)
    assert killed.returncode == 0, killed.stderr
    assert "going on after epoch 1 of 2" in killed.stderr
    ours, theirs = Run(tmp_path / "killed"), Run(tmp_path / "whole")
    last, wanted = ours.saved.last(), theirs.saved.last()
    assert all(torch.equal(last.weights[name], tensor) for name, tensor in wanted.weights.items())
    assert all(torch.equal(last.optimizer[name], tensor) for name, tensor in wanted.optimizer.items())
    assert [epoch.figures for epoch in ours.history.epochs] == [epoch.figures for epoch in theirs.history.epochs]
    assert whole.stderr.count("epoch   2 ") == 1, "one log"
    assert (tmp_path / "killed" / "report.html").is_file()


@pytest.mark.slow
def test_processes_that_hold_parts_of_the_weights_make_the_same_run(tmp_path: Path) -> None:
    """And the same again when one dies; layers of their own part, and others that are gathered together."""
    how = ["--sync-norm", "--clip", "1", "--micro", "16", "--keep-every", "0.01"]
    for name, more, dies_at in (("held", [], 0), ("parts", ["--fsdp"], 0), ("killed", ["--fsdp"], 30)):
        done = torchrun(tmp_path / name, *how, *more, dies_at=dies_at, net=LARGE)
        assert done.returncode == 0, done.stderr
        assert ("(FSDP)" in done.stderr) == bool(more)
    held, parts, killed = (Run(tmp_path / name) for name in ("held", "parts", "killed"))
    wanted, whole, again = (run.saved.last() for run in (held, parts, killed))
    for ours, others, same in (
        (wanted.weights, whole.weights, again.weights),
        (wanted.optimizer, whole.optimizer, again.optimizer),
    ):
        assert ours.keys() == others.keys() == same.keys()
        for name, tensor in ours.items():
            torch.testing.assert_close(others[name], tensor, rtol=1e-3, atol=1e-4)
            assert torch.equal(same[name], others[name]), name
    assert parts.test().accuracy == pytest.approx(held.test().accuracy, abs=0.01)


def test_what_takes_whole_weights_is_refused_where_each_process_has_a_part() -> None:
    check_sharded(Options(clip=1.0, micro=4))
    for name, options in {"ema": Options(ema=0.99), "l1": Options(l1=0.1), "compile": Options(compile="yes")}.items():
        with pytest.raises(InputError, match=name):
            check_sharded(options)


def test_an_environment_that_does_not_say_where_to_meet_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="MASTER_ADDR"), started("cpu"):
        pass
