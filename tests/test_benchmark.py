"""The benchmark measures all contestants alike; how fast they are is not asked here."""

import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from striate import zoo
from striate.benchmark import (
    ENGINES,
    Entry,
    Race,
    bench,
    chosen,
    layer_times,
    machine,
    memory,
    race,
    spread,
    start_times,
    starting,
)
from striate.benchmark import contestants as everybody
from striate.benchmark.contestants import jax as in_jax
from striate.benchmark.contestants import keras as in_keras
from striate.benchmark.contestants.base import Job, Unable
from striate.benchmark.contestants.contestant import Contestant, in_parts
from striate.benchmark.contestants.exported import export
from striate.benchmark.contestants.translate import channels_last, walk
from striate.benchmark.peak import Peak
from striate.errors import InputError
from striate.native import cache
from striate.native.compiler import NoCompiler
from striate.native.network import Compiled
from striate.notation import read
from tests.native.needs import needs_compiler

CPU = torch.device("cpu")


def raced(text: str, *engines: str, batches: tuple[int, ...] = (2,)) -> tuple[list[Race], list[str]]:
    """A short race, and what was said but for how busy the machine is."""
    said: list[str] = []
    races = bench(text, engines=engines or None, batches=batches, rounds=2, seconds=0.001, say=said.append)
    return races, [line for line in said if not line.startswith("the machine is busy")]


def test_a_translation_leaves_the_softmax_of_the_loss_out() -> None:
    """As both engines do, in a part as well; the one before is computed."""
    network = read("input 4 -> fc 3 -> softmax -> part: [ fc 3 -> softmax ]")
    text = walk(network, "x", lambda name, layer, x: f"{name}({x})", lambda a, b: f"{a} + {b}")
    assert text == "part.fc1(softmax1(fc1(x)))"


@pytest.mark.parametrize(
    "text",
    [
        "input 1x4x4 -> fc 3",
        "input 1x4x4 -> conv 3@3 -> gap",
        "input 1x4x4 -> conv 2@3 -> bn -> aux[fc 3] -> relu -> fc 3",
        "input 1x4x4 -> fc 3 -> softmax",
        "input 16 -> fc 3",
        "INPUT -> CONV -> FC",
    ],
)
def test_any_network_can_be_timed(text: str) -> None:
    results, _ = raced(text, "torch", "plain", "plain-bf16")
    assert [found.work for found in results] == ["training", "inference"]
    for found in results:
        assert [(entry.engine, entry.batch) for entry in found.entries] == [
            ("torch", 2),
            ("plain", 2),
            ("plain-bf16", 2),
        ]
        assert all(len(entry.speeds) == 2 and min(entry.speeds) > 0 for entry in found.entries)


@needs_compiler
def test_one_thread_beside_all() -> None:
    results, _ = raced("input 1x4x4 -> conv 2@3 -> relu -> fc 3", "native-1", "native")
    for found in results:
        one, all_of_them = found.entries
        assert found.ratios(all_of_them) == [a / b for a, b in zip(all_of_them.speeds, one.speeds, strict=True)]


@needs_compiler
def test_by_default_our_engines_and_the_plain_loop() -> None:
    (training, inference), _ = raced("input 1x4x4 -> conv 2@3 -> relu -> fc 3", batches=(2, 3))
    names = [(engine, batch) for batch in (2, 3) for engine in ("native", "torch", "plain")]
    assert [(entry.engine, entry.batch) for entry in training.entries] == names
    assert [(entry.engine, entry.batch) for entry in inference.entries] == names
    assert training.operations == 2 * (2 * 72 + 3 * 24)
    assert inference.operations == 2 * (72 + 24)
    assert all(share > 0 for entry in training.entries for share in training.shares(entry))


@needs_compiler
def test_networks_of_pictures_learn_pictures() -> None:
    """In all engines, by the mean square; one whose text knows classes learns a class for each position."""
    text = "input 1x8x8 -> conv 4@3 pad 1 -> relu -> upconv 1@4 stride 2 pad 1"
    for found in raced(text, "native", "torch", "plain")[0]:
        assert [entry.engine for entry in found.entries] == ["native", "torch", "plain"]
    jobs = [
        Job.of(read(one), 2, torch.device("cpu")) for one in (text, f"classes = 1\n{text.replace('1@4', 'classes@4')}")
    ]
    assert [(job.of_pictures, job.of_positions) for job in jobs] == [(True, True), (False, True)]
    assert jobs[0].labels.shape[1:] == (1, 16, 16)


