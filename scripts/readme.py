"""Put the measured tables into docs/results/README.md and README.md, or check that they are there.

Between ``<!-- docs/results/NAME.md -->`` and ``<!-- end -->`` the page of results holds that file,
word for word; between ``<!-- headline -->`` and ``<!-- end -->`` README.md has the few rows of
`scripts.headline`. ``--check`` exits with 2 where one of them is behind.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.headline import headline  # noqa: E402

PAGES = (Path("docs/results/README.md"), Path("README.md"))
HEADLINE = re.compile(r"(<!-- headline -->\n).*?(<!-- end -->)", re.DOTALL)
SECTION = re.compile(r"(<!-- (docs/results/[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, root: Path = ROOT) -> str:
    """The page with every section as its file says."""

    def section(match: re.Match[str]) -> str:
        return match[1] + (root / match[2]).read_text(encoding="utf-8") + match[3]

    text = SECTION.sub(section, text)
    return HEADLINE.sub(lambda match: match[1] + headline(root) + match[2], text)


def main(argv: Sequence[str]) -> int:
    """Fill, or check."""
    behind = 0
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        wanted = filled(text)
        if "--check" not in argv:
            (ROOT / page).write_text(wanted, encoding="utf-8")
        elif text != wanted:
            print(f"error: {page} is behind its tables; run scripts/readme.py", file=sys.stderr)
            behind = 2
    return behind


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
