"""Orders as tasks of a Ray cluster; its nodes share the run's folder, or a store."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from dataclasses import replace
from typing import Any

from x2static.core.errors import ConfigError, require
from x2static.core.messages import say
from x2static.run.executors.mirror import perform_on_node
from x2static.run.executors.order import Order, Result
from x2static.run.workbench.needs import is_for_gpu

_CONNECT_SECONDS = 10.0
_RETRIES = 5  # of a task whose worker or node was lost
_GIB = 1 << 30


class RayExecutor:
    """Hands orders to Ray, which runs each where there is room, and again if its worker is lost."""

    def __init__(self, address: str) -> None:
        """Join a cluster, or begin one on this machine.

        Args:
            address: ``local``, ``auto``, or that of a cluster, such as ``10.0.0.1:6379``.
        """
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._ray: Any = require("ray", "cluster", "--ray")
        check_reachable(address)
        options: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
        try:
            self._ray.init(
                address=address, log_to_driver=False, logging_level=logging.ERROR, **options
            )
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            raise ConfigError(f"--ray {address}: {str(error).splitlines()[0]}") from error
        self._has_gpus = self._ray.cluster_resources().get("GPU", 0) > 0
        self._running: dict[Any, str] = {}
        self._is_stopping = False

    def has_room(self) -> bool:
        """Always: Ray queues what has to wait."""
        return True

    def start(self, order: Order) -> None:
        """Submit; a task that asks for more than any node has is refused by `check_needs`."""
        needs = order.needs
        gpus = needs.gpus
        if gpus is None:
            on_gpu = self._has_gpus and is_for_gpu(order.name.partition("/")[2])
            gpus = float(order.processes) if on_gpu else 0.0
        task = self._ray.remote(perform_on_node).options(
            name=order.name,
            num_cpus=order.threads,
            num_gpus=gpus,
            memory=int(needs.memory_gb * _GIB) if needs.memory_gb else None,
            max_retries=_RETRIES,
        )
        # Not by Ray's runtime_env: with one, no worker starts where Python's path holds a space.
        order = replace(order, environment={**_variables(), **order.environment})
        self._running[task.remote(order)] = order.name

    def finished(self, seconds: float) -> list[Result]:
        """What ended since the last question."""
        if not self._running:
            return []
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        return [self._result(reference) for reference in ready]

    def stop(self) -> None:
        """Have each task interrupted where it runs; it hands the signal on to its process."""
        self._is_stopping = True
        for reference in self._running:
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=False)

    def close(self) -> None:
        """Leave the cluster; Ray ends what this program began there."""
        self._ray.shutdown()

    def _result(self, reference: Any) -> Result:
        name = self._running.pop(reference)
        try:
            result: Result = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            text = str(error).strip().splitlines()
            line = text[-1] if text else type(error).__name__
            if not self._is_stopping:
                say(f"{name}: {line}")
            return Result(name=name, code=1, seconds=0.0, error=f"Ray: {line}")
        return result


def check_reachable(address: str) -> None:
    """Raise `ConfigError` if nobody answers at an address: Ray would try for minutes.

    Names such as ``local`` and ``auto`` pass.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ConfigError(
            f"--ray {address}: nobody answers there ({error}); give local, auto, or HOST:PORT of "
            "a running cluster"
        ) from error


def _variables() -> dict[str, str]:
    """What the workers must know of this process's surroundings."""
    names = ("HF_HUB_OFFLINE", "HF_HOME", "TOKENIZERS_PARALLELISM")
    return {name: os.environ[name] for name in names if name in os.environ}
