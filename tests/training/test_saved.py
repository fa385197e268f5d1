"""The folder of a run: what it keeps, what it falls back on, and that no kill makes it claim what it does not hold."""

import contextlib
import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from safetensors.torch import save as write_tensors

from striate.errors import InputError, WorkError
from striate.training.history import History
from striate.training.saved import CONFIG, HISTORY, MODEL, NET, REPORT, SavedRun
from striate.training.state import FORMAT, NUMBER, LaterError, State
from striate.training.store import SUMS, DamagedError
from tests.learning import epoch as epoch_of

ACCURACIES = (0.3, 0.6, 0.5, 0.9)
CONFIG_VALUE = {"options": {"epochs": 4}, "text": "Grün · <&>"}


class Disk(Protocol):
    """The file system that fails when it is told to."""

    reached: bool

    def after(self, things: int, error: Callable[[], BaseException]) -> None: ...
    def never(self) -> None: ...


class Killed(BaseException):
    """The process ends here."""


def history(epochs: int) -> History:
    made = (epoch_of(n, 1 / n, 0.5, 1 / n, ACCURACIES[n - 1], 0.1, 100.0, 1.0) for n in range(1, epochs + 1))
    return History(tuple(made))


def state(epoch: int) -> State:
    """The state after some epochs; its weights are filled with the epoch's number."""
    weights = {"fc1.weight": torch.full((2, 3), float(epoch)), "optimizer.weight": torch.full((2,), float(epoch))}
    optimizer = {"steps": torch.tensor(7 * epoch), "0.exp_avg": torch.full((2, 3), -float(epoch))}
    return State(weights, optimizer, "input 3 -> fc 2\n", CONFIG_VALUE, history(epoch))


def save(run: SavedRun, epoch: int) -> None:
    last = state(epoch)
    run.save_epoch(dataclasses.replace(last, optimizer={}) if last.history.last_is_best else None, last)


def saved(root: Path, epochs: int) -> SavedRun:
    run = SavedRun.create(root, "input 3 -> fc 2\n", CONFIG_VALUE)
    for epoch in range(1, epochs + 1):
        save(run, epoch)
    return run


def number(loaded: State) -> int:
    """The epoch whose weights these are; all of the state must belong to that epoch."""
    epoch = int(loaded.weights["fc1.weight"][0, 0])
    assert torch.equal(loaded.weights["fc1.weight"], state(epoch).weights["fc1.weight"])
    assert len(loaded.history) == epoch
    return epoch


def test_a_state_is_the_same_after_its_bytes() -> None:
    before, after = state(3), State.from_bytes(state(3).to_bytes(), "a file")
    assert (after.net, after.config, after.history) == (before.net, before.config, before.history)
    for ours, theirs in ((after.weights, before.weights), (after.optimizer, before.optimizer)):
        assert ours.keys() == theirs.keys(), "a layer may be called 'optimizer'"
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_best_weights_can_be_read_by_anyone(tmp_path: Path) -> None:
    saved(tmp_path / "run", 2)
    assert sorted(load_file(tmp_path / "run" / MODEL)) == ["fc1.weight", "optimizer.weight"]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_state_are_refused(content: bytes) -> None:
    with pytest.raises(DamagedError, match="a file holds no saved state of a run"):
        State.from_bytes(content, "a file")


@pytest.mark.parametrize(
    "facts",
    [
        None,
        {"net": "input 3 -> fc 2", "config": "{}"},
        {"net": "input 3 -> fc 2", "config": "{", "history": "[]"},
        {"net": "input 3 -> fc 2", "config": "{}", "history": '[{"epoch": 1}]'},
        {"net": "input 3 -> fc 2", "config": "{}", "history": "3"},
        {"net": "input 3 -> fc 2", "config": "{}", "history": "[]", NUMBER: "two"},
    ],
)
def test_tensors_without_the_facts_of_a_run_are_refused(facts: dict[str, str] | None) -> None:
    with pytest.raises(DamagedError, match="a file holds no saved state of a run"):
        State.from_bytes(write_tensors({"w": torch.zeros(2)}, metadata=facts), "a file")


def test_a_new_run_holds_its_network_and_its_configuration(tmp_path: Path) -> None:
    run = SavedRun.create(tmp_path / "deep" / "run", "input 3 -> fc 2\n", CONFIG_VALUE)
    assert run.store.names() == [CONFIG, HISTORY, NET]
    assert (run.net(), run.config()) == ("input 3 -> fc 2\n", CONFIG_VALUE)
    again = SavedRun.open(run.root)
    assert again.notes == []
    for read in (again.best, again.last):
        with pytest.raises(WorkError, match="holds no weights yet: no epoch was finished"):
            read()


