"""Markdown to HTML, and HTML to plain text: what a message's other text forms are made of. Pure.

The Markdown is the part that chat uses: paragraphs, line breaks, bold, italics, struck-out, code, links, lists and
headings. Everything else stays as it was written.
"""

import re
from html import escape
from html.parser import HTMLParser

_LINK = re.compile(r"\[([^\[\]]{1,1000})\]\((https?://[^\s()<>]{1,2048}|mailto:[^\s()<>]{1,300})\)")
_INLINE = (
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*\n]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"__([^_\n]+)__"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*\n]*)\*(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"(?<!\w)_([^_\s][^_\n]*)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"~~([^~\n]+)~~"), r"<del>\1</del>"),
)
_HEADING = re.compile(r"(#{1,6})[ \t]+(.+)")
_BULLET = re.compile(r"[-*+][ \t]+(.+)")
_NUMBER = re.compile(r"\d{1,9}[.)][ \t]+(.+)")


def html_of_markdown(markdown: str) -> str:
    """The HTML of a Markdown text. What was HTML in it is shown, not obeyed."""
    blocks = re.split(r"\n[ \t]*\n", markdown.replace("\r\n", "\n").strip())
    return "".join(_block([line.strip() for line in block.split("\n")]) for block in blocks if block.strip())


def _block(lines: list[str]) -> str:
    for tag, pattern in (("ul", _BULLET), ("ol", _NUMBER)):
        matches = [pattern.fullmatch(line) for line in lines]
        if all(matches):
            items = "".join(f"<li>{_inline(match[1])}</li>" for match in matches if match)
            return f"<{tag}>{items}</{tag}>"
    heading = _HEADING.fullmatch(lines[0])
    if heading:
        level = len(heading[1])
        rest = _block(lines[1:]) if lines[1:] else ""
        return f"<h{level}>{_inline(heading[2])}</h{level}>{rest}"
    return "<p>" + "<br>".join(_inline(line) for line in lines) + "</p>"


def _inline(text: str) -> str:
    pieces, end = [], 0
    for match in _LINK.finditer(text):
        pieces.append(_styled(text[end : match.start()]))
        pieces.append(f'<a href="{escape(match[2])}">{_styled(match[1])}</a>')
        end = match.end()
    pieces.append(_styled(text[end:]))
    return "".join(pieces)


def _styled(text: str) -> str:
    styled = escape(text, quote=False)
    for pattern, replacement in _INLINE:
        styled = pattern.sub(replacement, styled)
    return styled


_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_HIDDEN = frozenset({"script", "style", "head", "title"})


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BREAKS:
            self.pieces.append("\n")
            if tag == "li":
                self.pieces.append("- ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in _BREAKS and tag != "br":
            self.pieces.append("\n")
        elif tag == "a" and self._links:
            href, start = self._links.pop()
            if href and href != "".join(self.pieces[start:]):
                self.pieces.append(f" ({href})")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """The plain text of an HTML text: blocks become lines, links keep their address."""
    parser = _Plain()
    parser.feed(html)
    parser.close()
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in "".join(parser.pieces).split("\n")]
    return "\n".join(line for line in lines if line)
