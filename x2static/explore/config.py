"""The settings of `x2static explore`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import named_files
from x2static.core.setting import Help, positional

SearchRule = Literal["auto", "exact", "shortlist"]


@dataclass(frozen=True, kw_only=True)
class ExploreConfig:
    """Look words up on a local page: neighbours and translations in every language.

    FOLDER is a run folder (its vectors/ are shown as before, its aligned/ as after the alignment),
    or any folder of word vectors, in any format that can be read without running a pickle.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static explore runs/two --browser",
    )

    folder: Annotated[Path, positional("a run folder, or a folder of word vectors")]
    host: Annotated[str, "address to listen on; others than 127.0.0.1 let other machines in"] = (
        "127.0.0.1"
    )
    port: Annotated[int, "port to listen on; 0 takes a free one"] = 8750
    search: Annotated[
        SearchRule,
        "exact: all rows, always; shortlist: rows that FAISS finds by 4-bit codes, ranked exactly; "
        "auto: shortlist where all rows would take long and FAISS is installed",
    ] = "auto"
    index_folder: Annotated[
        Path | None, "where the codes of the shortlist are kept (default: FOLDER/explore.index)"
    ] = None
    texts: Annotated[
        tuple[str, ...],
        "NAME=FILE of a language's sentences, one per line: the page searches them by sentences",
    ] = ()
    browser: Annotated[bool, "open the page in the web browser"] = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"--port must lie between 0 and 65535, got {self.port}")
        self.named_texts()
        if not self.host:
            raise ConfigError("--host must not be empty; 127.0.0.1 is this machine alone")

    def named_texts(self) -> dict[str, Path]:
        """The files of ``--texts`` by language.

        Raises:
            ConfigError: not of the form NAME=FILE, or a language that stands twice.
        """
        return named_files(self.texts, "--texts", "de=de.txt")