def test_a_first_state_that_a_kill_cut_off_is_none(tmp_path: Path) -> None:
    """Nothing is damaged, and nothing is lost; where an epoch was finished, the same file would be a loss."""
    for count, said in ((0, "no epoch was finished; `overwrite=True` begins it again"), (2, "the list is damaged")):
        root = SavedRun.create(tmp_path / str(count), "input 3 -> fc 2\n", CONFIG_VALUE).root
        for epoch in range(count):
            save(SavedRun(root), epoch + 1)
        states = [path.relative_to(root).as_posix() for path in (root / "checkpoint").glob("*")]
        sums = (root / SUMS).read_text().splitlines(keepends=True)
        (root / SUMS).write_text("".join(line for line in sums if not any(name in line for name in states)))
        (root / "checkpoint").mkdir(exist_ok=True)
        (root / "checkpoint" / "epoch-00000_0000000.safetensors").write_bytes(b"all of it, and not in the list")
        with pytest.raises(WorkError, match=said):
            SavedRun.open(root).last()
    shutil.rmtree(root / "checkpoint")  # by somebody: the run has its best weights, and is not to be begun again
    with pytest.raises(WorkError, match=r"no epoch was finished$"):
        SavedRun.open(root).last()


def test_every_epoch_is_kept_and_two_checkpoints(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 4)
    assert (number(run.best()), number(run.last())) == (4, 4)
    assert (run.root / HISTORY).read_text() == history(4).to_csv()
    states = ["checkpoint/epoch-00003.safetensors", "checkpoint/epoch-00004.safetensors"]
    assert run.store.names() == sorted([CONFIG, HISTORY, MODEL, NET, *states])
    assert SavedRun.open(run.root).notes == []


def test_the_best_weights_are_not_the_last(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 3)
    assert (number(run.best()), number(run.last())) == (2, 3)
    assert run.best().optimizer == {}
    assert int(run.last().optimizer["steps"]) == 21


def test_a_damaged_file_is_named_and_the_newest_whole_state_used(tmp_path: Path) -> None:
    root = saved(tmp_path / "run", 3).root
    damage(root / MODEL)
    damage(root / "checkpoint/epoch-00003.safetensors")
    run = SavedRun.open(root)
    assert number(run.best()) == 2, "the older checkpoint, which is whole"
    assert [note for note in run.notes if MODEL in note] == [
        f"{root / MODEL} is damaged: its SHA-256 is not the one in {SUMS}"
    ]
    assert run.notes[-1] == f"using {root}/checkpoint/epoch-00002.safetensors, the newest state that is whole"
    assert number(run.last()) == 2
    assert len(run.notes) == len(set(run.notes)), "each thing is said once"


@pytest.mark.parametrize("name", [NET, CONFIG, HISTORY])
def test_a_damaged_text_is_taken_from_the_weights(tmp_path: Path, name: str) -> None:
    root = saved(tmp_path / "run", 3).root
    damage(root / name)
    run = SavedRun.open(root)
    assert (run.net(), run.config(), run.history()) == ("input 3 -> fc 2\n", CONFIG_VALUE, history(3))
    reason = f"its SHA-256 is not the one in {SUMS}"
    assert run.notes == [f"{root / name} is damaged: {reason}; the copy that the weights carry is read instead"]


def test_with_every_state_damaged_all_are_named(tmp_path: Path) -> None:
    root = saved(tmp_path / "run", 3).root
    for path in (root / MODEL, *(root / "checkpoint").iterdir()):
        damage(path)
    with pytest.raises(WorkError) as error:
        SavedRun.open(root).best()
    for name in (MODEL, "epoch-00003", "epoch-00002"):
        assert name in str(error.value)


def test_what_is_not_used_is_not_read_but_must_be_there(tmp_path: Path) -> None:
    root = saved(tmp_path / "run", 3).root
    damage(root / "checkpoint/epoch-00002.safetensors")
    (root / "checkpoint/epoch-00003.safetensors").unlink()
    (root / REPORT).write_text("never listed")
    run = SavedRun.open(root)
    assert [note.split(" is ")[1].split(":")[0] for note in run.notes] == ["missing", "not listed in SHA256SUMS"]
    assert number(run.best()) == 2
    damaged, missing, unlisted = run.check()
    assert "epoch-00002.safetensors is damaged: " in damaged
    assert [missing, unlisted] == run.notes


LATER = FORMAT + 1


