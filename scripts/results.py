"""What the quality scripts share: their options, and a table with the figures behind it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from x2static.core.files import staged


def quality_parser(description: str) -> argparse.ArgumentParser:
    """Options that every quality script has."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="where parts are kept")
    parser.add_argument("--output", type=Path, required=True, help="results: NAME.json, NAME.md")
    return parser


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """The options; the data folder must be known."""
    options = parser.parse_args(argv)
    if options.data is None:
        parser.error("say where the data lies: --data FOLDER or X2STATIC_DATA")
    options.data = Path(options.data)
    return options


def write_results(output: Path, data: Any, text: str) -> None:
    """``NAME.json`` and ``NAME.md``, each whole or not at all."""
    for suffix, content in ((".json", json.dumps(data, indent=1) + "\n"), (".md", text)):
        with staged(output.with_name(output.name + suffix), own=True) as temporary:
            temporary.write_text(content, encoding="utf-8")
