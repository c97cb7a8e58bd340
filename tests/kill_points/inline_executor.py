"""Tasks of a run in the process that gives the orders, so that its kill points are theirs."""

from __future__ import annotations

import os

from x2static.run.executors.order import Order, Result


class InlineExecutor:
    """Performs an order at once."""

    def __init__(self) -> None:
        """Nothing has ended yet."""
        self._ended: list[Result] = []

    def has_room(self) -> bool:
        """Always."""
        return True

    def start(self, order: Order) -> None:
        """Do it all."""
        from x2static.cli import main

        home = os.getcwd()  # noqa: PTH109
        os.chdir(order.folder)
        try:
            log = order.folder / order.log
            with log.open("ab") as stream:
                stream.write(b"inline\n")
            code = main(list(order.words))
        finally:
            os.chdir(home)
        self._ended.append(Result(name=order.name, code=code, seconds=0.0))

    def finished(self, seconds: float) -> list[Result]:
        """What was done since the last question."""
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Nothing runs between two calls."""

    def close(self) -> None:
        """Nothing is left."""