def later(root: Path, name: str) -> None:
    """Give a file a later format number, with correct checksums."""
    run = SavedRun(root)
    if name == CONFIG:
        content = (root / name).read_bytes().replace(b'"format": %d' % FORMAT, b'"format": %d' % LATER)
    else:
        content = (
            (root / name)
            .read_bytes()
            .replace(b'%s":"%d"' % (NUMBER.encode(), FORMAT), b'%s":"%d"' % (NUMBER.encode(), LATER))
        )
    assert content != (root / name).read_bytes()
    run.store.write({name: content})


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (CONFIG, lambda run: run),
        (MODEL, SavedRun.best),
        ("checkpoint/epoch-00003.safetensors", SavedRun.last),
    ],
)
def test_a_later_format_is_refused_by_its_number(tmp_path: Path, name: str, read: Callable[[SavedRun], Any]) -> None:
    root = saved(tmp_path / "run", 3).root
    read(SavedRun.open(root))
    later(root, name)
    where = root if name == CONFIG else root / name
    said = f"{where} was made by a later Striate (format {LATER}; this one reads up to {FORMAT}); update Striate"
    with pytest.raises(LaterError, match=f"^{re.escape(said)}$"):
        read(SavedRun.open(root))


def test_files_of_the_first_format_have_no_number(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 2)
    run.store.write({CONFIG: json.dumps(CONFIG_VALUE).encode()})
    again = SavedRun.open(run.root)
    assert (again.config(), again.notes) == (CONFIG_VALUE, [])


def test_a_text_that_is_whole_and_no_text_of_a_run_is_as_good_as_damaged(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 2)
    run.store.write({CONFIG: b"3", HISTORY: b"epoch\none\n", NET: b"\xff"})
    again = SavedRun.open(run.root)
    assert (again.net(), again.config(), again.history()) == ("input 3 -> fc 2\n", CONFIG_VALUE, history(2))


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_kill_in_any_epoch_s_saving_keeps_what_was_counted(failing: Disk, tmp_path: Path) -> None:
    """Whatever is on disk afterwards, the best epoch that the newest state knows of is the one in model.safetensors."""
    steps = 0
    for epoch in (1, 2, 3, 4):
        before = saved(tmp_path / f"before{epoch}", epoch - 1).root
        for moment in range(1000):
            root = tmp_path / "copy"
            shutil.copytree(before, root)
            failing.after(moment, Killed)
            with contextlib.suppress(Killed):
                save(SavedRun(root), epoch)
            done = not failing.reached
            failing.never()
            check_after_kill(root, epoch)
            shutil.rmtree(root)
            if done:
                break
            steps += 1
    assert steps > 80


def check_after_kill(root: Path, epoch: int) -> None:
    run = SavedRun.open(root)
    try:
        last = number(run.last())
    except WorkError:
        assert epoch == 1, "a finished epoch is never lost"
        return
    assert last in (epoch - 1, epoch)
    best = run.best()
    assert best.history.last_is_best
    assert best.history.best.validation_accuracy >= run.last().history.best.validation_accuracy
    assert best.history.best.validation_accuracy >= run.history().best.validation_accuracy
    assert not any(MODEL in note for note in run.notes if last > 1)
    run.settle(run.last())
    save(SavedRun(root), last + 1) if last < 4 else None  # and it goes on
    again = SavedRun.open(root)
    assert number(again.last()) == min(last + 1, 4)
    assert again.best().history.best.validation_accuracy >= again.last().history.best.validation_accuracy


def test_before_going_on_the_best_weights_are_those_that_the_history_knows(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 3)
    run.settle(run.last())
    assert number(run.best()) == 2
    worse = dataclasses.replace(state(1), optimizer={})
    run.store.write({MODEL: worse.to_bytes()})
    with pytest.raises(WorkError, match=r"model.safetensors is of an epoch before the best that the newest"):
        run.settle(run.last())
    damage(run.root / MODEL)
    with pytest.raises(WorkError, match="with the best weights lost, training can't go on from here"):
        run.settle(run.last())
    save(run, 4)
    damage(run.root / MODEL)
    run.settle(run.last())
    assert number(SavedRun.open(run.root).best()) == 4, "the newest are the best: they are there twice"


