"""Bytes of a connection, each request of which has its time."""

from __future__ import annotations

import io
import socket
import time
from typing import Any


class TimedSocket(io.RawIOBase):
    """The reading end of a connection.

    A socket's own time limit begins anew with every byte, so a visitor who sends one now and then
    would never be shown out.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Read from ``connection``."""
        self._connection = connection
        self._deadline, self._seconds, self._is_begun = 0.0, 0.0, True

    def expect(self, idle_seconds: float, request_seconds: float) -> None:
        """A request: its first byte within the first time, all of it within the second after."""
        self._deadline = time.monotonic() + idle_seconds
        self._seconds, self._is_begun = request_seconds, False

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes.

        Raises:
            TimeoutError: the time is up.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(left)
        size = self._connection.recv_into(buffer)
        if not self._is_begun:
            self._is_begun, self._deadline = True, time.monotonic() + self._seconds
        return size
