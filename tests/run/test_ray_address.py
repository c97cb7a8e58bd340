"""An address where no Ray cluster answers is refused before Ray waits for it."""

from __future__ import annotations

import socket

import pytest

from x2static.core.errors import ConfigError
from x2static.run.executors.ray_executor import check_reachable


@pytest.mark.parametrize(
    "address",
    ["nowhere.invalid:1", "ray://nowhere.invalid:10001", "127.0.0.1:x", "127.0.0.1:99999"],
)
def test_nobody_answers(address):
    with pytest.raises(ConfigError, match=f"^--ray {address}: nobody answers there"):
        check_reachable(address)


def test_names_and_open_doors_pass():
    for name in ("local", "auto"):
        check_reachable(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable(f"127.0.0.1:{server.getsockname()[1]}")
