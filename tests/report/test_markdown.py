"""The package's Markdown on the page: it loads nothing and runs nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows.report.markdown import rendered


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>\n"),
        ("# Title", "<h4>Title</h4>\n"),
        ("###### Deep", "<h4>Deep</h4>\n"),
        ("# One\n### Two\n## Three\n# Four", "<h4>One</h4>\n<h5>Two</h5>\n<h5>Three</h5>\n<h4>Four</h4>\n"),
        ("One\n===", "<h4>One</h4>\n"),
        ("<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>\n"),
        ("<!-- hidden -->", "<p>&lt;!-- hidden --&gt;</p>\n"),
        ("![words](x.png)", '<p><span class="image">[image: words]</span></p>\n'),
        ("![](http://a.example/pixel.png)", '<p><span class="image">[image: pixel.png]</span></p>\n'),
        ("[home](//evil.example/x)", '<p><span class="dead-link">home</span></p>\n'),
        ("[file](file:///etc/passwd)", "<p>[file](file:///etc/passwd)</p>\n"),
        ("[up](../../../../etc/passwd)", '<p><span class="dead-link">up</span></p>\n'),
        (
            "<https://example.com>",
            '<p><a href="https://example.com" rel="noopener noreferrer nofollow">https://example.com</a></p>\n',
        ),
    ],
)
def test_markdown_is_rendered_and_everything_else_is_text(text: str, html: str) -> None:
    """Headings go below the page's own; images are their descriptions; links lead to known places only."""
    assert rendered(text) == html


def test_links_are_resolved_from_the_file_they_stand_in() -> None:
    """As on disk: relative to the file's own folder, percent-encoding and fragments allowed."""
    anchors = {"docs/a b.md": "file-1", "README.md": "file-0"}

    assert 'href="#file-1"' in rendered("[x](<a b.md>)", "docs/index.md", anchors)
    assert 'href="#file-1"' in rendered("[x](a%20b.md#part)", "docs/index.md", anchors)
    assert 'href="#file-0"' in rendered("[x](../README.md)", "docs/index.md", anchors)
    assert "href" not in rendered("[x](README.md)", "docs/index.md", anchors)


@given(st.text(alphabet="[](){}<>!\"'`*_#-\\:/.a1 \n\t&;\u202e|", max_size=120))
def test_no_markdown_makes_an_element_that_loads_or_runs(text: str) -> None:
    """Whatever is written, no element but Markdown's own comes of it."""
    html = rendered(text, "a.md", {"b.md": "file-1"}).casefold()

    for opening in ("<script", "<img", "<iframe", "<style", "<svg", "<object", 'href="javascript:', 'href="data:'):
        assert opening not in html
