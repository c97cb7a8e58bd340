"""``vocabulary``: sizes and texts that cannot be meant."""

from __future__ import annotations

from tests.hostile.case import HUGE, Case, numbers
from tests.hostile.cases_training import LATIN
from tests.hostile.parts import SENTENCES

VOCABULARY = "vocabulary --text en=c.txt --no-compare --output out"
LINES = SENTENCES * 40

CASES = [
    *numbers("vocabulary", VOCABULARY, {"c.txt": LINES}, {
        "--size": (0, -1, 99), "--beta": (-1, 1.5, "nan"), "--temperature": (0, 0.5, "nan", "inf"),
        "--largest": (0, -1), "--lines": (0, -1), "--coverage": (-1, 0.4, 1.1, "nan"),
        "--max-length": (0, 7, HUGE),
    }),
    *(
        Case(name=f"vocabulary-{name}", command=f"{VOCABULARY} {more}", files={"c.txt": text},
             line=line)
        for name, more, text, line in (
            ("more-than-the-text-gives", "--size 32000", LINES,
             "--size: the text gives no more than .* pieces"),
            ("fewer-than-letters", "--size 100 --coverage 1",
             "".join(map(chr, range(0x4E00, 0x4F00))) + "\\n",
             "--size: the letters of 1 languages alone are"),
            ("empty", "", "", "c.txt|no text for en"),
            ("latin-1", "", LATIN, "c.txt:1: not UTF-8"),
        )
    ),
    Case(name="vocabulary-file-is-gone", command=VOCABULARY, files={}, line="c.txt: no such file"),
    Case(name="vocabulary-output-is-input",
         command="vocabulary --text en=c.txt --no-compare --size 100 --output c.txt",
         files={"c.txt": LINES}, line="c.txt is .*the input c.txt|c.txt is a file"),
]  # fmt: skip
