"""Amazon SQS."""

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

CHUNK_KB = 64  # each 64 KB of payload is one request; AWS SQS pricing page, 2026-10


@estimates("aws:sqs/queue:Queue")
def queue(ctx: EstimationContext) -> None:
    fifo = ctx.flag("fifoQueue")
    requests = ctx.usage("monthly_requests", 0, 1_000_000, 10_000_000)
    size = ctx.usage("request_size_kb", 1, 1, CHUNK_KB)
    ctx.charge(
        f"{'FIFO' if fifo else 'Standard'} requests",
        "AWSQueueService",
        "fifo" if fifo else "standard",
        "requests",
        requests * size.chunks(CHUNK_KB),
        allowance="requests-standard-and-fifo-together",
    )
