"""Texts that would like to be more than text: markup, scripts, formulas, templates, and what a terminal acts on."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECES = (
    # markup
    "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "</script><script>alert(3)</script>",
    "<svg/onload=alert(4)>",
    "<iframe srcdoc='<script>alert(5)</script>'>", "</div></span></title></textarea>", "<!--", "-->", "<![CDATA[",
    "]]>",
    "<style>*{display:none}</style>", "<a href=javascript:alert(6)>x</a>", "<b", "<", ">", "<?xml?>",
    "<input autofocus onfocus=alert(7)>",
    # out of an attribute, and out of a script's string
    '"><b>', "'><b>", '" onmouseover="alert(8)', "' onmouseover='alert(9)", "`", "\\", '\\";alert(10)//',
    "\\u003cb\\u003e",
    # entities
    "&lt;b&gt;", "&#60;b&#62;", "&#x3c;b&#x3e;", "&amp;amp;", "&", "&nbsp", "&NewLine;",
    # formulas
    "$$\\href{javascript:alert(11)}{x}$$", "\\[\\href{javascript:alert(12)}{x}\\]", "\\(x\\)", "$x$", "$\\frac{1}{",
    "\\unicode{x}",
    # templates: of Bokeh's hovering, of Jinja, of JavaScript and Python
    "@{g}", "@t{custom}", "$index", "$name", "{{ 7*7 }}", "{% raw %}", "{# #}", "${alert(13)}", "%s %n %(x)s",
    "{0.__class__}", "{}",
    # what a terminal or an editor acts on
    "\x1b]0;title\x07", "\x1b[2J\x1b[31m", "\r", "\n", "\b\b\b", "\x00", "\x7f", "\x9b31m", "\u202e", "\u2028",
    "\u2066", "\ufeff", "\u200b",
    "\udcff", "\ud800", "\U0001f600", "\u0130", "e\u0301" * 20,
    # a name that is one elsewhere
    "../../etc/passwd", "constructor", "__proto__", "toString", "con", "javascript:alert(14)",
    "http://evil.example/x.js", "file:///etc/passwd",
)  # fmt: skip
USUAL = "<b onclick=alert(0)>&lt;$$x$$"  # some of each, as a file's name and a source can have it
LONG = ("x" * 10_000, "<" * 3_000, "$$" * 2_000, "😀" * 2_000)


def texts(count: int, seed: int = 1) -> Iterator[str]:
    """The usual one, and of the pieces as many as are wanted; where more are, all of them and mixtures."""
    draw = random.Random(seed)
    single = [*PIECES, *LONG]
    count -= 1
    yield USUAL
    yield from draw.sample(single, min(count, len(single)))
    for _ in range(count - len(single)):
        yield "".join(draw.choices(PIECES, k=draw.randint(2, 6)))
