"""Runs the pages' code and counts the lectures' worked numbers in it: `python docs/companion/check.py [page.md]`.

A worked number is an assertion with a comment `# worked: …` at its end. Run it from the project's root.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent


def blocks(page: Path) -> str:
    """All the code of a page, each line at its own place in it, so that an error names the page's line."""
    inside, lines = False, []
    for line in page.read_text(encoding="utf-8").split("\n"):
        fence = line.startswith("```")
        lines.append("" if fence or not inside else line)
        inside = line == "```python" if fence else inside
    return "\n".join(lines)


def run(page: Path) -> int:
    """Runs a page's code; the number of worked numbers in it."""
    code = blocks(page)
    exec(compile(code, str(page), "exec"), {"__name__": page.stem})
    return len(re.findall(r"# worked: ", code))


def main(names: list[str]) -> int:
    """Runs the pages named, or all; the exit status."""
    pages = [HERE / name for name in names] or sorted(HERE.glob("*.md"))
    right = total = 0
    for page in pages:
        found = len(re.findall(r"# worked: ", blocks(page)))
        total += found
        try:
            right += run(page)
            print(f"{page.name}: {found} of {found}")
        except AssertionError as error:
            print(f"{page.name}: an assertion fails at line {error.__traceback__.tb_next.tb_next.tb_lineno}")
    print(f"{right} of {total} worked numbers")
    return right != total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
