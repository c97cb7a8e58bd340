"""Nothing that is put into a page can leave its element."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from x2static.page.document import document
from x2static.page.html import Html, element, escaped, script_json

HOSTILE = ["<script>alert(1)</script>", "</script>", "\"'><img", "&amp;", "\u2028", "\u202eabc"]
TEXTS = st.text(st.characters(exclude_categories=["Cc"])) | st.sampled_from(HOSTILE)


class Reader(HTMLParser):
    """What a parser sees: tags, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXTS, TEXTS)
def test_text_and_attributes_come_back_as_they_were(text: str, value: str) -> None:
    found = Reader(element("p", text, title=value))
    expected = text.encode("utf-8", "backslashreplace").decode()
    assert (found.tags, found.text) == (["p"], expected)
    assert found.attributes == [("title", value.encode("utf-8", "backslashreplace").decode())]


@given(TEXTS)
def test_json_in_a_script_ends_no_script_and_comes_back(text: str) -> None:
    held = script_json({"word": [text]})
    assert not set(held) & set("<>&\u2028\u2029")
    assert json.loads(held) == {"word": [text]}


def test_elements_are_not_escaped_twice_and_nothing_is_left_out_but_none() -> None:
    inner = element("b", "<")
    assert inner == "<b>&lt;</b>"
    assert isinstance(inner, Html)
    assert element("p", inner, None, ["a", [inner]], class_="x", hidden=True, lang=None) == (
        '<p class="x" hidden><b>&lt;</b>a<b>&lt;</b></p>'
    )


def test_control_characters_and_half_surrogates_are_shown_not_sent() -> None:
    assert escaped("a\x00b\x1b\udc80") == "a\ufffdb\ufffd\\udc80"


def test_the_policy_of_a_page_allows_its_own_script_alone() -> None:
    page = document("<t>", "text", style="p{}", script="1<2", data=["</script>"])
    assert "default-src &#39;none&#39;" in page
    assert "unsafe" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert "<title>&lt;t&gt;</title>" in page
