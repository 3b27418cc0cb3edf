"""A real Prometheus over blocks that promtool wrote."""

import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx

from tests.functions.advisor.simulation import SimulatedCluster, openmetrics
from tests.functions.ai_budget.support import until


def executable(name: str) -> str:
    path = shutil.which(name)
    assert path, f"install the Debian package prometheus, which has {name}"
    return path


def write_blocks(data: Path, cluster: SimulatedCluster, start: datetime, first: float, last: float) -> None:
    """Adds one block with the samples of some days."""
    write_samples(data, openmetrics(cluster, start, first, last))


def write_samples(data: Path, lines: Iterable[str]) -> None:
    """Adds one block with the samples of an OpenMetrics text."""
    text = data.parent / "samples.txt"
    with text.open("w") as file:
        file.writelines(lines)
    command = [
        executable("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=1000h", "openmetrics",
        str(text), str(data),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text.unlink()


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The URL of a Prometheus with the blocks of a directory."""
    config = data.parent / "prometheus.yaml"
    config.write_text("scrape_configs: []\n")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    log = (data.parent / "prometheus.log").open("w")
    process = subprocess.Popen(
        [
            executable("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        assert process.poll() is None, Path(log.name).read_text()
        try:
            return httpx.get(f"{url}/-/ready").is_success
        except httpx.TransportError:
            return False

    try:
        until(ready)
        yield url
    finally:
        process.terminate()
        process.wait()
        log.close()
