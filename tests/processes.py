"""Ports and processes, for tests that start programs."""

from __future__ import annotations

import socket
from pathlib import Path


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet waited for does not."""
    return _state(pid) not in ("", "Z", "X")


def group_of(leader: int) -> list[int]:
    """The processes of that process group that run."""
    return [pid for pid in _all() if _fields(pid)[2:3] == [str(leader)] and is_alive(pid)]


def children_of(parent: int) -> list[int]:
    """The processes that this one started, those that they started, and so on."""
    own = [pid for pid in _all() if _fields(pid)[1:2] == [str(parent)]]
    return [*own, *(descendant for child in own for descendant in children_of(child))]


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _state(pid: int) -> str:
    return next(iter(_fields(pid)), "")


def _fields(pid: int) -> list[str]:
    """State, parent, process group and so on; nothing where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
