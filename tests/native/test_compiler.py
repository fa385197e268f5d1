"""C text becomes a library that computes the right thing, and no fault of compiler or disk ends in a traceback."""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from striate.errors import InputError, WorkError
from striate.native import cache, compiler, jobs, target

KERNEL = """
typedef float vec __attribute__((vector_size(LANES * 4), aligned(4)));
int lanes(void) { return LANES; }
int registers(void) { return REGISTERS; }
int is_nan(float x) { return x != x; }
void axpy(float a, const float *x, float *y, int n) {
    for (int i = 0; i < n; i += LANES) *(vec *)(y + i) += a * *(const vec *)(x + i);
}
int avx(void) {
#if defined __AVX512F__
    return 512;
#elif defined __AVX2__
    return 256;
#else
    return 128;
#endif
}
"""
ONE, TWO = "int one(void) { return 1; }", "int two(void) { return 2; }"
CC = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), "")
pytestmark = pytest.mark.skipif(not CC, reason="there is no C compiler")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test alone, in a home with a blank and letters that are not ASCII."""
    home = tmp_path / "Zoë's home"
    monkeypatch.setattr(cache, "user_cache_path", lambda name: home / ".cache" / name)
    monkeypatch.delenv("STRIATE_CC", raising=False)
    monkeypatch.delenv("STRIATE_TARGET", raising=False)
    return home / ".cache" / "striate" / "native"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test writes a compiler of its own, in a folder with a blank; `$STRIATE_CC` names it."""
    path = tmp_path / "my tools" / "cc"
    path.parent.mkdir()
    monkeypatch.setenv("STRIATE_CC", str(path))
    return path


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def but_compiling(lines: list[str]) -> list[str]:
    """What was said besides that it is being compiled."""
    return [line for line in lines if not line.startswith("compiling ")]