@needs_compiler
def test_one_image_by_itself() -> None:
    training, inference = bench("input 4 -> fc 3", batches=(2,), rounds=2, seconds=0.001, alone=True, threads=1)
    assert {entry.batch for entry in training.entries} == {2}
    assert [entry.batch for entry in inference.entries] == [1, 1, 1, 2, 2, 2]


@pytest.mark.slow
@pytest.mark.skipif(not memory.REFERENCES.exists(), reason="the system does not tell")
def test_memory_is_what_the_network_takes() -> None:
    wide = "input 1x8x8 -> conv 64@3 pad 1 -> relu -> conv 64@3 pad 1 -> relu -> fc 3"
    found = [memory.taken(read(wide), "plain", "training", batch, 1) for batch in (16, 256)]
    maps = 256 * 64 * 64 * 4  # bytes of one layer's output
    assert found[0]
    assert found[1]
    assert 3 * maps < found[1] < 30 * maps
    assert found[1] > 3 * found[0]
    assert memory.taken(read("input 1x4x4 -> local 2@3 -> fc 2"), "native", "training", 4, 1) is None


@needs_compiler
@pytest.mark.parametrize("text", ["input 1x8x8 -> conv 3@3 pad 1", "input 9 -> embed 20x4 -> conv 3@3 -> gmp -> fc 2"])
def test_maps_and_words_are_raced_too(text: str) -> None:
    results, said = raced(text, "native", "torch", "plain")
    assert [[entry.engine for entry in found.entries] for found in results] == [["native", "torch", "plain"]] * 2
    assert not [line for line in said if "no part" in line]
    job = Job.of(read(text), 2, CPU)
    assert job.of_positions == ("embed" not in text)
    assert job.images.numpy().max() < 20


def test_who_lacks_a_layer_is_named_and_the_others_go_on() -> None:
    results, said = raced("input 1x4x4 -> local 2@3 -> fc 3", "native", "plain")
    assert [[entry.engine for entry in found.entries] for found in results] == [["plain"], ["plain"]]
    assert "native takes no part in training, batch 2: the native engine lacks 'local 2@3x3'" in said
    assert "native takes no part in inference, batch 2: the native engine lacks 'local 2@3x3'" in said
    with pytest.raises(InputError, match="none of these engines can do this network"):
        raced("input 1x4x4 -> local 2@3 -> fc 3", "native")


@needs_compiler
def test_a_batch_too_large_for_native_training() -> None:
    (training, inference), said = raced("input 2 -> fc 2", "native", "plain", batches=(2049,))
    assert [entry.engine for entry in training.entries] == ["plain"]
    assert [entry.engine for entry in inference.entries] == ["native", "plain"]
    assert said[0].endswith("the native engine takes batches of up to 2,048 images")


def test_without_a_compiler_there_is_no_peak_and_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_CC", "no-such-compiler")
    (training, _), said = raced("input 2 -> fc 2", "torch", "plain")
    assert said[0].startswith("the machine's peak is not measured: STRIATE_CC=no-such-compiler")
    assert (training.peak, training.shares(training.entries[0])) == (0.0, [])
    assert training.to_json()[0]["share"] is None


def test_ratios_are_round_by_round() -> None:
    entries = (
        Entry("native", 8, (10.0, 30.0, 20.0)),
        Entry("plain", 8, (5.0, 10.0, 40.0)),
        Entry("torch", 16, (1.0, 2.0, 3.0)),
    )
    found = Race("training", entries, operations=2, peak=100.0)
    assert found.ratios(entries[0]) == [2.0, 3.0, 0.5]
    assert found.ratios(entries[2]) == [1.0, 1.0, 1.0]
    assert found.shares(entries[0]) == [0.2, 0.6, 0.4]
    value = found.to_json()[0]
    assert (value["work"], value["batch"], value["engine"], value["rounds"]) == ("training", 8, "native", 3)
    assert value["ratio"] == {"median": 2.0, "low": 1.25, "high": 2.5}
    assert value["images_per_second"]["median"] == 20.0
    assert value["share"]["median"] == 0.4


