"""Which vector units a machine has, read from the words its system uses for them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from striate.errors import InputError
from striate.native import target

AVX2 = "fpu sse2 avx avx2 fma"
AVX512 = AVX2 + " avx512f avx512dq avx512cd avx512bw avx512vl"
Machine = Callable[..., None]


def forget() -> None:
    for cached in (target.runnable, target.fingerprint, target._widest, target._processor):
        cached.cache_clear()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Makes this process believe that it runs on another machine."""

    def become(arch: str, cpuinfo: str = "", system: str = "Linux") -> None:
        (tmp_path / "cpuinfo").write_text(cpuinfo)
        monkeypatch.setattr(target, "CPUINFO", tmp_path / "cpuinfo")
        monkeypatch.setattr(target.platform, "machine", lambda: arch)
        monkeypatch.setattr(target.platform, "system", lambda: system)
        forget()

    monkeypatch.delenv("STRIATE_TARGET", raising=False)
    yield become
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize(
    ("name", "lanes", "registers"), [("avx512", 16, 32), ("avx2", 8, 16), ("neon", 4, 32), ("plain", 4, 16)]
)
def test_each_target_has_its_lanes_and_registers(name: str, lanes: int, registers: int) -> None:
    found = target.named(name)
    assert (found.name, found.lanes, found.registers) == (name, lanes, registers)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'avx3'; did you mean 'avx2'\?; there are avx512, avx2, neon, plain"):
        target.named("avx3")


@pytest.mark.parametrize(
    ("arch", "features", "name", "flags"),
    [
        ("x86_64", AVX512, "avx512", ("-march=native", "-mprefer-vector-width=512")),
        ("AMD64", AVX2, "avx2", ("-march=native",)),
        ("x86_64", AVX512.replace(" avx512dq", ""), "avx2", ("-march=native",)),
        ("x86_64", AVX2.replace(" fma", ""), "plain", ("-march=native",)),
        ("x86_64", "fpu sse2", "plain", ("-march=native",)),
        ("aarch64", "fp asimd", "neon", ("-mcpu=native",)),
        ("riscv64", "", "plain", ()),
    ],
)
def test_the_host_takes_the_widest_units_it_has(
    machine: Machine, arch: str, features: str, name: str, flags: tuple[str, ...]
) -> None:
    machine(arch, f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {features}\n\n")
    assert target.host().name == name
    assert target.host().flags == flags


def test_a_machine_that_says_nothing_gets_plain_c(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine("x86_64")
    monkeypatch.setattr(target, "CPUINFO", Path("/nowhere/cpuinfo"))
    assert target.runnable() == ("plain",)


@pytest.mark.parametrize(("yes", "name"), [({"hw.optional.avx2_0", "hw.optional.fma"}, "avx2"), (set(), "plain")])
def test_macos_is_asked_through_sysctl(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, yes: set[str], name: str
) -> None:
    machine("x86_64", system="Darwin")
    monkeypatch.setattr(target, "_sysctl", lambda key: (b"\1" if key in yes else b"\0") + b"\0\0\0")
    assert target.host().name == name


def test_the_environment_forces_a_target(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine("x86_64", f"flags\t\t: {AVX512}\n")
    monkeypatch.setenv("STRIATE_TARGET", "avx2")
    assert target.host() == target.named("avx2")


@pytest.mark.parametrize(
    ("word", "message"),
    [("avx512", "cannot run it; take one of avx2, plain"), ("neon", "cannot run it"), ("avx-2", "did you mean .avx2.")],
)
def test_a_target_that_cannot_run_here_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, word: str, message: str
) -> None:
    machine("x86_64", f"flags\t\t: {AVX2}\n")
    monkeypatch.setenv("STRIATE_TARGET", word)
    with pytest.raises(InputError, match=message):
        target.host()


def test_the_fingerprint_tells_processors_apart(machine: Machine) -> None:
    prints = []
    for arch, model, features in [
        ("x86_64", "A", AVX2),
        ("x86_64", "B", AVX2),
        ("x86_64", "A", AVX512),
        ("aarch64", "A", AVX2),
    ]:
        machine(arch, f"model name\t: {model}\nflags\t\t: {features}\n")
        prints.append(target.fingerprint())
    assert len(set(prints)) == 4


def test_the_fingerprint_stays_when_only_the_clock_changes(machine: Machine) -> None:
    machine("x86_64", f"model name\t: A\ncpu MHz\t\t: 2596.1\nflags\t\t: {AVX2}\n\ncpu MHz\t\t: 800.0\n")
    before = target.fingerprint()
    machine("x86_64", f"model name\t: A\ncpu MHz\t\t: 3100.9\nflags\t\t: {AVX2}\n\ncpu MHz\t\t: 900.0\n")
    assert target.fingerprint() == before
