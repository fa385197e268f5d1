"""Runs the pages' code and counts the lectures' worked numbers in it: `python docs/companion/check.py [page]`.

A worked number is an assertion with a comment `# worked: …` at its end; `worked.md` lists all that must be there, and
on which page. It runs from any folder and writes nothing, unless `--draw` asks for the pictures in `pictures/` to be
redrawn. The exit status is 0 when all came out, 1 when an assertion or anything else failed, 2 when there is no such
page.
"""

import ast
import contextlib
import re
import sys
import tempfile
import traceback
from pathlib import Path

import matplotlib.style
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the pages say `from drawing import …`

import drawing  # noqa: E402

ROOT = HERE.parents[1]  # the pages name files from here
LIST = HERE / "worked.md"
MARK = "# worked: "
DRAW = "--draw"


def blocks(page: Path) -> str:
    """All the code of a page, each line with the number it has there, so that an error names the page's line."""
    inside, lines = False, []
    for line in page.read_text(encoding="utf-8").split("\n"):
        fence = line.startswith("```")
        lines.append("" if fence or not inside else line)
        inside = line == "```python" if fence else inside
    return "\n".join(lines)


def with_code() -> list[Path]:
    """The pages that contain code."""
    return [page for page in sorted(HERE.glob("*.md")) if blocks(page).strip()]


def called(name: str) -> Path | None:
    """The page that a name with or without `.md`, or a path, stands for."""
    return next((place for place in (HERE / name, HERE / f"{name}.md", Path(name)) if place.is_file()), None)


def worked(page: Path) -> list[str]:
    """The names of a page's worked numbers; each must be in a comment after an assertion."""
    code = blocks(page)
    ends = {node.end_lineno for node in ast.walk(ast.parse(code, str(page))) if isinstance(node, ast.Assert)}
    found = []
    for number, line in enumerate(code.split("\n"), start=1):
        if MARK in line:
            if number not in ends:
                raise ValueError(f"{page.name}:{number}: '{MARK}' must stand at the end of an assertion")
            found.append(line.split(MARK)[1].strip())
    return found


def listed() -> list[tuple[str, str]]:
    """The list's rows: what a worked number is called, and the page it must stand on."""
    return re.findall(r"^\| (.+?) \| .+ \| \[(.+?\.md)\]", LIST.read_text(encoding="utf-8"), flags=re.MULTILINE)


def run(page: Path) -> None:
    """Runs a page's code, on one thread: for networks this small that is quickest, and the same on any machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with matplotlib.style.context(drawing.STYLE, after_reset=True), contextlib.chdir(ROOT):
            exec(compile(blocks(page), str(page), "exec"), {"__name__": page.stem})
    finally:
        torch.set_num_threads(threads)


def right(page: Path) -> tuple[list[str], bool]:
    """The worked numbers of a page, and whether its code runs to the end; says how it went."""
    found: list[str] = []
    try:
        found = worked(page)
        run(page)
    except Exception as error:
        print(failure(error, page))
        return found, False
    print(f"{page.name}: {f'{len(found)} of {len(found)}' if found else 'runs'}")
    return found, True


def failure(error: Exception, page: Path) -> str:
    """What went wrong on a page and at which line, in one line."""
    lines = [part.lineno for part in traceback.extract_tb(error.__traceback__) if part.filename == str(page)]
    if isinstance(error, SyntaxError) and error.filename == str(page):
        return f"{page.name}:{error.lineno}: no Python ({error.msg}); is a fence open?"
    if not lines:  # a mark in the wrong place, which names its own
        return str(error)
    if isinstance(error, AssertionError):
        return f"{page.name}:{lines[0]}: an assertion fails: {blocks(page).split(chr(10))[lines[0] - 1].strip()}"
    return f"{page.name}:{lines[0]}: {type(error).__name__}: {str(error).partition(chr(10))[0]}"


def main(words: list[str]) -> int:
    """Runs the pages named, or all of them; the exit status. Pictures are kept only with `--draw` among the words."""
    names = [word for word in words if word != DRAW]
    if DRAW in words:
        return compared(names)
    with tempfile.TemporaryDirectory() as folder, drawing.into(Path(folder)):
        return compared(names)


def compared(names: list[str]) -> int:
    """Runs the pages named, or all and compares them with the list; the exit status."""
    if unknown := [name for name in names if not called(name)]:
        print(f"no page '{unknown[0]}'; there are {', '.join(page.stem for page in with_code())}", file=sys.stderr)
        return 2
    pages = [page.resolve() for name in names if (page := called(name))] or with_code()
    results = {page.name: right(page) for page in pages}
    wanted = sorted((name, page) for page, (found, _) in results.items() for name in found)
    if not names:
        for name, page in sorted(set(wanted) ^ set(listed())):
            print(f"{page}: '{name}' stands {'on the page alone' if (name, page) in wanted else 'in worked.md alone'}")
    total = wanted if names else sorted(listed())
    came_out = sorted((name, page) for page, (found, runs) in results.items() if runs for name in found)
    print(f"{len(came_out)} of {len(total)} worked numbers")
    return int(came_out != total or not all(runs for _, runs in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
