"""Files that would do harm if they were read: links out of the landing zone, endless lines, what fills a disk.

Only files on a local disk are looked at: other file systems have no links, and reading through a file before it is read
would double the work of a cluster.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

LONGEST_LINE = 1 << 27
"""Bytes that a line may have: Spark holds some copies of each in memory."""

LARGEST_RATIO = 300
"""How many times its size a file may unpack to: records come to 10 or 20 times, and 1,032 times is what gzip can do."""

_SMALL = 1 << 30
"""Bytes that a file may unpack to whatever its ratio."""

_CHUNK, _STRETCH = 1 << 16, 1 << 22
"""Bytes that are read, and unpacked, at once."""

_PACKED = (".gz", ".bgz")
"""How the names of files end that are unpacked, as Hadoop's codecs and Hail's know them."""


def leads_out(path: str, landing: str) -> bool:
    """Whether a local file is a link, or lies in one, that leads out of the landing zone."""
    return path.startswith("/") and not Path(path).resolve().is_relative_to(Path(landing).resolve())


def link_within(landing: Path) -> Path | None:
    """A link in the landing zone to a folder of it, or around it: its files would be taken twice, or without end."""
    root = landing.resolve()
    for folder, folders, _ in os.walk(landing):
        for link in (Path(folder) / name for name in folders):
            target = link.resolve() if link.is_symlink() else None
            if target and (target.is_relative_to(root) or root.is_relative_to(target)):
                return link
    return None


def why_unsafe(path: Path, may_repeat: bool) -> str | None:
    """Why the file must not be read; None where it may.

    may_repeat: whether files of its kind repeat themselves so often that no ratio is too large, as genotypes do.
    """
    try:
        if not path.is_file():
            return "no regular file"
        if path.suffix in _PACKED:
            return _why_packed_unsafe(path, None if may_repeat else max(_SMALL, path.stat().st_size * LARGEST_RATIO))
        return _why_plain_unsafe(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _why_plain_unsafe(path: Path) -> str | None:
    """Look for an end of a line in each stretch that a line may have: no more of the file is read than that takes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = 0
        while size - begin > LONGEST_LINE:
            end = _last_line_end(file.fileno(), begin, begin + LONGEST_LINE)
            if end is None:
                return _TOO_LONG
            begin = end + 1
    return None


def _last_line_end(descriptor: int, begin: int, end: int) -> int | None:
    while end > begin:
        start = max(begin, end - _STRETCH)
        found = _last_end(os.pread(descriptor, end - start, start))
        if found >= 0:
            return start + found
        end = start
    return None


def _why_packed_unsafe(path: Path, largest: int | None) -> str | None:
    unpacked = line = 0
    for piece in _unpacked(path):
        unpacked += len(piece)
        if largest is not None and unpacked > largest:
            return f"unpacks to more than {LARGEST_RATIO} times its size"
        last = _last_end(piece)
        line = line + len(piece) if last < 0 else len(piece) - last - 1
        if line > LONGEST_LINE:
            return _TOO_LONG
    return None


def _unpacked(path: Path) -> Iterator[bytes]:
    """What the file unpacks to, as far as it can be unpacked, in pieces much shorter than a line may be."""
    with path.open("rb") as file:
        unpack, rest = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
        while rest or (rest := file.read(_CHUNK)):
            try:
                yield unpack.decompress(rest, _STRETCH)
            except zlib.error:
                return  # what is broken is told by who reads it
            rest = unpack.unconsumed_tail
            if unpack.eof:
                unpack, rest = zlib.decompressobj(zlib.MAX_WBITS | 16), unpack.unused_data


def _last_end(piece: bytes) -> int:
    """Where the last line of a piece ends; -1 where none does."""
    return max(piece.rfind(b"\n"), piece.rfind(b"\r"))


_TOO_LONG = f"a line of more than {LONGEST_LINE >> 20} MB"
