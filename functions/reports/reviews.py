"""Makes a review from the database, and keeps its figures for the next one."""

from datetime import date, datetime

from functions.reports.monthly import KIND as MONTHLY
from functions.reports.monthly import Inputs, monthly_review
from functions.reports.quarterly import quarterly_review
from functions.reports.records import Review
from functions.reports.render.document import document
from functions.reports.store import Store


def make_review(store: Store, kind: str, period: date, at: datetime, inputs: Inputs) -> Review:
    """The `monthly` or `quarterly` review of a period, which is its first month. Its figures are stored.

    Raises ReportError, and Unavailable if PostgreSQL does not answer or has no cost data.
    """
    store.create_schema()
    make = monthly_review if kind == MONTHLY else quarterly_review
    with store.snapshot() as fetch:
        review = make(fetch, period, at, inputs)
    store.save(kind, period, review.state, document(review))
    return review
