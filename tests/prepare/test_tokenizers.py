"""Every tokenizer on sentences of its language."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from x2static.core.errors import CorpusError, WorkbenchError
from x2static.prepare.tokenizers.build import build_tokenizer, note_on_language
from x2static.prepare.tokenizers.interface import TokenizerPlan


def split(name: str, language: str, *paragraphs: str) -> list[list[str]]:
    return build_tokenizer(TokenizerPlan(name=name, language=language)).split(paragraphs)


@pytest.mark.parametrize(
    ("name", "language", "paragraph", "sentences"),
    [
        ("icu", "ka", "დღეს კარგი დღეა. ხვალ წვიმა იქნება!",
         ["დღეს კარგი დღეა .", "ხვალ წვიმა იქნება !"]),
        ("icu", "sw", "Yesu alisema \"ndiyo\". Nani?", ["Yesu alisema \" ndiyo \" .", "Nani ?"]),
        ("icu", "th", "สวัสดีชาวโลก", ["สวัสดี ชาว โลก"]),
        ("icu", "hi", "वह घर गया। फिर वह सो गया।", ["वह घर गया ।", "फिर वह सो गया ।"]),
        ("icu", "rw", "Yavuze n’umugabo, arataha.", ["Yavuze n’umugabo , arataha ."]),
        ("icu", "en", "Mr. Smith met Mrs. Jones. They talked.",
         ["Mr . Smith met Mrs . Jones .", "They talked ."]),
        ("icu", "qqx", "Abc def. Ghi?", ["Abc def .", "Ghi ?"]),
        ("fugashi", "ja", "今日は良い天気です。散歩に行きましょう。",
         ["今日 は 良い 天気 です 。", "散歩 に 行き ましょう 。"]),
        ("jieba", "zh", "我来到北京清华大学。你好吗？", ["我 来到 北京 清华大学 。", "你好 吗 ？"]),
        ("icu", "th", "ฉันรักภาษาไทย", ["ฉัน รัก ภาษา ไทย"]),
        ("icu", "lo", "ຂ້ອຍຮັກພາສາລາວ", ["ຂ້ອຍ ຮັກ ພາສາ ລາວ"]),
        ("icu", "km", "ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", ["ខ្ញុំ ស្រឡាញ់ ភាសាខ្មែរ"]),
        ("icu", "my", "စကား ကို လေ့လာသည်။", ["စကား ကို လေ့လာ သည် ။"]),
        ("kiwi", "ko", "영화를 보았다. 그 영화는 재미있었다고 학생들이 말했습니다.",
         ["영화 를 보았다 .", "그 영화 는 재미있었다고 학생 들 이 말 했습니다 ."]),
        ("kiwi", "ko", "😀 영화를 👍🏽 공부했던 사람들에게서도 나는 2024년에",
         ["😀 영화 를 👍🏽 공부 했던 사람 들 에게서 도 나 는 2024 년 에"]),
        ("underthesea", "vi", "Tôi học  ở trường đại học. Hà Nội là thủ đô 😀 của Việt Nam.",
         ["Tôi học ở trường đại_học .", "Hà_Nội là thủ_đô 😀 của Việt_Nam ."]),
        ("whitespace", "de", " Ein  Satz .\tSchon \u00a0 geteilt . ",
         ["Ein Satz . Schon geteilt ."]),
    ],
)  # fmt: skip
def test_sentences_and_words(
    name: str, language: str, paragraph: str, sentences: list[str]
) -> None:
    assert split(name, language, paragraph) == [sentences]


@pytest.mark.parametrize("name", ["icu", "fugashi", "jieba", "kiwi", "underthesea", "whitespace"])
def test_paragraphs_do_not_touch_each_other(name: str) -> None:
    paragraphs = ["He met Mrs.", "Jones came 😀. Good", "😀😀", "c d. e", "…", "日本語。中文"]
    tokenizer = build_tokenizer(TokenizerPlan(name=name, language="en"))
    together = tokenizer.split(paragraphs)
    assert together == [tokenizer.split([paragraph])[0] for paragraph in paragraphs]


def test_icu_counts_emoji_as_one_character() -> None:
    text = "😀 Yes. O k then 👍🏽 now. End."
    assert split("icu", "en", text) == [["😀 Yes .", "O k then 👍🏽 now .", "End ."]]


def test_icu_agrees_with_sentence_by_sentence_use() -> None:
    """The oracle: one call per sentence and per word break, sliced in UTF-16 as ICU counts."""
    icu = pytest.importorskip("icu")
    text = "Она сказала: «Нет!» И ушла… 3.5 кг, по-моему. 😀 да? нет.Да.Вот! 😀.А"
    locale = icu.Locale("ru")
    words, sentences = (
        icu.BreakIterator.createWordInstance(locale),
        icu.BreakIterator.createSentenceInstance(icu.Locale.forLanguageTag("ru-u-ss-standard")),
    )

    def pieces(iterator: object, piece: str) -> list[str]:
        wide = piece.encode("utf-16-le")
        iterator.setText(piece)  # type: ignore[attr-defined]
        ends = [0, *iterator]  # type: ignore[misc]
        return [wide[2 * a : 2 * b].decode("utf-16-le") for a, b in itertools.pairwise(ends)]

    expected = [
        " ".join(w for w in pieces(words, sentence.strip()) if not w.isspace())
        for sentence in pieces(sentences, text)
    ]
    assert split("icu", "ru", text) == [expected]


def test_a_language_that_icu_does_not_know_is_noted() -> None:
    assert note_on_language(TokenizerPlan(name="icu", language="rw")) is None
    note = note_on_language(TokenizerPlan(name="icu", language="qqx"))
    assert note is not None
    assert "'qqx' is unknown to ICU" in note


@pytest.mark.parametrize(
    ("name", "module", "remedy"),
    [
        ("icu", "icu", r"x2static-workbench\[icu\]"),
        ("fugashi", "fugashi", r"x2static-workbench\[japanese\]"),
        ("jieba", "jieba", r"x2static-workbench\[chinese\]"),
        ("udpipe", "ufal.udpipe", r"x2static-workbench\[udpipe\]"),
        ("icu-tokenizer", "icu_tokenizer", "--no-deps icu-tokenizer"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WorkbenchError, match=remedy) as caught:
        build_tokenizer(TokenizerPlan(name=name, language="xx", model="x"))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.udpipe"
    path.write_bytes(b"no model")
    with pytest.raises(CorpusError, match="not a UDPipe 1 model"):
        build_tokenizer(TokenizerPlan(name="udpipe", language="xx", model=str(path)))