def test_the_best_of_pytorch_is_of_any_setting_and_batch_size() -> None:
    entries = (
        Entry("native", 8, (40.0, 60.0)),
        Entry("plain", 8, (10.0, 10.0)),
        Entry("plain-bf16", 64, (20.0, 30.0)),
        Entry("onnxruntime", 8, (90.0, 90.0)),
    )
    assert Race("training", entries).best() == (entries[0], entries[2], [2.0, 2.0])
    assert Race("training", entries[1:]).best() is None


def test_operations_leave_out_side_heads_in_inference() -> None:
    network = read("input 1x4x4 -> conv 2@3 -> aux[fc 3] -> relu -> fc 3")
    assert race.operations(network, "inference") == 2 * (72 + 24)
    assert race.operations(network, "training") == 2 * (2 * 72 + 3 * 24 + 3 * 24)
    assert race.operations(read("input 4 -> relu"), "training") == 0


def test_quartiles() -> None:
    assert spread([4.0, 1.0, 3.0, 2.0]) == (2.5, 1.75, 3.25)


def test_a_claim_names_its_machine() -> None:
    assert list(machine()) == ["processor", "threads", "python", "torch"]
    assert set(machine(["openvino-bf16", "plain"])) <= {"processor", "threads", "python", "torch", "openvino"}


def test_a_job_has_whole_batches_and_the_same_weights_for_all() -> None:
    job = Job.of(read("input 1x4x4 -> fc 3"), 100, CPU)
    assert (job.num_batches, len(job.images), len(job.labels)) == (40, 4000, 4000)
    assert {len(images) for images, _ in job.slices()} == {100}
    one, two = job.model().state_dict(), job.model().state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    one["fc1.weight"][:] = 7
    assert not torch.equal(one["fc1.weight"], job.model().state_dict()["fc1.weight"])


def test_more_batches_than_lie_in_memory() -> None:
    done: list[int] = []
    in_parts(done.append, 4)(10)
    assert done == [4, 4, 2]


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="free axes can't be timed"):
        bench("input 1x?x? -> gap -> fc 3")
    with pytest.raises(InputError, match="a network that takes boxes can't be timed"):
        bench("input 1x8x8 -> roipool 2 -> fc 3")
    rule = "2 rounds or more, and batches of 1 image or more"
    with pytest.raises(InputError, match=rule):
        bench("input 16 -> fc 3", rounds=1)
    with pytest.raises(InputError, match=rule):
        bench("input 16 -> fc 3", batches=(0,))
    with pytest.raises(InputError, match=r"no engine 'openvio'; did you mean 'openvino'\?"):
        chosen(["plain", "openvio"])


def test_an_engine_that_is_not_installed_comes_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Contestant("absent", None, None, ("torch", "no_such_package", "nor_this"))
    monkeypatch.setitem(ENGINES, "absent", absent)
    with pytest.raises(InputError, match="pip install no_such_package nor_this"):
        chosen(["absent"])
    assert absent in everybody.absent()


def test_an_error_of_others_code_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(job: Job) -> Callable[[int], object]:
        raise KeyError("no such\noperator")

    monkeypatch.setitem(ENGINES, "foreign", Contestant("foreign", fails, None, foreign=True))
    _, said = raced("input 2 -> fc 2", "foreign", "plain")
    assert "foreign takes no part in training, batch 2: KeyError: 'no such\\noperator'" in said
    monkeypatch.setitem(ENGINES, "own", Contestant("own", fails, None))
    with pytest.raises(KeyError):
        raced("input 2 -> fc 2", "own")


@needs_compiler
def test_the_peak_counts_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Peak(2).measure(0.002) > 0
    monkeypatch.setattr(Peak, "_timed", lambda self, rounds: 0.5)
    assert Peak(2).measure(0.002) == 2 * Peak(1).measure(0.002)


@needs_compiler
def test_starts_are_timed_with_a_cache_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Compiled] = []

    def compiled(*given: Any, **how: Any) -> Compiled:
        made.append(Compiled(*given, **how))
        return made[-1]

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(starting, "Compiled", compiled)
    cold, cached = starting.start_times(read("input 1x4x4 -> fc 3"), 4)
    assert [net.built.cached for net in made] == [False, True]
    assert min(cold, cached) > 0
    assert list(tmp_path.iterdir()) == []