def entries(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def check_kernel(library: ctypes.CDLL, units: target.Target) -> None:
    x, y = np.arange(64, dtype=np.float32), np.linspace(-1, 1, 64, dtype=np.float32)
    want = y + np.float32(0.5) * x
    pointer = ctypes.POINTER(ctypes.c_float)
    library.axpy(ctypes.c_float(0.5), x.ctypes.data_as(pointer), y.ctypes.data_as(pointer), 64)
    np.testing.assert_allclose(y, want, rtol=1e-6)
    assert (library.lanes(), library.registers()) == (units.lanes, units.registers)
    assert library.is_nan(ctypes.c_float(float("nan"))) == 1


@pytest.mark.parametrize("name", target.runnable())
def test_the_kernel_is_right_on_every_target_of_this_machine(name: str) -> None:
    library, built = compiler.loaded({"kernel": KERNEL}, target.named(name))
    check_kernel(library, target.named(name))
    assert library.avx() == {"avx512": 512, "avx2": 256}.get(name, 128)
    assert not built.cached


def test_the_host_s_own_target_is_the_default() -> None:
    library, _ = compiler.loaded({"kernel": KERNEL})
    check_kernel(library, target.host())


@pytest.mark.slow  # it compiles its own C library first
def test_the_wheel_s_compiler_makes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ziglang")
    monkeypatch.setenv("PATH", "/nowhere")
    assert compiler.found()[0].is_zig
    for name in target.runnable():
        library, _ = compiler.loaded({"kernel": KERNEL}, target.named(name))
        check_kernel(library, target.named(name))
        assert library.avx() == {"avx512": 512, "avx2": 256}.get(name, 128)


def test_a_second_start_finds_the_library_and_its_sources(root: Path) -> None:
    first = compiler.library({"one": ONE, "two": TWO})
    second = compiler.library({"one": ONE, "two": TWO})
    assert (first.cached, second.cached) == (False, True)
    assert first.path == second.path
    assert (second.folder / "one.c").read_text() == ONE
    assert (second.folder / "two.c").read_text() == TWO
    about = json.loads((second.folder / "entry.json").read_text())
    assert about["target"] == target.host().name
    assert f"-DLANES={target.host().lanes}" in about["command"]
    assert not [name for name in entries(root) if name.startswith(".")]


def test_a_network_is_said_when_it_is_compiled_and_its_folder_bears_its_name(root: Path) -> None:
    said: list[str] = []
    built = compiler.library({"one": ONE}, title="my net, (2)", say=said.append)
    assert re.fullmatch(rf"my-net-2-{target.host().name}-[0-9a-f]{{16}}", built.folder.name)
    assert said == [f"compiling my net, (2) for this machine, once; its C is kept in {built.folder}"]
    assert (built.folder / "one.c").read_text() == ONE
    assert sum(name.startswith(f"one-{target.host().name}-") for name in entries(root)) == 1
    compiler.library({"one": ONE}, title="my net, (2)", say=said.append)
    assert len(said) == 1, "what is found is not compiled"


def test_another_source_flag_target_or_compiler_is_another_library(fake: Path) -> None:
    script(fake, f'exec {CC} "$@"')
    plain = target.named("plain")
    built = [compiler.library({"one": ONE}, plain), compiler.library({"one": ONE + "\n"}, plain)]
    built += [compiler.library({"one": ONE}, plain, extra_flags=["-g"]), compiler.library({"one": ONE})]
    script(fake, f'exec {CC}   "$@"')
    built += [compiler.library({"one": ONE}, plain)]
    assert len({each.path for each in built}) == 5
    assert not any(each.cached for each in built)


def test_a_unit_that_two_libraries_share_is_compiled_once(fake: Path, tmp_path: Path) -> None:
    script(fake, f'echo "$@" >> "{tmp_path}/log"; exec {CC} "$@"')
    compiler.library({"one": ONE})
    compiler.library({"one": ONE, "two": TWO})
    words = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(line[line.index("-c") + 1] for line in words if "-c" in line) == ["one.c", "two.c"]


def test_units_are_compiled_side_by_side(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = f'touch "{tmp_path}/$$.here"; until [ $(ls "{tmp_path}" | grep -c here) = 2 ]; do sleep 0.01; done'
    script(fake, f'case "$*" in *-shared*) ;; *) {meet};; esac; exec {CC} "$@"')
    monkeypatch.setattr(jobs.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(jobs, "TIMEOUT", 20.0)
    library, _ = compiler.loaded({"one": ONE, "two": TWO})
    assert library.one() + library.two() == 3


def test_units_of_the_same_text_are_one() -> None:
    assert compiler.loaded({"one": ONE, "again": ONE})[0].one() == 1


def test_flags_for_sanitising_are_obeyed() -> None:
    overflow = "int next(int x) { return x + 1; }"
    code = (
        "import sys; from pathlib import Path; from striate.native import cache, compiler\n"
        "cache.user_cache_path = lambda name: Path(sys.argv[1])\n"
        f"library, _ = compiler.loaded({{'next': {overflow!r}}}, extra_flags=('-fsanitize=undefined', '-g', '-O1'))\n"
        "library.next(2147483647)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(cache.folder())], capture_output=True, text=True)
    if done.returncode:
        assert "NoCompiler" in done.stderr
        pytest.skip("this compiler has no sanitiser")
    assert "next.c:1:28: runtime error: signed integer overflow" in done.stderr


def test_an_error_in_the_source_is_one_line_that_says_where_the_rest_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIATE_CC", CC)  # no other compiler fails after it
    with pytest.raises(compiler.NoCompiler) as caught:
        compiler.library({"good": ONE, "bad": "int f(void)\n{ return nothing; }"})
    message = str(caught.value)
    kept = next(path for path in root.iterdir() if path.name.startswith("failed-"))
    assert isinstance(caught.value, WorkError)
    assert "\n" not in message
    assert message.startswith(f"{CC} failed: bad.c:2:10: error:")
    assert message.endswith(f"(all it said, and its source: {kept})")
    assert "nothing" in (kept / "compiler.txt").read_text()
    assert (kept / "bad.c").read_text() == "int f(void)\n{ return nothing; }"
    assert not [name for name in entries(root) if name.startswith(".")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 3", "it made nothing and ended with status 3"),
        ("exit 0", "it made nothing and ended with status 0"),
        ("kill -9 $$", "it was killed by signal 9"),
        ("echo hello; echo licence expired; exit 1", "hello"),
        ("echo In file included; echo fatal error: no stdio >&2; exit 1", "fatal error: no stdio"),
        (r"printf '\377\376 error'; exit 1", "\ufffd\ufffd error"),
    ],
)
def test_a_compiler_that_fails_is_one_line(fake: Path, text: str, why: str) -> None:
    script(fake, text)
    with pytest.raises(compiler.NoCompiler) as caught:
        compiler.library({"one": ONE})
    assert str(caught.value).startswith(f"{fake} failed: {why} (all it said")


def test_a_compiler_that_hangs_is_ended_with_all_it_started(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(fake, f'sleep 100 & echo $! > "{tmp_path}/child"; wait')
    monkeypatch.setattr(jobs, "TIMEOUT", 3.0)
    with pytest.raises(compiler.NoCompiler, match="it did not end within 3 s"):
        compiler.library({"one": ONE})
    assert ends(tmp_path / "child")


def test_the_first_failure_ends_the_others(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child"
    hang, fail = f'sleep 100 & echo $! > "{child}"; wait', f'until [ -s "{child}" ]; do sleep 0.01; done; exit 1'
    script(fake, f'case "$*" in *one.c*) {hang};; *) {fail};; esac')
    monkeypatch.setattr(jobs.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    with pytest.raises(compiler.NoCompiler, match="ended with status 1"):
        compiler.library({"one": ONE, "two": TWO})
    assert ends(child)


def ends(number: Path) -> bool:
    """Whether the process whose number is in that file is gone soon."""
    until = time.monotonic() + 10
    while there := alive(Path("/proc") / number.read_text().strip()):
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return not there


def alive(process: Path) -> bool:
    """Whether the process of that folder of /proc is there and no zombie."""
    try:
        return ") Z" not in (process / "stat").read_text()
    except OSError:
        return False


def test_a_file_that_is_no_program_is_one_line(fake: Path) -> None:
    fake.write_bytes(b"\x7fELF and nothing more")
    fake.chmod(0o755)
    with pytest.raises(compiler.NoCompiler, match=r"cc cannot be run \(Exec format error\)"):
        compiler.library({"one": ONE})


@pytest.mark.parametrize("words", ["/no/such/cc -O2", "cc 'open", " ", "'' x"])
def test_a_command_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setenv("STRIATE_CC", words)
    with pytest.raises(compiler.NoCompiler, match=r"STRIATE_CC=.*: there is no such command"):
        compiler.found()


def test_the_command_may_have_words_of_its_own(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(fake, f'exec {CC} "$@"')
    monkeypatch.setenv("STRIATE_CC", f"'{fake}' -DANSWER=42")
    assert compiler.found()[0].command == (str(fake), "-DANSWER=42")
    assert compiler.loaded({"answer": "int answer(void) { return ANSWER; }"})[0].answer() == 42


def test_the_first_of_cc_gcc_and_clang_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("clang", "gcc", "cc"):
        script(tmp_path / name, "exit 0")
        assert compiler.found()[0].command == (str(tmp_path / name),)


def test_where_one_compiler_fails_the_next_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    working, said = shutil.which(CC), list[str]()
    tools = tmp_path / "tools"
    tools.mkdir()
    script(tools / "cc", "echo 'fatal error: no stdio.h' >&2; exit 1")
    script(tools / "gcc", f'exec {working} "$@"')
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    assert compiler.loaded({"one": ONE}, say=said.append)[0].one() == 1
    (line,) = but_compiling(said)
    assert line.startswith(f"compiled by {tools / 'gcc'}: {tools / 'cc'} failed: fatal error: no stdio.h (all it said")


def test_links_to_one_compiler_are_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "gcc", "exit 1")
    (tmp_path / "cc").symlink_to(tmp_path / "gcc")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    assert [found.command for found in compiler.found()] == [(str(tmp_path / "cc"),)]


def test_the_wheel_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ziglang").mkdir()
    (tmp_path / "ziglang" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "ziglang" / "zig").write_text("")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delitem(sys.modules, "ziglang", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = compiler.found()
    assert found.command == (sys.executable, "-m", "ziglang", "cc")
    assert found.identity.startswith(str(tmp_path / "ziglang" / "zig"))
    assert "-mcpu=baseline" in compiler.flags(found, target.named("avx2"))
    assert "-mcpu=baseline" not in compiler.flags(found, target.Target("avx2", 8, 16, ("-march=native",)))


def test_a_machine_without_any_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    with pytest.raises(compiler.NoCompiler, match=r"pip install striate\[native\]"):
        compiler.library({"one": ONE})


def test_a_wrong_target_is_the_user_s_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_TARGET", "avx3")
    with pytest.raises(InputError, match="did you mean"):
        compiler.library({"one": ONE})


@pytest.mark.parametrize("which", ["home is a file", "no home"])
def test_a_cache_that_cannot_be_written_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" if which == "home is a file" else Path("~")
    monkeypatch.setattr(cache, "user_cache_path", lambda name: home / name)
    cache.private.cache_clear()
    lines: list[str] = []
    library, built = compiler.loaded({"one": ONE}, say=lines.append)
    assert library.one() == 1
    assert built.folder.parent == cache.private()
    why = f"{home}/striate/native: Not a directory" if home.is_absolute() else "there is no home folder"
    assert but_compiling(lines) == [f"the cache folder cannot be written ({why}): compiled for this run only"]
    assert compiler.library({"one": ONE}).cached


@pytest.mark.parametrize("at", ["compiler", "message", "keep"])
def test_a_full_disk_costs_one_line(fake: Path, root: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """The compiler says it, or has no space to say it, or there is none for the last file of the entry."""
    said = {"compiler": "echo x.s: No space left on device; exit 1", "message": "exit 1", "keep": ":"}[at]
    script(fake, f'case "$PWD" in "{root}"*) {said};; esac; exec {CC} "$@"')
    open_file = Path.open

    def no_room(self: Path, mode: str = "r", *rest: object, **named: object) -> object:
        if root in self.parents and self.name == {"message": "room", "keep": cache.ABOUT}.get(at) and "w" in mode:
            raise OSError(28, "No space left on device", str(self))
        return open_file(self, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", no_room)
    cache.private.cache_clear()
    lines: list[str] = []
    library, built = compiler.loaded({"one": ONE, "two": TWO}, say=lines.append)
    assert library.two() == 2
    assert but_compiling(lines) == [
        f"the cache folder cannot be written ({root}: No space left on device): compiled for this run only"
    ]
    assert built.folder.parent == cache.private()
    assert entries(root) == []


def test_no_room_anywhere_is_one_line(fake: Path) -> None:
    script(fake, 'echo "cannot write x.s: No space left on device"; exit 1')
    cache.private.cache_clear()
    with pytest.raises(compiler.NoCompiler, match=r"there is no folder to compile in \(.*No space left on device"):
        compiler.library({"one": ONE})


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_library_cut_short_is_made_again(left: int) -> None:
    lines: list[str] = []
    built = compiler.library({"one": ONE})
    os.truncate(built.path, left if left >= 0 else built.path.stat().st_size - 1)
    library, again = compiler.loaded({"one": ONE}, say=lines.append)
    assert library.one() == 1
    assert not again.cached
    assert but_compiling(lines) == [f"{built.folder} was not whole: compiling it again"]


def test_an_object_cut_short_is_made_again(root: Path) -> None:
    built = compiler.library({"one": ONE, "two": TWO})
    shutil.rmtree(built.folder)
    kept = next(root.glob("*/unit.o"))
    os.truncate(kept, kept.stat().st_size // 2)
    library, _ = compiler.loaded({"one": ONE, "two": TWO})
    assert library.one() + library.two() == 3


def test_a_whole_library_of_another_machine_is_made_again_once() -> None:
    lines: list[str] = []
    built = compiler.library({"one": ONE})
    built.path.write_bytes(b"\x7fELF of another machine")
    about = {"size": built.path.stat().st_size, "sha256": sha256(built.path.read_bytes()).hexdigest()}
    (built.folder / "entry.json").write_text(json.dumps(about))
    library, again = compiler.loaded({"one": ONE}, say=lines.append)
    assert library.one() == 1
    assert not again.cached
    assert but_compiling(lines) == [f"{built.folder} cannot be loaded here: compiling it again"]


def test_another_processor_never_gets_this_one_s_code(monkeypatch: pytest.MonkeyPatch) -> None:
    built = compiler.library({"one": ONE})
    monkeypatch.setattr(compiler, "fingerprint", lambda: "another")
    assert compiler.library({"one": ONE}).path != built.path


def test_a_library_that_lacks_a_function_is_one_line() -> None:
    with pytest.raises(compiler.NoCompiler, match=r"compiled cannot be loaded here: .*library.so.*missing") as caught:
        compiler.loaded({"call": "int missing(void); int call(void) { return missing(); }"})
    assert "\n" not in str(caught.value)


def test_processes_that_compile_the_same_at_once_all_get_it(tmp_path: Path, root: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from striate.native import cache, compiler\n"
        "cache.user_cache_path = lambda name: Path(sys.argv[1]).parent\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"library, built = compiler.loaded({{'one': {ONE!r}, 'two': {TWO!r}}})\n"
        "print(library.one() + library.two(), built.path)"
    )
    command = [sys.executable, "-c", code, str(root)]
    several = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in several:
        assert process.stdout
        process.stdout.readline()
    said = []
    for process in several:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in several:
        out, err = process.communicate(timeout=60)
        assert err == ""
        said.append(out)
    assert len(set(said)) == 1
    assert said[0].startswith("3 ")
    assert len(entries(root)) == 3  # two objects and the library, and nothing half made


def test_webassembly_is_made_by_the_wheel_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    with pytest.raises(compiler.NoCompiler, match=r"only the ziglang wheel makes WebAssembly; `pip install striate"):
        compiler.for_web({"one": ONE}, "one")
