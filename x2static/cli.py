"""The program ``x2static``: a table of commands, each a config class and a stage, loaded lazily."""

from __future__ import annotations

import argparse
import importlib
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from x2static import __version__
from x2static.core.config import add_flags, build, closest, named_paths, typed_flags
from x2static.core.errors import ConfigError, Interrupted, OutputError, WorkbenchError, one_line
from x2static.core.threads import AdaptedWaiting


@dataclass(frozen=True)
class Command:
    """Where a subcommand's settings and its stage live.

    Attributes:
        config: ``module:Class`` of the settings; the module imports nothing heavy.
        stage: ``module:function``, called with the config, returns an `Outcome`.
        help: one line for the list of commands.
        json: ``"flag"`` prints the data to standard output, ``"file"`` takes a FILE or ``-``.
    """

    config: str
    stage: str
    help: str
    json: str = "flag"


COMMANDS: dict[str, Command] = {
    "run": Command(
        "x2static.run.config:RunConfig",
        "x2static.run.stage:run",
        "a whole pipeline over many languages from one TOML file",
    ),
    "prepare": Command(
        "x2static.prepare.config:PrepareConfig",
        "x2static.prepare.stage:prepare",
        "raw text of a language to one tokenised sentence per line",
    ),
    "distill": Command(
        "x2static.distill.config:DistillConfig",
        "x2static.distill.stage:distill",
        "sentences and a transformer to static word vectors",
    ),
    "export": Command(
        "x2static.export:ExportConfig",
        "x2static.export:export",
        "write vectors in another format",
    ),
    "neighbors": Command(
        "x2static.neighbors:NeighborsConfig",
        "x2static.neighbors:neighbors",
        "print the nearest words of a word, in its own or another language",
    ),
    "align": Command(
        "align.config:AlignConfig",
        "align.stage:align",
        "two languages into one space: supervised, semi-supervised, unsupervised",
    ),
    "align hub": Command(
        "align.config:HubConfig",
        "align.hub:hub",
        "many languages into the space of one, which stays untouched",
    ),
    "align apply": Command(
        "align.config:ApplyConfig",
        "align.apply:apply",
        "map further vectors with a saved map",
    ),
    "report": Command(
        "x2static.report.config:ReportConfig",
        "x2static.report.stage:report",
        "a run folder as one page that opens without a network",
    ),
    "explore": Command(
        "x2static.explore.config:ExploreConfig",
        "x2static.explore.stage:explore",
        "a local page: type a word, see neighbours and translations in every language",
    ),
    "pretrain": Command(
        "continued_pretraining.config:PretrainConfig",
        "continued_pretraining.launch:pretrain",
        "train a masked language model on, aligned to static vectors; or one from scratch",
    ),
    "eval bli": Command(
        "eval.config:BliConfig",
        "eval.bli_stage:bli",
        "translation by nearest neighbours: precision at k, MRR and coverage on dictionaries",
        json="file",
    ),
    "eval qa": Command(
        "eval.downstream_config:QaConfig",
        "eval.qa_stage:qa",
        "question answering after fine-tuning on English: F1 and exact match per language",
        json="file",
    ),
    "eval retrieval": Command(
        "eval.config:RetrievalConfig",
        "eval.retrieval:retrieval",
        "find translated sentences by cosine: accuracy in each direction",
        json="file",
    ),
    "eval similarity": Command(
        "eval.config:SimilarityConfig",
        "eval.similarity:similarity",
        "word similarity: Spearman, Pearson and coverage on test sets",
        json="file",
    ),
    "eval tagging": Command(
        "eval.downstream_config:TaggingConfig",
        "eval.tagging_stage:tagging",
        "entities or parts of speech after fine-tuning on English: F1, accuracy per language",
        json="file",
    ),
}


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line and exit code 2, like every other user error."""

    def error(self, message: str) -> NoReturn:
        """Raise what the parser found wrong."""
        raise ConfigError(f"{message}; see {self.prog} --help")


def load(target: str) -> Any:
    """The object behind ``module:name``."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)


def split_command(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The longest command name that the arguments begin with, and what follows it."""
    for words in (2, 1):
        name = " ".join(arguments[:words])
        if len(arguments) >= words and name in COMMANDS:
            return name, list(arguments[words:])
    return None, list(arguments)


def overview_parser() -> argparse.ArgumentParser:
    """The parser behind ``x2static --help``."""
    width = max(map(len, COMMANDS)) + 2
    rows = "\n".join(f"  {name:{width}}{command.help}" for name, command in COMMANDS.items())
    parser = OneLineParser(
        prog="x2static",
        usage="x2static COMMAND [options]",
        description="Static word vectors from a multilingual transformer.",
        epilog=f"commands:\n{rows}\n\nx2static COMMAND --help explains one command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"x2static {__version__}")
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one subcommand, made from its settings."""
    command = COMMANDS[name]
    config_class = load(command.config)
    parser = OneLineParser(
        prog=f"x2static {name}",
        description=config_class.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
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
        parser = overview_parser()
        if not arguments:
            parser.print_help()
            return
        unknown = [word for word in arguments if not word.startswith("-")]
        if unknown:
            raise ConfigError(f"unknown command '{unknown[0]}'{closest(unknown[0], COMMANDS)}")
        parser.parse_args(arguments)
        return
    flags = typed_flags(command_parser(name).parse_intermixed_args(rest))
    config_file, wants_json = flags.pop("config", None), flags.pop("json", None)
    command = COMMANDS[name]
    config = build(load(command.config), flags, config_file, name)
    place = Path(wants_json) if wants_json not in (None, True, False, "-") else None
    outputs = None if place is None else _claim_json(place, name, config, config_file)
    outcome = load(command.stage)(config)
    data = json.dumps(outcome.data, ensure_ascii=False, indent=2)
    if outputs is not None and place is not None:
        with outputs.together() as batch, batch.stage(place) as temporary:
            temporary.write_text(data + "\n", encoding="utf-8", errors="backslashreplace")
    _print(outcome.text if wants_json not in (True, "-") else data)


def _claim_json(place: Path, name: str, config: Any, config_file: Path | None) -> Any:
    """The right to the file of results; an earlier result of the same command is replaced."""
    from x2static.core.outputs import Outputs, embedded_maker

    can_overwrite = hasattr(config, "overwrite")
    outputs = Outputs(
        name, inputs=[*named_paths(config), config_file],
        overwrite=can_overwrite and config.overwrite,
    )  # fmt: skip
    outputs.claim(
        place, "--json", is_folder=False, renews=True,
        is_ours=lambda path: embedded_maker(path) == name,
        remedy="pass --overwrite" if can_overwrite else "remove it yourself",
    )  # fmt: skip
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
    """Run the program; 0 done, 2 a mistake the user can mend, 130 interrupted."""
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
