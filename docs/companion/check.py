"""Runs the pages' code and counts the lectures' worked numbers in it: `python docs/companion/check.py [page.md]`.

A worked number is an assertion with a comment `# worked: …` at its end; `worked.md` lists all that there must be, and
on which page. Run it from the project's root. Pictures are drawn anew into `pictures/`.
"""

import ast
import re
import sys
import traceback
from pathlib import Path

import matplotlib.style
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the pages say `from drawing import …`

import drawing  # noqa: E402

LIST = HERE / "worked.md"
MARK = "# worked: "


def blocks(page: Path) -> str:
    """All the code of a page, each line at its own place in it, so that an error names the page's line."""
    inside, lines = False, []
    for line in page.read_text(encoding="utf-8").split("\n"):
        fence = line.startswith("```")
        lines.append("" if fence or not inside else line)
        inside = line == "```python" if fence else inside
    return "\n".join(lines)


def with_code() -> list[Path]:
    """The pages that have any."""
    return [page for page in sorted(HERE.glob("*.md")) if blocks(page).strip()]


def worked(page: Path) -> list[str]:
    """What the worked numbers of a page are called; each must stand behind an assertion."""
    code = blocks(page)
    ends = {node.end_lineno for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)}
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
        with matplotlib.style.context(drawing.STYLE, after_reset=True):
            exec(compile(blocks(page), str(page), "exec"), {"__name__": page.stem})
    finally:
        torch.set_num_threads(threads)


def right(page: Path) -> list[str]:
    """The worked numbers of a page, none when an assertion in it fails; says which."""
    found = worked(page)
    try:
        run(page)
    except AssertionError as error:
        place = next(part.lineno for part in traceback.extract_tb(error.__traceback__) if part.filename == str(page))
        print(f"{page.name}: an assertion fails at line {place}")
        return []
    print(f"{page.name}: {f'{len(found)} of {len(found)}' if found else 'runs'}")
    return found


def main(names: list[str]) -> int:
    """Runs the pages named, or all and compares them with the list; the exit status."""
    pages = [HERE / name for name in names] or with_code()
    wanted = sorted((name, page.name) for page in pages for name in worked(page))
    if not names:
        for name, page in sorted(set(wanted) ^ set(listed())):
            print(f"{page}: '{name}' stands {'on the page alone' if (name, page) in wanted else 'in worked.md alone'}")
    total = wanted if names else sorted(listed())
    came_out = sorted((name, page.name) for page in pages for name in right(page))
    print(f"{len(came_out)} of {len(total)} worked numbers")
    return came_out != total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
