"""The AWS account of one stack: moto in this process, made again from a journal by the next one.

moto keeps what is made in memory. The journal holds how each resource was made, with the seed of its random
ids, so that a later process makes the same ones again, with the same ids. What counts is the stack's state:
of the journal only what the state still holds is made again.
"""

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from teei_finops.sandbox.providers.aws.identity import ACCOUNT

Key = tuple[str, str]  # type and id
_IN_USE = threading.Lock()


@dataclass
class _Entry:
    region: str
    seed: int
    inputs: Mapping[str, Any]
    account: str = ACCOUNT


class Account:
    """Creates, updates and deletes what `resources/` knows; everything else is None to it.

    `journal` is None for an account that ends with the process; `held` tells what the stack's state holds.
    """

    def __init__(self, journal: Path | None, held: Callable[[], Iterable[Key]] = tuple):
        self._journal = journal
        self._held = held
        self._lock = threading.RLock()
        self._entries: dict[Key, _Entry] | None = None
        self._mock: Any = None

    def create(self, token: str, inputs: Mapping[str, Any], region: str, account: str = ACCOUNT) -> Any:
        """The made resource (`aws_made.Made`), None for a type without a maker; raises RefusedError."""
        from teei_finops.sandbox.providers.aws.resources import maker_of

        maker = maker_of(token)
        if maker is None:
            return None
        with self._open():
            entry = _Entry(region, secrets.randbits(48), inputs, account)
            try:
                made = self._make(token, entry)
            except NotImplementedError:  # moto lacks an operation, and nothing can be said against the inputs
                return None
            self._keep((token, made.id), replace(entry, inputs={**inputs, **made.kept}))
            return made

    def update(self, token: str, resource_id: str, inputs: Mapping[str, Any]) -> Any:
        """As `create`, for a resource that is already there."""
        from teei_finops.sandbox.providers.aws.resources import maker_of

        maker = maker_of(token)
        if maker is None:
            return None
        with self._open() as entries:
            known = entries.get((token, resource_id))
            if known is None:  # made by someone else, or imported: nothing to compare with
                return None
            try:
                with _calling(known) as aws:
                    made = maker.update(aws, resource_id, known.inputs, inputs)
            except NotImplementedError:
                return None
            self._keep((token, resource_id), replace(known, inputs={**inputs, **made.kept}))
            return made

    def delete(self, token: str, resource_id: str) -> None:
        """Remove a resource; one that is not there is already removed."""
        from teei_finops.sandbox.providers.aws.resources import maker_of

        maker = maker_of(token)
        if maker is None:
            return
        with self._open() as entries:
            known = entries.get((token, resource_id))
            if known is not None:
                with _calling(known) as aws:
                    maker.delete(aws, resource_id, known.inputs)
                self._keep((token, resource_id), None)

    def holds(self, token: str, resource_id: str) -> bool:
        """Whether a resource of a type with a maker is there."""
        with self._open() as entries:
            return (token, resource_id) in entries

    @contextmanager
    def session(self, region: str = "us-east-1"):
        """A boto3 session on this account, valid inside the block."""
        import boto3

        with self._open() as entries:
            account = next((entry.account for entry in entries.values()), ACCOUNT)
            with _numbered(account):
                yield boto3.Session(region_name=region)

    def close(self) -> None:
        """Forget the account in this process; the journal stays, unless nothing is left."""
        with self._lock:
            if self._mock is not None:
                self._mock.stop()
                self._mock = None
                _IN_USE.release()
            if self._journal is not None and self._entries == {}:
                self._journal.unlink(missing_ok=True)
            self._entries = None

    @contextmanager
    def _open(self):
        """One caller at a time: moto's stores are plain dicts."""
        with self._lock:
            if self._entries is None:
                if not _IN_USE.acquire(blocking=False):
                    raise RuntimeError("moto holds one account in a process: close the other one first")
                os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
                from moto import mock_aws

                self._mock = mock_aws()
                self._mock.start()
                self._entries = {}
                self._make_again()
            yield self._entries

    def _make_again(self) -> None:
        from teei_finops.sandbox.providers.aws.resources import RefusedError

        held = set(self._held())
        for key, entry in _read(self._journal).items():
            if key in held:
                try:
                    self._make(key[0], entry, again=True)
                except RefusedError:  # it stays in the state; the next change says what is wrong with it
                    continue
                assert self._entries is not None
                self._entries[key] = entry

    def _make(self, token: str, entry: _Entry, *, again: bool = False) -> Any:
        from moto.moto_api._internal import mock_random

        from teei_finops.sandbox.providers.aws.resources import maker_of

        maker = maker_of(token)
        assert maker is not None
        mock_random.seed(entry.seed)
        make = maker.again if again else maker.create
        with _calling(entry) as aws:
            return make(aws, entry.inputs)

    def _keep(self, key: Key, entry: _Entry | None) -> None:
        assert self._entries is not None
        if entry is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = entry
        if self._journal is None:
            return
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        line = {"type": key[0], "id": key[1], **({} if entry is None else entry.__dict__)}
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a") as file:
            file.write(json.dumps(line) + "\n")


@contextmanager
def _calling(entry: _Entry):
    """Clients for what an entry describes, in its region and account."""
    from teei_finops.sandbox.providers.aws.resources import Clients

    with _numbered(entry.account):
        yield Clients(region=entry.region, account=entry.account)


@contextmanager
def _numbered(account: str):
    """Whose calls moto takes the calls for; it looks this up with each of them."""
    before = os.environ.get("MOTO_ACCOUNT_ID")
    os.environ["MOTO_ACCOUNT_ID"] = account
    try:
        yield
    finally:
        if before is None:
            del os.environ["MOTO_ACCOUNT_ID"]
        else:
            os.environ["MOTO_ACCOUNT_ID"] = before


def _read(journal: Path | None) -> dict[Key, _Entry]:
    """The last entry of each resource, in the order in which they were first made."""
    entries: dict[Key, _Entry] = {}
    for line in journal.read_text().splitlines() if journal and journal.exists() else []:
        try:
            data = json.loads(line)
        except ValueError:  # the process was killed while it wrote this line
            continue
        key = (data["type"], data["id"])
        if "seed" in data:
            entries[key] = _Entry(data["region"], data["seed"], data["inputs"], data.get("account", ACCOUNT))
        else:
            entries.pop(key, None)
    return entries