@needs_compiler
def test_each_layer_has_its_time() -> None:
    parts = layer_times(read("input 1x8x8 -> conv 4@3 -> bn -> relu -> fc 3"), 20, seconds=0.01)
    titles = [part.title.split(":")[0] for part in parts]
    assert titles == ["conv1", "bn1", *titles[2:-4], "fc1", "images", "loss", "the rest"]
    by_title = dict(zip(titles, parts, strict=True))
    for name in ("conv1", "bn1", "fc1"):
        assert by_title[name].forward > 0
        assert by_title[name].backward > 0
    assert by_title["images"].forward > 0 < by_title["loss"].backward
    assert by_title["conv1"].operations == 2 * 2 * 20 * 4 * 36 * 9  # the input's gradient is not wanted
    assert by_title["fc1"].operations == 2 * 3 * 20 * 3 * 144
    assert by_title["fc1"].to_json()["gflops_per_second"] > 0
    assert by_title["bn1"].to_json()["gflops_per_second"] is None


@needs_compiler
def test_a_start_is_timed_in_a_cache_of_its_own() -> None:
    before = cache.folder()
    cold, cached = start_times(read("input 1x8x8 -> fc 3"), 4)
    assert cold > 0 < cached
    assert cache.folder() == before


def test_without_a_compiler_there_is_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_CC", "no-such-compiler")
    with pytest.raises(NoCompiler):
        start_times(read("input 1x8x8 -> fc 3"), 4)


# others' packages, where they are installed


def needs(engine: str) -> None:
    if missing := ENGINES[engine].missing:
        pytest.skip(f"{missing} not installed")


def onnx_outputs(job: Job, folder: Path) -> np.ndarray:
    needs("onnxruntime")
    import onnxruntime

    session = onnxruntime.InferenceSession(str(export(job, folder)), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": job.slices()[0][0].numpy()})[0])


def jax_outputs(job: Job, folder: Path) -> np.ndarray:
    needs("jax")
    import jax

    with jax.default_matmul_precision("highest"):
        images = channels_last(job.slices()[0][0])
        return np.asarray(in_jax.forward(job.network, *in_jax.weights_of(job), images)[0])


def keras_outputs(job: Job, folder: Path) -> np.ndarray:
    needs("keras")
    return np.asarray(in_keras.model_of(job).predict_on_batch(channels_last(job.slices()[0][0])))


@pytest.mark.parametrize("outputs", [onnx_outputs, jax_outputs, keras_outputs])
@pytest.mark.parametrize(
    "text",
    [
        "input 12 -> fc 4 -> sigmoid -> fc 3",
        "input 2x20 -> conv 4@3 pad 1 -> relu -> avgpool 2 -> fc 3",
        "input 1x9x9 -> conv 4@3 pad same stride 2 -> bn -> relu -> maxpool 2 -> fc 5 -> tanh -> fc 3",
        "input 2x8x8 -> conv 4@3 pad 1 -> residual[ conv 8@3 stride 2 pad 1 | maxpool 1 stride 2 -> zeropad 8 ] -> gap",
    ],
)
def test_others_compute_the_same_network(outputs: Callable[[Job, Path], np.ndarray], text: str, tmp_path: Path) -> None:
    job = Job.of(zoo.find(text), 4, CPU)
    expected = job.model().eval()(job.slices()[0][0]).flatten(1).detach().numpy()
    np.testing.assert_allclose(outputs(job, tmp_path).reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [name for name, who in ENGINES.items() if who.foreign])
def test_others_take_part(engine: str) -> None:
    needs(engine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        races, said = raced("input 1x8x8 -> conv 2@3 pad 1 -> bn -> relu -> maxpool 2 -> fc 3", engine, "plain")
    assert not [line for line in said if "takes no part" in line]
    for found in races:
        assert (engine in [entry.engine for entry in found.entries]) == ENGINES[engine].does(found.work)


@pytest.mark.parametrize("module", [in_jax, in_keras])
def test_a_layer_without_translation_is_named(module: ModuleType) -> None:
    needs(module.__name__.rpartition(".")[2])
    job = Job.of(read("input 1x8x8 -> local 2@3 -> fc 3"), 2, CPU)
    with pytest.raises(Unable, match="its translation lacks 'local 2@3x3'"):
        module.training(job)(1)
