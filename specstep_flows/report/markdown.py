"""The package's Markdown as HTML that loads and runs nothing: raw HTML is text, images are their descriptions."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from specstep_flows._html import Html, element, escaped
from specstep_flows._text import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_OUTSIDE: Final = frozenset({"http", "https", "mailto"})


def rendered(text: str, path: str = "", anchors: Mapping[str, str] | None = None, *, below: int = 3) -> Html:
    """Markdown as HTML, its headings below the page's own of level ``below``.

    ``anchors`` gives the page's ids of the package's files, for links from ``path`` to them.
    """
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    environment = {"path": path, "anchors": anchors or {}}
    tokens = parser.parse(plain_text(text), environment)
    _lower_headings(tokens, below)
    return Html(parser.renderer.render(tokens, parser.options, environment))


def _lower_headings(tokens: Sequence[Token], below: int) -> None:
    """Put the headings below the page's own without a gap: readers that go by headings would miss a level."""
    open_levels: list[int] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        level = int(token.tag[1:])
        if token.nesting > 0:
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        token.tag = f"h{min(6, below + len(open_levels))}"


def _image(renderer: RendererHTML, tokens: Sequence[Token], number: int, options: Any, environment: Any) -> str:
    """Loading it would tell somebody that the report is being read."""
    token = tokens[number]
    words = renderer.renderInlineAsText(token.children, options, environment) if token.children else ""
    source = str(token.attrGet("src") or "")
    return element("span", f"[image: {words or posixpath.basename(source) or 'without a description'}]", class_="image")


def _link_open(renderer: RendererHTML, tokens: Sequence[Token], number: int, options: Any, environment: Any) -> str:
    target = _target(str(tokens[number].attrGet("href") or ""), environment)
    if target is None:
        return '<span class="dead-link">'
    outside = ' rel="noopener noreferrer nofollow"' if not target.startswith("#") else ""
    return f'<a href="{escaped(target)}"{outside}>'


def _link_close(renderer: RendererHTML, tokens: Sequence[Token], number: int, options: Any, environment: Any) -> str:
    opened = next(
        token
        for token in reversed(tokens[:number])
        if token.type == "link_open" and token.level == tokens[number].level
    )
    return "</span>" if _target(str(opened.attrGet("href") or ""), environment) is None else "</a>"


def _target(href: str, environment: Mapping[str, Any]) -> str | None:
    """Where a link leads: to a file on this page, to the web, or nowhere."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme:
        return href if parts.scheme.casefold() in _OUTSIDE else None
    if parts.netloc or not parts.path:
        return None
    folder = posixpath.dirname(environment["path"])
    wanted = posixpath.normpath(posixpath.join(folder, unquote(parts.path))).lstrip("/")
    anchor = environment["anchors"].get(wanted)
    return None if anchor is None else f"#{anchor}"
