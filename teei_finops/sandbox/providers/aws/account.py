"""The fake AWS account of one stack: moto in this process, restored from a journal by the next process.

moto keeps resources in memory. The journal records how each one was created and the seed of its random ids,
so that a later process restores it with the same id. The stack's state decides what exists: only resources
that are both in the state and in the journal are restored.
"""

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.session import get_session

from teei_finops.sandbox.providers.aws.api import AwsError, Clients
from teei_finops.sandbox.providers.aws.identifiers import ACCOUNT
from teei_finops.sandbox.providers.aws.journal import Entry, Journal, Key
from teei_finops.sandbox.providers.aws.resource_handler import ResourceState
from teei_finops.sandbox.providers.aws.resources import handler_for

_MOTO_IN_USE = threading.Lock()
_TYPES_WITH_NETWORK = ("aws:ec2/", "aws:lambda/", "aws:lb/", "aws:rds/", "aws:vpc/")


class FakeAccount:
    """Creates, updates and deletes the resource types that have a handler; other types are ignored.

    Without a `journal` the account ends with the process. `keys_in_state` lists the resources in the stack's
    state.
    """

    def __init__(self, journal: Path | None, keys_in_state: Callable[[], Iterable[Key]] = tuple):
        self._journal = Journal(journal) if journal else None
        self._keys_in_state = keys_in_state
        self._lock = threading.RLock()
        self._entries: dict[Key, Entry] | None = None
        self._mock: Any = None

    def create(
        self, token: str, inputs: Mapping[str, Any], region: str, account: str = ACCOUNT
    ) -> ResourceState | None:
        """The created resource; None for a type without a handler. Raises AwsError."""
        handler = handler_for(token)
        if handler is None:
            return None
        with self._open():
            entry = Entry(region, secrets.randbits(48), inputs, account)
            try:
                state = _create(token, handler.create, entry)
            except NotImplementedError:  # moto lacks an operation; the inputs may be right
                return None
            self._record((token, state.id), replace(entry, inputs={**inputs, **state.private}))
            return state

    def update(self, token: str, resource_id: str, inputs: Mapping[str, Any]) -> ResourceState | None:
        """The updated resource; None for one that this account did not create. Raises AwsError."""
        handler = handler_for(token)
        if handler is None:
            return None
        with self._open() as entries:
            entry = entries.get((token, resource_id))
            if entry is None:
                return None
            try:
                with _clients(entry) as aws:
                    state = handler.update(aws, resource_id, entry.inputs, inputs)
            except NotImplementedError:
                return None
            self._record((token, resource_id), replace(entry, inputs={**inputs, **state.private}))
            return state

    def delete(self, token: str, resource_id: str) -> None:
        """Delete a resource, if this account created it. Raises AwsError."""
        handler = handler_for(token)
        if handler is None:
            return
        with self._open() as entries:
            entry = entries.get((token, resource_id))
            if entry is None:
                return
            with _clients(entry) as aws:
                handler.delete(aws, resource_id, entry.inputs)
            self._record((token, resource_id), None)

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Any:
        """The response (of `requests`) to a request that an AWS SDK made."""
        import requests

        with self._open():
            return requests.request(
                method, url, headers=dict(headers), data=body, timeout=60, allow_redirects=False
            )

    def holds(self, token: str, resource_id: str) -> bool:
        """Whether the account has a resource of a type with a handler."""
        with self._open() as entries:
            return (token, resource_id) in entries

    @contextmanager
    def session(self, region: str = "us-east-1"):
        """A boto3 session on this account, valid inside the block."""
        with self._open() as entries:
            account = next((entry.account for entry in entries.values()), ACCOUNT)
            with _account_number(account):
                yield boto3.Session(region_name=region, botocore_session=_without_other_endpoints())

    def close(self) -> None:
        """Drop the account from this process; the journal stays unless the account is empty."""
        with self._lock:
            if self._mock is not None:
                self._mock.stop()
                self._mock = None
                _MOTO_IN_USE.release()
            if self._journal is not None and self._entries == {}:
                self._journal.remove()
            self._entries = None

    @contextmanager
    def _open(self):
        """The entries of the account, for one caller at a time: moto is not thread-safe."""
        with self._lock:
            if self._entries is None:
                if not _MOTO_IN_USE.acquire(blocking=False):
                    raise RuntimeError("moto holds one account per process; close the other account first")
                os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
                from moto import mock_aws  # imported late: a preview needs no account

                self._mock = mock_aws()
                self._mock.start()
                self._entries = self._restored()
            yield self._entries

    def _restored(self) -> dict[Key, Entry]:
        entries = {}
        in_state = set(self._keys_in_state())
        for key, entry in self._journal.read().items() if self._journal else ():
            handler = handler_for(key[0])
            if key not in in_state or handler is None:
                continue
            try:
                _create(key[0], handler.restore, entry)
            except AwsError:  # it stays in the state, and its next update reports the error
                continue
            entries[key] = entry
        return entries

    def _record(self, key: Key, entry: Entry | None) -> None:
        assert self._entries is not None
        if entry is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = entry
        if self._journal is not None:
            self._journal.append(key, entry)


def _create(
    token: str, create: Callable[[Clients, Mapping[str, Any]], ResourceState], entry: Entry
) -> ResourceState:
    """Create or restore a resource whose random ids come from the seed of its entry."""
    import requests

    with _clients(entry) as aws:
        if token.startswith(_TYPES_WITH_NETWORK):
            aws.call(
                "ec2", "DescribeVpcs"
            )  # the first call creates the default VPC, which needs random ids, too
        # https://docs.getmoto.org/en/latest/docs/configuration/recorder/index.html (2026-11)
        requests.post("http://motoapi.amazonaws.com/moto-api/seed", params={"a": entry.seed}, timeout=10)
        return create(aws, entry.inputs)


@contextmanager
def _clients(entry: Entry):
    """Clients for the region and account of an entry."""
    with _account_number(entry.account):
        yield Clients(region=entry.region, account=entry.account)


def _without_other_endpoints() -> Any:
    """A session of botocore that ignores the AWS_ENDPOINT_URL of the user."""
    session = get_session()
    configure: Any = Config  # its type hints lack the option
    session.set_default_client_config(configure(ignore_configured_endpoint_urls=True))
    return session


@contextmanager
def _account_number(account: str):
    """Make the calls inside the block calls to this account: moto reads the variable on each call."""
    before = os.environ.get("MOTO_ACCOUNT_ID")
    os.environ["MOTO_ACCOUNT_ID"] = account
    try:
        yield
    finally:
        if before is None:
            del os.environ["MOTO_ACCOUNT_ID"]
        else:
            os.environ["MOTO_ACCOUNT_ID"] = before
