"""Put the measured tables into docs/results/README.md, or check that they are there.

Between ``<!-- docs/results/NAME.md -->`` and ``<!-- end -->`` the page holds that file, word for
word; ``--check`` exits with 2 where it does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path("docs/results/README.md")
SECTION = re.compile(r"(<!-- (docs/results/[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, root: Path = ROOT) -> str:
    """The page with every section as its file says."""

    def section(match: re.Match[str]) -> str:
        return match[1] + (root / match[2]).read_text(encoding="utf-8") + match[3]

    return SECTION.sub(section, text)


def main(argv: Sequence[str]) -> int:
    """Fill, or check."""
    page = ROOT / PAGE
    text = page.read_text(encoding="utf-8")
    wanted = filled(text)
    if "--check" in argv:
        if text != wanted:
            print(f"error: {PAGE} is behind its tables; run scripts/readme.py", file=sys.stderr)
        return 2 * (text != wanted)
    page.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