def test_a_folder_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("mine", "file"):
        for overwrite in (False, True):
            with pytest.raises(InputError, match=f"{name} exists already; choose another folder with `out`"):
                SavedRun.create(tmp_path / name, "", {}, overwrite)
    assert (tmp_path / "mine" / "notes.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    root = saved(tmp_path / "run", 1).root
    with pytest.raises(InputError, match="run exists already; `overwrite=True` replaces it, or choose another folder"):
        SavedRun.create(root, "", {})
    assert number(SavedRun.open(root).best()) == 1
    (tmp_path / "empty").mkdir()
    SavedRun.create(tmp_path / "empty", "", {})


def test_a_folder_whose_first_files_were_cut_off_by_a_kill_is_free(failing: Disk, tmp_path: Path) -> None:
    for moment in range(1000):
        root = tmp_path / str(moment)
        failing.after(moment, Killed)
        with contextlib.suppress(Killed):
            SavedRun.create(root, "input 3 -> fc 2\n", CONFIG_VALUE)
        done = not failing.reached
        failing.never()
        save(SavedRun.create(root, "input 5 -> fc 2\n", CONFIG_VALUE, overwrite=True), 1)
        assert SavedRun.open(root).notes == []
        if done:
            break
    assert moment > 15


def test_files_of_a_run_s_names_that_are_somebody_s_own_are_kept(tmp_path: Path) -> None:
    texts = [CONFIG, HISTORY, NET]
    for names in ([NET], [CONFIG, NET], texts, [*texts, "notes.txt"], [f"{NET}.tmp", "notes.txt"]):
        root = tmp_path / "-".join(names)
        root.mkdir()
        for name in names:
            (root / name).write_text("mine")
        with pytest.raises(InputError, match="exists already; choose another folder"):
            SavedRun.create(root, "", {}, overwrite=True)
        assert sorted(path.name for path in root.iterdir()) == sorted(names)


@pytest.mark.parametrize("name", ["file/run", "x" * 300])
def test_a_folder_that_can_not_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"can't be used: .*; choose another folder with `out`"):
        SavedRun.create(tmp_path / name, "", {})


def test_overwriting_deletes_the_run_s_own_files_alone(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 3)
    run.save_report("<html>")
    (run.root / "thesis.txt").write_text("mine")
    again = SavedRun.create(run.root, "input 5 -> fc 2\n", {"new": True}, overwrite=True)
    assert number(SavedRun.open(run.root).best()) == 2, "the former run is whole until there is an epoch to replace it"
    again.save_epoch(state(1), state(1))
    names = ["checkpoint/epoch-00001.safetensors", CONFIG, HISTORY, MODEL, NET]
    assert again.store.names() == sorted([*names, "thesis.txt"])
    assert again.config() == {"new": True}
    assert SavedRun.open(run.root).notes == []


def test_what_a_kill_left_of_a_former_run_does_not_outlive_it(tmp_path: Path) -> None:
    root = saved(tmp_path / "run", 2).root
    (root / "checkpoint" / "epoch-00009.safetensors").write_bytes(b"never listed")
    again = SavedRun.create(root, "input 3 -> fc 2\n", CONFIG_VALUE, overwrite=True)
    for epoch in (1, 2, 3):
        save(again, epoch)
    assert SavedRun.open(root).notes == []
    assert [path.name for path in sorted((root / "checkpoint").iterdir())] == [
        "epoch-00002.safetensors",
        "epoch-00003.safetensors",
    ]


def test_only_a_run_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_text("of another program")
    with pytest.raises(InputError, match="exists already; choose another folder"):
        SavedRun.create(tmp_path, "", {}, overwrite=True)
    assert (tmp_path / "model.safetensors").read_text() == "of another program"


def test_a_run_is_suggested_for_a_mistyped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SavedRun.create(Path("runs/lenet5-digits-1"), "", {})
    for typed in ("lenet5-digits-1", "runs/lenet5-digit-1", "runs/lenet5_digits_1"):
        with pytest.raises(InputError, match=r"; did you mean 'runs/lenet5-digits-1'\?$"):
            SavedRun.open(Path(typed))
    with pytest.raises(InputError, match=r"\(looked in [^;]*\)$"):
        SavedRun.open(Path("runs/lenet5-digits-9"))


def test_no_run_is_told_from_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run at .*nowhere: there is no such folder \(looked in "):
        SavedRun.open(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"/file is a file; a run that training goes on from is a folder$"):
        SavedRun.open(tmp_path / "file")
    with pytest.raises(InputError, match=r"is no run: it has no config.json and no model.safetensors; `striate train`"):
        SavedRun.open(tmp_path)


def test_what_is_trained_and_how_may_change(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 2)
    new: dict[str, Any] = {"options": {"epochs": 9}}
    run.save_set_up("input 3 -> fc 2\n", new)
    assert json.loads((run.root / CONFIG).read_text()) == {**new, "format": FORMAT}
    assert SavedRun.open(run.root).config() == new
    assert SavedRun.open(run.root).notes == []


def test_a_report_is_a_file_of_the_run(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", 1)
    assert run.save_report("<p>Grün") == run.root / REPORT
    assert (run.root / REPORT).read_bytes() == "<p>Grün".encode()
    assert SavedRun.open(run.root).notes == []
