"""The demo: a database with a month of history, the servers over it, and the page."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from demo import monitors
from demo.account import SampleAccount
from demo.bill import Bill
from demo.history import DAYS, History, Targets
from demo.notifications import notifications
from demo.page import panels, render
from demo.page.prometheus import Prometheus
from demo.processes import DemoError, executable, port, running
from demo.storage import storage_metrics
from demo.traffic import traffic
from functions.ai_budget.config import parse_config
from functions.ai_budget.ledger import migrate
from functions.ai_budget.serve import postgres
from functions.cost_data.metrics import Page
from functions.cost_data.records import month_of
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store

ROOT = Path(__file__).parents[1]
DASHBOARDS = ("finops-cloud-cost", "finops-ai-budget")
# Every budget is named in the metrics, also those that are hardly used.
AI_BUDGET_CONFIG = "metrics_share_percent = 0\n"
DATA_SECONDS = 120
FIRST_CALLS_SECONDS = 5


class Demo:
    """Everything that runs, in a folder that is made anew; entering it starts it, leaving it stops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._stack = ExitStack()
        self._addresses: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        """Raises DemoError if a part cannot be started."""
        with ExitStack() as stack:
            stack.enter_context(_only_one(self.folder))
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        programs = {
            "prometheus": executable("prometheus"),
            "promtool": executable("promtool"),
            "alertmanager": executable("prometheus-alertmanager", "alertmanager"),
        }
        url = self._start_database(stack)
        service, exporter = port(3010), port(3011)
        self._write_history(url, programs["promtool"], Targets(_local(service), _local(exporter)))
        scraped = self._start_services(stack, url, service, exporter)
        self._start_monitors(stack, programs, scraped)
        print("Waiting until every panel has data", flush=True)
        time.sleep(FIRST_CALLS_SECONDS)
        self.collect()
        self._wait_for_data()

    def _start_database(self, stack: ExitStack) -> str:
        """An empty embedded PostgreSQL with both schemas; returns its URL."""
        data = self.folder / "postgresql"
        postgres.stop(data)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        stack.callback(postgres.stop, data)
        try:
            url = postgres.start(data)
        except (OSError, subprocess.CalledProcessError):
            raise DemoError(
                f"PostgreSQL did not start in {data}; as root, use a folder that other users can enter"
            ) from None
        with psycopg.connect(url, autocommit=True) as connection:
            # The data is made anew at every start, so a commit need not wait for the disk.
            connection.execute("ALTER DATABASE postgres SET synchronous_commit = off")
        migrate(url)
        self._store = Store(url)
        self._store.create_schema()
        return url

    def _write_history(self, url: str, promtool: str, targets: Targets) -> None:
        print(f"Making 13 months of bills and {DAYS} days of history (about a minute)", flush=True)
        now = datetime.now(UTC)
        self._account = SampleAccount(self._store, Bill(now.date()), self.folder / "bills")
        config = parse_config(AI_BUDGET_CONFIG, name="demo")
        page = Page(self._store, Settings())
        samples = self.folder / "history.txt"
        History(url, self._account, page, config, targets, now).write(samples)
        monitors.import_history(promtool, samples, self.folder / "prometheus")
        self._account.store_delivery(now)
        self._account.store_commitments(now)

    def _start_services(
        self, stack: ExitStack, url: str, service: int, exporter: int
    ) -> dict[str, tuple[str, str]]:
        """The AI budget service with its callers, and the cost exporter; returns what Prometheus scrapes."""
        config = self.folder / "ai-budget.toml"
        config.write_text(AI_BUDGET_CONFIG, encoding="utf-8")
        callers, storage = port(3012), port(3014)
        module = [sys.executable, "-m"]
        serve = [*module, "functions.ai_budget.serve", "--port", str(service), "--workers", "1"]
        stack.enter_context(
            running(self._log("ai-budget"), [*serve, "--database-url", url, "--config", str(config)], service)
        )
        serve = [*module, "functions.cost_data", "serve", "--port", str(exporter), "--database-url", url]
        stack.enter_context(running(self._log("cost-exporter"), serve, exporter))
        stack.enter_context(traffic(f"http://127.0.0.1:{service}", callers))
        stack.enter_context(storage_metrics(storage, datetime.now(UTC)))
        self._addresses += [
            ("AI budget service", f"http://127.0.0.1:{service}/api/ai-budget/tenant/tenant-enterprise"),
            ("Cost metrics", f"http://127.0.0.1:{exporter}/metrics/cost"),
        ]
        return {
            "ai-budget": (_local(service), "/metrics"),
            "cost-data": (_local(exporter), "/metrics/cost"),
            "reporting": (_local(callers), "/metrics"),
            "storage-retention": (_local(storage), "/metrics"),
        }

    def _start_monitors(
        self, stack: ExitStack, programs: dict[str, str], scraped: dict[str, tuple[str, str]]
    ) -> None:
        receiver, alertmanager, prometheus = port(3013), port(9093), port(9090)
        stack.enter_context(notifications(receiver, lambda line: print(line, flush=True)))
        config = self.folder / "alertmanager.yaml"
        monitors.write_alertmanager_config(config, f"http://127.0.0.1:{receiver}")
        command = monitors.alertmanager_command(
            programs["alertmanager"], config, self.folder / "alertmanager", alertmanager
        )
        stack.enter_context(running(self._log("alertmanager"), command, alertmanager))
        config = self.folder / "prometheus.yaml"
        monitors.write_prometheus_config(config, scraped, _local(alertmanager))
        command = monitors.prometheus_command(
            programs["prometheus"], config, self.folder / "prometheus", prometheus
        )
        stack.enter_context(running(self._log("prometheus"), command, prometheus))
        self.prometheus = f"http://127.0.0.1:{prometheus}"
        self._addresses += [
            ("Prometheus", f"{self.prometheus}/alerts"),
            ("Alertmanager", f"http://127.0.0.1:{alertmanager}"),
        ]
        if command := monitors.grafana():
            listens = port(3000)
            environment = monitors.grafana_environment(self.folder / "grafana", self.prometheus, listens)
            stack.enter_context(running(self._log("grafana"), command, listens, environment))
            self._addresses += [(uid, f"http://127.0.0.1:{listens}/d/{uid}") for uid in DASHBOARDS]

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def collect(self) -> None:
        """Reads what changes while the demo runs, as the collector does twice a day."""
        now = datetime.now(UTC)
        self._account.store_answers(now)
        self._account.store_ai_costs(month_of(now.date()), now)

    def dashboards(self) -> list[panels.Dashboard]:
        """Both dashboards with the answers of Prometheus."""
        files = ROOT / "monitoring" / "dashboards"
        addresses = {"docs_url": os.path.relpath(ROOT / "docs", self.folder)}
        review = ROOT / "build" / "review" / "index.html"
        if review.exists():
            addresses["reviews_url"] = os.path.relpath(review, self.folder)
        with Prometheus(self.prometheus) as prometheus:
            now = datetime.now(UTC)
            return [panels.read(files / f"{uid}.json", prometheus, now, addresses) for uid in DASHBOARDS]

    def _wait_for_data(self) -> None:
        """Waits until no panel is empty."""
        deadline = time.monotonic() + DATA_SECONDS
        while True:
            try:
                empty = [panel.title for board in self.dashboards() for panel in board.panels if panel.empty]
            except DemoError as error:  # Prometheus is not ready
                empty = [str(error)]
            if not empty:
                return
            if time.monotonic() > deadline:
                raise DemoError(f"no data after {DATA_SECONDS} s: {', '.join(empty)}")
            time.sleep(2)

    def write_page(self) -> None:
        """Writes index.html."""
        page = render.html(self.dashboards(), datetime.now(UTC))
        (self.folder / "index.html").write_text(page, encoding="utf-8")

    def print_addresses(self) -> None:
        """Prints what can be opened."""
        for name, address in [("Dashboards", (self.folder / "index.html").as_uri()), *self._addresses]:
            print(f"{name + ':':<20} {address}")
        print("Notifications follow. Ctrl-C stops the demo.", flush=True)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Raises DemoError if another demo uses the folder."""
    lock = folder.with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"another demo uses {folder}; stop it first") from None
        yield


def _local(listens: int) -> str:
    return f"127.0.0.1:{listens}"
