"""Markdown, HTML and plain text: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.api.messages.rich_text import html_of_markdown, text_of_html

MARKDOWN = [
    ("plain", "<p>plain</p>"),
    ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
    (
        "*it* and _it_, **bold** and __bold__",
        "<p><em>it</em> and <em>it</em>, <strong>bold</strong> and <strong>bold</strong></p>",
    ),
    ("~~gone~~ `x < 1`", "<p><del>gone</del> <code>x &lt; 1</code></p>"),
    ("# Title\ntext", "<h1>Title</h1><p>text</p>"),
    ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
    (
        "[a **b**](https://x.example/?q=1&r=2)",
        '<p><a href="https://x.example/?q=1&amp;r=2">a <strong>b</strong></a></p>',
    ),
    ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ("snake_case_name 2*3*4", "<p>snake_case_name 2*3*4</p>"),
]

HTML = [
    ("a<br>b<br/>c", "a\nb\nc"),
    ("<p>a</p>\n<p>b</p>", "a\nb"),
    ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
    ('see <a href="https://x.example">this</a>', "see this (https://x.example)"),
    ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
    ("<style>p{}</style><script>x</script>text", "text"),
    ("&lt;b&gt; &amp; &#128150;", "<b> & 💖"),
    ("<b>unclosed <i>tags", "unclosed tags"),
    ("", ""),
]


@pytest.mark.parametrize(("markdown", "html"), MARKDOWN)
def test_markdown_becomes_html(markdown: str, html: str) -> None:
    assert html_of_markdown(markdown) == html


@pytest.mark.parametrize(("html", "text"), HTML)
def test_html_becomes_text(html: str, text: str) -> None:
    assert text_of_html(html) == text


@given(st.text(alphabet="ab *_`~[]()<>#-1.\n\\&", max_size=200))
def test_no_text_breaks_the_converters(text: str) -> None:
    html = html_of_markdown(text)
    assert "<script" not in html
    text_of_html(html)
    text_of_html(text)
