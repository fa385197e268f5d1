"""C text → a loaded library: which compiler, with which flags, in parallel, and only once.

Each unit is compiled to an object of its own, so one that two networks share is compiled once; then they are linked.
Where the cache folder cannot be written, one line says so and the next start compiles again. A compiler that fails
raises `NoCompiler`, whose message is one line. $STRIATE_CC is the command of another compiler.

>>> from .target import named
>>> flags(Compiler(("/usr/bin/cc",), "its size and date"), named("avx2"))[-4:]
('-mavx2', '-mfma', '-DLANES=8', '-DREGISTERS=16')
"""

import ctypes
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from . import cache
from .jobs import Job, run_all
from .jobs import NoCompiler as NoCompiler  # what callers catch
from .target import WEB, Target, fingerprint, host

FLAGS = (
    *("-std=gnu11", "-O3", "-fPIC", "-fvisibility=default", "-Werror=switch"),
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"),  # not -ffast-math: a NaN must stay one
)
LIBRARIES = ("-lm", "-lpthread")
OBJECT, LIBRARY = "unit.o", "library.so"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Compiler:
    """A C compiler.

    Attributes:
        command: the words it is called with.
        identity: changes when another compiler takes its place; known without running it.
    """

    command: tuple[str, ...]
    identity: str

    @property
    def is_zig(self) -> bool:
        return any(Path(word).name.startswith("zig") for word in self.command)


@dataclass(frozen=True)
class Built:
    """A library on the disk.

    Attributes:
        path: the library.
        seconds: what it took to find or make it.
        cached: it was there already.
        folder: where it and its sources are stored.
    """

    path: Path
    seconds: float
    cached: bool
    folder: Path


def found() -> list[Compiler]:
    """$STRIATE_CC alone; else `cc`, `gcc` and `clang`, each file once, and after them the `ziglang` wheel.

    Raises:
        NoCompiler: none of them is there.
    """
    if wanted := os.environ.get("STRIATE_CC"):
        with suppress(ValueError):  # an open quotation mark
            words = [wanted] if shutil.which(wanted) else shlex.split(wanted)
            if words and (path := shutil.which(words[0])):
                return [_compiler(path, *words[1:])]
        raise NoCompiler(f"STRIATE_CC={wanted}: there is no such command")
    installed = [_compiler(path) for path in map(shutil.which, ("cc", "gcc", "clang")) if path]
    installed += filter(None, (_zig(),))
    if not installed:
        raise NoCompiler("no C compiler (cc, gcc or clang) on this machine; `pip install striate[native]` brings one")
    each: dict[str, Compiler] = {}
    for compiler in installed:
        each.setdefault(compiler.identity, compiler)
    return list(each.values())


def flags(compiler: Compiler, target: Target) -> tuple[str, ...]:
    """The flags with which `compiler` makes code for `target`."""
    forced = "native" not in " ".join(target.flags)
    base = ("-mcpu=baseline",) if compiler.is_zig and forced else ()  # zig alone would use all features of this machine
    return (*FLAGS, *base, *target.flags, f"-DLANES={target.lanes}", f"-DREGISTERS={target.registers}")


def library(
    units: Mapping[str, str],
    target: Target | None = None,
    *,
    title: str = "library",
    extra_flags: Iterable[str] = (),
    say: Say = lambda line: None,
) -> Built:
    """The shared library of `units` for `target`, from the cache or compiled, by the first compiler that can.

    Args:
        units: file stem → the complete C text of a translation unit.
        target: the vector units to use; the machine's own by default.
        title: what it is, for people: the name of its folder begins with it.
        extra_flags: after all others, for the compiler and the linker.
        say: is given one line when it is compiled, with where it is stored, and one on what went wrong.

    Raises:
        NoCompiler: it cannot be made; the message is one line.
        InputError: $STRIATE_TARGET is wrong.
    """
    assert all(stem.isidentifier() for stem in units), "a unit's name is a file's name"
    first, *others = found()
    extra = tuple(extra_flags)
    try:
        return _library(first, title, units, target or host(), extra, say)
    except NoCompiler as error:
        for compiler in others:
            with suppress(NoCompiler):
                built = _library(compiler, title, units, target or host(), extra, say)
                say(f"compiled by {' '.join(compiler.command)}: {error}")
                return built
        raise


