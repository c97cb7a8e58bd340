"""Put the measured tables of docs/results into README.md, or check that they are there.

Between ``<!-- docs/results/NAME.md -->`` and ``<!-- end -->`` the README holds that file, word for
word; ``--check`` exits with 2 where it does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTION = re.compile(r"(<!-- (docs/results/[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, root: Path = ROOT) -> str:
    """The README with every section as its file says."""

    def section(match: re.Match[str]) -> str:
        return match[1] + (root / match[2]).read_text(encoding="utf-8") + match[3]

    return SECTION.sub(section, text)


def main(argv: Sequence[str]) -> int:
    """Fill, or check."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    wanted = filled(text)
    if "--check" in argv:
        if text != wanted:
            print("error: README.md is behind docs/results; run scripts/readme.py", file=sys.stderr)
        return 2 * (text != wanted)
    readme.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
