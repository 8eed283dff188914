"""A comparable form of HTML."""

from __future__ import annotations

import pytest

from mappings.markup import normal_markup


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("<p>a &amp; b</p>", "<p>a &#38; b</p>"),
        ("<p>caf&eacute;</p>", "<p>café</p>"),
        ("<p>a\n   b</p>", "<p>a b</p>"),
        ("<p>a</p>\n\n<p>b</p>", "<p>a</p><p>b</p>"),
        ("<ul>\n <li> a </li>\n</ul>\n", "<ul><li>a</li></ul>"),
        ("a<br>b", "a<br/>b"),
        ("a<BR />\nb", "a<br>b"),
        ("<a href='x' title=\"t\">l</a>", '<A title="t" HREF="x">l</A>'),
        ("<input disabled>", '<input disabled="">'),
        ("<img src=a>", "<img src='a' />"),
        ("<!-- x --><p>a</p>", "<!--x--><p>a</p>"),
    ],
)
def test_markup_written_differently_is_the_same(a: str, b: str) -> None:
    assert normal_markup(a) == normal_markup(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("<p>a</p>", "<p>b</p>"),
        ("<p>a</p>", "<div>a</div>"),
        ("<b>a</b> b", "<b>a</b>b"),
        ("a b", "ab"),
        ("a&nbsp;b", "a b"),
        ("<pre>a\n b</pre>", "<pre>a b</pre>"),
        ("<a href='x'>l</a>", "<a href='y'>l</a>"),
        ("<a href='x'>l</a>", "<a>l</a>"),
        ("&lt;b&gt;", "<b>"),
        ("<p>a</p>", ""),
        ("<!doctype html>a", "a"),
        ("<![CDATA[x]]>a", "a"),
    ],
)
def test_markup_that_reads_differently_is_not(a: str, b: str) -> None:
    assert normal_markup(a) != normal_markup(b)


def test_broken_markup_is_still_compared() -> None:
    assert normal_markup("<p>a") == normal_markup("<p >a")
    assert normal_markup("</pre></pre><p> a </p>") == normal_markup("</pre></pre><p>a</p>")
    assert normal_markup("a < b & c") == normal_markup("a &lt; b &amp; c")
