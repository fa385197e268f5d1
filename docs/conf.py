"""How Sphinx makes the site from these pages: `make docs` writes it to `build/site`.

The pages are plain Markdown that also reads well where it is stored. Three things are done to them here: the table of
contents is added to the first page, links to files that the site does not have become the names of those files, and a
page with a figure gets the script of the figures.
"""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from bundling import bundle  # noqa: E402

COMPANION = "convolution sizes sharing pooling activations backpropagation training overfitting architectures features"
CONTENTS = {
    "Companion": ["companion/README", *(f"companion/{page}" for page in COMPANION.split()), "companion/worked"],
    "Reference": ["whole", "layers", "networks", "machines", "adding"],
}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")

project = "Striate"
html_title = "Striate"
extensions = ["myst_parser"]
exclude_patterns = ["decisions.md"]
myst_heading_anchors = 3
html_theme = "furo"
html_static_path = ["companion/figures/figures.css"]
html_css_files = ["figures.css"]
html_use_index = html_copy_source = False
html_show_sourcelink = False
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"


def contents() -> str:
    """The table of contents, which the sidebar shows."""
    return "".join(
        "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```\n"])
        for caption, pages in CONTENTS.items()
    )


def without_strays(text: str, page: Path) -> str:
    """A page's text in which a link to a file outside the site is that file's name, from the project's root.

    >>> without_strays("[Results](../benchmarks/RESULTS.md), [layers](layers.md)", HERE / "adding.md")
    'Results (`benchmarks/RESULTS.md`), [layers](layers.md)'
    """

    def named(found: re.Match[str]) -> str:
        words, path = found[1], (page.parent / found[2]).resolve()
        if not path.is_file() or (path.is_relative_to(HERE) and path.name not in exclude_patterns):
            return found[0]
        return f"{words} (`{path.relative_to(HERE.parent).as_posix()}`)"

    return LINK.sub(named, text)


def read(app: Any, name: str, source: list[str]) -> None:
    """Called with each page's text before it is parsed."""
    source[0] = without_strays(source[0], Path(app.env.doc2path(name)))
    if name == "index":
        source[0] += contents()


def bundled(app: Any) -> None:
    """Writes the script of the figures."""
    script = Path(app.outdir) / "_static" / "figures.js"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(bundle(HERE / "companion" / "figures" / "figures.js"), encoding="utf-8")


def reachable(html: str) -> str:
    """HTML in which what may scroll sideways can be reached by key.

    >>> reachable('<pre>long</pre><div class="table-wrapper docutils">')
    '<pre tabindex="0">long</pre><div tabindex="0" class="table-wrapper docutils">'
    """
    return re.sub(r'<(pre(?=>)|div(?= class="table-wrapper))', r'<\1 tabindex="0"', html)


def finished(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Called with each page's HTML: what a key must reach is reached, and pages with a figure load the script."""
    context["body"] = reachable(context.get("body", ""))
    navigation = context["furo_navigation_tree"]  # the theme leaves out how deep its headings are
    context["furo_navigation_tree"] = navigation.replace('role="heading"', 'role="heading" aria-level="2"')
    if "data-figure" in context["body"]:
        app.add_js_file("figures.js", defer="defer")


def without_maps(app: Any, error: Exception | None) -> None:
    """Called last: what only the theme's own developers need goes."""
    for path in Path(app.outdir).rglob("*.map"):
        path.unlink()


def setup(app: Any) -> None:
    """Sphinx calls this first."""
    app.connect("builder-inited", bundled)
    app.connect("source-read", read)
    app.connect("html-page-context", finished, priority=900)  # after the theme
    app.connect("build-finished", without_maps)
