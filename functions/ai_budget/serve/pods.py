"""A worker of `serve --aws`: the API in a pod. The Lambda has the queue, the schedules and the migrations."""

import os

from fastapi import FastAPI

from functions.ai_budget.aws import environment
from functions.ai_budget.ledger import API, Ledger
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.serve.workers import ending_with_the_server


def application() -> FastAPI:
    """The worker's application, from the pod's environment. granian calls it."""
    requests = RequestMetrics(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    service = environment.service(Ledger(environment.login(API)))
    return environment.application(service, requests, ending_with_the_server)
