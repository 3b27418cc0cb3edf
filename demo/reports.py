"""`python -m demo.reports`: a monthly and a quarterly review of the sample account."""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path

from demo.account import SampleAccount
from demo.bill import Bill
from demo.history import History, Targets
from functions.ai_budget.config import parse_config
from functions.ai_budget.ledger import migrate
from functions.ai_budget.serve import postgres
from functions.cost_data.metrics import Page
from functions.cost_data.records import MONTH_FINAL_ON, next_month
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store
from functions.reports.figures.actions import read_recommendations
from functions.reports.figures.storage import Retention
from functions.reports.monthly import Inputs
from functions.reports.periods import quarter_of
from functions.reports.records import State
from functions.reports.render.files import write_files
from functions.reports.reviews import make_review
from functions.reports.store import Store as ReportStore

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "reports-demo"
RECOMMENDATIONS = Path(__file__).parent / "recommendations.csv"
DRAFT_ON = 2
DRAFTS = 4  # months whose draft keeps AWS's forecast, to compare it with what they cost
MONTHS = 16  # twelve before the end of the quarter, which ended up to four months ago


def make_reviews(url: str, now: datetime, folder: Path) -> list[Path]:
    """Stores the sample account month by month, as it was known then, and writes the newest final reviews."""
    costs, reviews = Store(url), ReportStore(url)
    costs.create_schema()
    bill = Bill(now.date(), MONTHS)
    account = SampleAccount(costs, bill, folder / "bills")
    History(url, account, Page(costs, Settings()), parse_config("", name="demo"), Targets("", ""), now).fill()
    month = bill.months[-2 if now.day >= MONTH_FINAL_ON else -3]
    before = bill.months[bill.months.index(month) - DRAFTS + 1 : bill.months.index(month) + 1]
    account.store_months_before(_at(before[0], 1).date())
    paths = []
    for reviewed in before:
        for day in (DRAFT_ON, MONTH_FINAL_ON):
            at = _at(next_month(reviewed), day)
            account.store_delivery(at)
            account.store_answers(at)
            account.store_commitments(at)
            review = make_review(reviews, "monthly", reviewed, at, _inputs(at))
            if reviewed == month and review.state is State.FINAL:
                paths += write_files(review, folder)
            if reviewed.month % 3 == 0:
                quarter = quarter_of(reviewed)[0]
                review = make_review(reviews, "quarterly", quarter, at, _inputs(at))
                if review.state is State.FINAL:
                    paths += write_files(review, folder)
    return paths


def _at(month: date, day: int) -> datetime:
    return datetime.combine(month.replace(day=day), time(18), UTC)


def _inputs(at: datetime) -> Inputs:
    """What the advisor and the verification of retention would have delivered."""
    text = RECOMMENDATIONS.read_text(encoding="utf-8")
    return Inputs(
        actions=read_recommendations(text, RECOMMENDATIONS.name),
        retention=[
            Retention("prod", at, compliant=True, clickhouse_bytes=412_000_000_000),
            Retention(
                "prod-eu",
                at,
                compliant=False,
                differences=[
                    (
                        "s3",
                        "teei-prod-eu-central-1-exports",
                        "expiration is 120 days, but 90 days is declared",
                    )
                ],
            ),
        ],
    )


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """The URL of an empty PostgreSQL."""
    data = folder / "postgresql"
    postgres.stop(data)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        url = postgres.start(data)
        migrate(url)
        yield url
    finally:
        postgres.stop(data)
        shutil.rmtree(data, ignore_errors=True)


def main() -> int:
    """Writes the reviews and prints where they are. Returns 0, or 2 if PostgreSQL did not start."""
    argparse.ArgumentParser(prog="demo.reports", description=__doc__).parse_args()
    try:
        with _database(FOLDER) as url:
            print(f"Making {MONTHS} months of bills (about a minute)", flush=True)
            paths = make_reviews(url, datetime.now(UTC), FOLDER)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"demo.reports: {FOLDER}: PostgreSQL did not start ({error})", file=sys.stderr)
        return 2
    for path in paths:
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
