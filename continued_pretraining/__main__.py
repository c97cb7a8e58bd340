"""``accelerate launch -m continued_pretraining``: ``x2static pretrain`` in many processes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from continued_pretraining.config import PretrainConfig
from x2static.core.config import add_flags, build, typed_flags
from x2static.core.errors import ConfigError, Interrupted, WorkbenchError
from x2static.core.machine.threads import AdaptedWaiting


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see x2static pretrain --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one process; 0 done, 2 an error the user can fix, 130 interrupted."""
    parser = _Parser(prog="python -m continued_pretraining", description=PretrainConfig.__doc__)
    add_flags(parser, PretrainConfig)
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML or JSON file of settings")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    try:
        flags = typed_flags(parser.parse_args(argv))
        config_file, wants_json = flags.pop("config", None), flags.pop("json", False)
        config = build(PretrainConfig, flags, config_file, "pretrain")
        from continued_pretraining.launch import pretrain

        with AdaptedWaiting():
            outcome = pretrain(config)
    except Interrupted as stop:
        _say_once(f"interrupted: {stop}")
        return 130
    except WorkbenchError as error:
        place = "" if _rank() == "0" else f"[rank {_rank()}] "
        text = place + "error: " + " ".join(str(error).split("\n"))
        print(text + "\n", end="", file=sys.stderr)  # noqa: T201 - at once: others print, too
        return 2
    except KeyboardInterrupt:
        _say_once("interrupted")
        return 130
    if outcome.text:
        data = json.dumps(outcome.data, ensure_ascii=False, indent=2)
        print(data if wants_json else outcome.text, flush=True)  # noqa: T201
    return 0


def _rank() -> str:
    """This process's number, as the launcher gave it."""
    return os.environ.get("RANK", "0")


def _say_once(text: str) -> None:
    """Print for all processes together."""
    if _rank() == "0":
        print(text, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
