"""One rule for every command that fills a folder in hours: killed at any time, resumed at any time.

An unfinished run lives in ``OUTPUT.unfinished``, bound to its settings and inputs; the output
appears whole. ``--resume`` continues it, ``--overwrite`` starts afresh; else it is left alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from x2static.core.errors import OutputError
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import read_record
from x2static.core.storage.work_folder import WorkFolder


class Resumable:
    """An output folder, and the unfinished run beside it.

    Attributes:
        outputs: the right to write the output, claimed when this is made.
        work: where the unfinished run lies.
        is_fresh: inside `entered`, whether a run begins there rather than goes on.
    """

    def __init__(
        self,
        command: str,
        output: Path,
        *,
        inputs: Iterable[Path | str | None],
        resume: bool,
        overwrite: bool,
    ) -> None:
        """Claim the place before any work.

        Args:
            command: as its run record calls it.
            output: the folder.
            inputs: what is read.
            resume: whether the user said ``--resume``.
            overwrite: whether the user said ``--overwrite``.

        Raises:
            OutputError: the output is there and is to stay, or a folder of others is in the way.
        """
        self.outputs = Outputs(command, inputs=inputs, overwrite=overwrite)
        self.outputs.claim(output, is_folder=True, may_be_there=resume)
        self.work = WorkFolder(output)
        self.work.check(self.outputs)
        self.is_fresh = True
        self._output, self._resume, self._overwrite = output, resume, overwrite

    @property
    def hint(self) -> str:
        """What there is to say when a run is stopped."""
        return f"kept in {self.work.path}; resume with the same command and --resume"

    def finished(self, identity: Mapping[str, Any]) -> dict[str, Any] | None:
        """The record of an output that this very run has made before; None if there is work to do.

        Args:
            identity: what makes two runs the same, kept in the record under ``identity``.

        Raises:
            OutputError: another run made it.
        """
        if not self._output.exists() or self._overwrite:
            return None
        record = read_record(self._output)
        if record is None or record.get("identity") != identity:
            raise OutputError(
                f"{self._output} exists already and was made by another run; choose another "
                "--output or pass --overwrite"
            )
        self.work.forget(identity)
        return record

    @contextmanager
    def entered(self, keep: Container[str] = ()) -> Iterator[WorkFolder]:
        """Hold the work folder, tidied up for a run that begins or goes on.

        Args:
            keep: names of what serves any run, such as texts named after their content.

        Raises:
            OutputError: an unfinished run lies there, and nothing was said about it.
        """
        with self.work as work:
            if work.has_run and not self._resume and not self._overwrite:
                raise OutputError(
                    f"{work.path}: an unfinished run is there; resume it with --resume, or discard "
                    "it with --overwrite"
                )
            self.is_fresh = not (work.has_run and self._resume)
            if self.is_fresh:
                work.clear(but=keep)
            work.sweep()
            yield work
