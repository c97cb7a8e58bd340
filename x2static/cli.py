"""The program ``x2static``: parses a command line, runs one stage, prints its outcome."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from x2static import __version__
from x2static.commands import COMMANDS, load, split_command
from x2static.core.config import add_flags, build, closest, named_paths, typed_flags
from x2static.core.errors import ConfigError, Interrupted, OutputError, WorkbenchError, one_line
from x2static.core.machine.threads import AdaptedWaiting
from x2static.heartbeat import Heartbeat


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line and exit code 2, like every other user error."""

    def error(self, message: str) -> NoReturn:
        """Raise what the parser found wrong."""
        from x2static.foreign_flags import answered

        known = set(self._option_string_actions)
        raise ConfigError(f"{answered(message, known)}; see {self.prog} --help")


def overview_parser() -> argparse.ArgumentParser:
    """The parser behind ``x2static --help``."""
    width = max(map(len, COMMANDS)) + 2
    rows = "\n".join(f"  {name:{width}}{command.help}" for name, command in COMMANDS.items())
    parser = OneLineParser(
        prog="x2static",
        usage="x2static COMMAND [options]",
        description="Static word vectors from a multilingual transformer.",
        epilog=f"commands:\n{rows}\n\nx2static COMMAND --help explains one command. To begin: "
        "scripts/demo, or prepare, distill, neighbors, in this order.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"x2static {__version__}")
    return parser


class _ShowPage(argparse.Action):
    """Prints a command's page and ends: with the rare settings for ``--help-all``."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: Any,
        option_string: str | None = None,
    ) -> NoReturn:
        """Print it."""
        name = parser.prog.removeprefix("x2static ")
        print(command_page(name, everything=option_string == "--help-all"), end="")
        parser.exit()


def command_page(name: str, *, everything: bool = False) -> str:
    """What ``--help`` prints of a command."""
    from x2static.help_page import help_page

    command = COMMANDS[name]
    return help_page(name, load(command.config), json=command.json, everything=everything)


def command_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one subcommand, made from its settings."""
    command = COMMANDS[name]
    config_class = load(command.config)
    parser = OneLineParser(prog=f"x2static {name}", add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", "--help-all", action=_ShowPage, nargs=0)
    add_flags(parser, config_class)
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML or JSON file of settings")
    if command.json == "file":
        parser.add_argument(
            "--json", metavar="FILE", help="write the result as JSON (-: to stdout)"
        )
    else:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def run(arguments: Sequence[str]) -> None:
    """Parse, run one stage, print its outcome."""
    name, rest = split_command(arguments)
    if name is None:
        _no_command(list(arguments))
        return
    flags = typed_flags(command_parser(name).parse_intermixed_args(rest))
    config_file, wants_json = flags.pop("config", None), flags.pop("json", None)
    command = COMMANDS[name]
    config = build(load(command.config), flags, config_file, name)
    place = Path(wants_json) if wants_json not in (None, True, False, "-") else None
    outputs = None if place is None else _claim_json(place, name, config, config_file)
    with nullcontext() if command.speaks else Heartbeat(name):
        outcome = load(command.stage)(config)
    data = json.dumps(outcome.data, ensure_ascii=False, indent=2)
    if outputs is not None and place is not None:
        with outputs.together() as batch, batch.stage(place) as temporary:
            temporary.write_text(data + "\n", encoding="utf-8", errors="backslashreplace")
    _print(outcome.text if wants_json not in (True, "-") else data)


def _no_command(arguments: list[str]) -> None:
    """Answer what begins with no command: a list of commands, or an error."""
    words = [word for word in arguments if not word.startswith("-")]
    family = {
        name: command.help
        for name, command in COMMANDS.items()
        if words and name.startswith(f"{words[0]} ")
    }
    if family and (len(words) == 1 or "--help" in arguments):
        width = max(map(len, family)) + 2
        print(f"usage: x2static {words[0]} COMMAND [settings]\n\ncommands:")
        print("\n".join(f"  {name:{width}}{text}" for name, text in family.items()))
        print(f"\nx2static {words[0]} COMMAND --help explains one command.")
    elif words:
        tried = " ".join(words[:2]) if family else words[0]
        raise ConfigError(f"unknown command '{tried}'{closest(tried, family or COMMANDS)}")
    elif arguments:
        overview_parser().parse_args(arguments)
    else:
        overview_parser().print_help()


def _claim_json(place: Path, name: str, config: Any, config_file: Path | None) -> Any:
    """The right to the file of results; an earlier result of the same command is replaced."""
    from x2static.core.storage.outputs import Outputs, embedded_maker

    can_overwrite = hasattr(config, "overwrite")
    outputs = Outputs(
        name,
        inputs=[*named_paths(config), config_file],
        overwrite=can_overwrite and config.overwrite,
    )
    outputs.claim(
        place,
        "--json",
        is_folder=False,
        renews=True,
        is_ours=lambda path: embedded_maker(path) == name,
        remedy="pass --overwrite" if can_overwrite else "remove it yourself",
    )
    return outputs


def _print(text: str) -> None:
    """Write to standard output, where a full disk is the user's to mend."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence_stdout()
        raise OutputError(f"standard output: {error.strerror}") from error


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, or Python would try again, and complain, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 done, 2 an error the user can fix, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if logging.lastResort is not None:  # what no handler takes goes to standard error
        logging.lastResort.setFormatter(logging.Formatter("warning: %(message)s"))
    try:
        if argv is None:
            signal.signal(signal.SIGTERM, _terminate)
            for stream in (sys.stdout, sys.stderr):  # odd file names must not break a message
                if isinstance(stream, io.TextIOWrapper):
                    stream.reconfigure(errors="backslashreplace")
        try:
            with AdaptedWaiting():
                run(arguments)
        finally:  # --help leaves by SystemExit
            sys.stdout.flush()
    except Interrupted as stop:
        print("interrupted:", one_line(stop), file=sys.stderr)
        return 130
    except WorkbenchError as error:
        print("error:", one_line(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, head say, has seen enough
        _silence_stdout()
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
