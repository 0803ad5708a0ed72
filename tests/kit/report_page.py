"""Reads a page as a browser would."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img"}


class Reader(HTMLParser):
    """Reads a page as a browser would, roughly: elements, attributes, text, and whether every element is closed."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.broken: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        # ``<br />`` opens and closes nothing.
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.broken.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def check_harmless(self) -> None:
        """Nothing runs, nothing is loaded, nothing is left open."""
        assert not self.broken
        assert not self.open
        names = {name for name, _ in self.elements}
        assert not names & {"script", "iframe", "object", "embed", "img", "form", "base", "audio", "video", "source"}
        for name, attributes in self.elements:
            assert not [key for key in attributes if key.startswith("on") or key in ("style", "src", "srcset")]
            for key in ("href", "xlink:href", "action"):
                target = attributes.get(key)
                if target is not None:
                    assert re.match(r"#|https?://|mailto:|data:,\Z", target), (name, target)
                    assert name != "link" or target == "data:,"