def _library(
    compiler: Compiler, title: str, units: Mapping[str, str], target: Target, extra: tuple[str, ...], say: Say
) -> Built:
    start = time.perf_counter()
    words = (*compiler.command, *flags(compiler, target), *extra)
    about = {"compiler": compiler.identity, "command": words, "target": target.name}
    made_by = (compiler.identity, fingerprint(), *words)
    objects: dict[str, Job] = {}  # by text: units of one text are one
    for stem, text in units.items():
        name = cache.named(f"{stem}-{target.name}", "object", *made_by, text)
        objects.setdefault(text, Job(name, OBJECT, (*words, "-c", f"{stem}.c", "-o", OBJECT), {stem: text}, about))
    parts = (part for stem, text in units.items() for part in (stem, objects[text].name))
    name = cache.named(f"{title}-{target.name}", "library", *made_by, *parts)
    job = Job(name, LIBRARY, (*words, *target.linked), units, about)
    path, cached = _somewhere(title, job, list(objects.values()), say)
    return Built(path, time.perf_counter() - start, cached, path.parent)


def for_web(units: Mapping[str, str], title: str, say: Say = lambda line: None) -> Built:
    """WebAssembly of `units`, from the cache or compiled by the `ziglang` wheel; arguments as for `library`.

    Raises:
        NoCompiler: the wheel is not installed, or it failed.
    """
    zig = _zig()
    if not zig:
        raise NoCompiler("only the ziglang wheel makes WebAssembly; `pip install striate[native]` brings it")
    return _library(zig, title, units, WEB, (), say)


def load(path: Path) -> ctypes.CDLL:
    """The library at `path`, loaded into this process.

    Raises:
        NoCompiler: it cannot be loaded here.
    """
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NoCompiler(f"what was compiled cannot be loaded here: {error}") from error


def loaded(
    units: Mapping[str, str],
    target: Target | None = None,
    *,
    title: str = "library",
    extra_flags: Iterable[str] = (),
    say: Say = lambda line: None,
) -> tuple[ctypes.CDLL, Built]:
    """`library`, loaded; one that was kept and cannot be loaded here is made again once.

    Raises:
        NoCompiler: as `library` and `load`.
        InputError: as `library`.
    """
    extra = tuple(extra_flags)
    built = library(units, target, title=title, extra_flags=extra, say=say)
    try:
        return load(built.path), built
    except NoCompiler:
        if not built.cached:
            cache.remove(built.folder)  # so that the next start does not find it again
            raise
    say(f"{built.folder} cannot be loaded here: compiling it again")
    cache.remove(built.folder)
    built = library(units, target, title=title, extra_flags=extra, say=say)
    return load(built.path), built


def _somewhere(title: str, linked: Job, objects: list[Job], say: Say) -> tuple[Path, bool]:
    """The library's path in the user's cache folder, or in this process's own, and whether it was there."""
    root, why = cache.folder(), "there is no home folder"
    if root:
        try:
            return _make(title, linked, objects, root, say)
        except OSError as error:
            why = f"{root}: {error.strerror or error}"
    say(f"the cache folder cannot be written ({why}): compiled for this run only")
    try:
        return _make(title, linked, objects, cache.private(), say)
    except OSError as error:
        raise NoCompiler(f"there is no folder to compile in ({error})") from error


def _make(title: str, linked: Job, objects: list[Job], root: Path, say: Say) -> tuple[Path, bool]:
    """The library's path under `root`, and whether it was there; an OSError comes from the disk."""
    if path := cache.find(linked.name, linked.file, root, say):
        return path, True
    with cache.workspace(root) as place:
        if root == cache.folder():
            say(f"compiling {title} for this machine, once; its C is kept in {root / linked.name}")
        found = {job.name: cache.find(job.name, job.file, root, say) for job in objects}
        found |= run_all({job.name: job for job in objects if not found[job.name]}.values(), place, root)
        words = (*linked.words, *map(str, found.values()), "-o", linked.file, *LIBRARIES)
        path = run_all([replace(linked, words=words)], place, root)[linked.name]
    cache.trim(root)
    return path, False


def _zig() -> Compiler | None:
    """The wheel's, where it is installed."""
    wheel = find_spec("ziglang")
    if not wheel or not wheel.origin:
        return None
    return Compiler((sys.executable, "-m", "ziglang", "cc"), _stamp(Path(wheel.origin).with_name("zig")))


def _compiler(path: str, *words: str) -> Compiler:
    command = (os.path.abspath(path), *words)
    return Compiler(command, "\n".join(_stamp(Path(word)) for word in command))


def _stamp(path: Path) -> str:
    """A text that changes when the file is replaced; for a command that is no file, its name."""
    with suppress(OSError):
        real = path.resolve(strict=True)
        return f"{real} {real.stat().st_size} {real.stat().st_mtime_ns}"
    return str(path)
