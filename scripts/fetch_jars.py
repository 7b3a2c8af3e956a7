"""Put the jars of Delta and Hail beside Spark's own, each checked against jars.lock: then every session has them.

Spark's own resolver downloads Delta's, once, into its cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyspark

from lakehouse import session

ROOT = Path(__file__).parent.parent
JARS = Path(pyspark.__file__).parent / "jars"
HAIL = Path("../../hail/backend/hail-all-spark.jar")


def main() -> None:
    """Fetch what is missing. Exits with an error where a jar is not the one that the lock names."""
    session.find_java()
    locked = dict(reversed(line.split()) for line in (ROOT / "jars.lock").read_text().splitlines() if line)
    if any(not (JARS / jar_name(coordinate)).exists() for coordinate in locked):
        cache = resolve(sorted(locked))
        for coordinate, digest in locked.items():
            jar = cache / f"{coordinate.replace(':', '_', 1).replace(':', '-')}.jar"
            found = hashlib.sha256(jar.read_bytes()).hexdigest()
            if found != digest:
                sys.exit(f"{jar.name} is not the file that jars.lock names: {found}")
            shutil.copy(jar, JARS / jar_name(coordinate))
    link = JARS / HAIL.name
    if not link.exists():
        link.symlink_to(HAIL)


def jar_name(coordinate: str) -> str:
    """`group:name:version` as a file name."""
    _, name, version = coordinate.split(":")
    return f"{name}-{version}.jar"


def resolve(coordinates: list[str]) -> Path:
    """Let spark-submit download the jars; the folder that it keeps them in."""
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    nothing = ROOT / "scripts" / "fetch_jars.py"
    command = [submit, "--master", "local[1]", "--packages", ",".join(coordinates), nothing, "--resolved"]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"could not download {', '.join(coordinates)}:\n{done.stderr[-2000:]}")
    return Path.home() / ".ivy2" / "jars"


if __name__ == "__main__" and "--resolved" not in sys.argv:
    main()
