"""The average size of the objects of each bucket, on which the saving of a transition depends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from components.settings.storage import Bucket
from retention.economics import ASSUMED_OBJECT_KB
from retention.errors import RetentionError
from retention.stores.aws import Aws
from retention.stores.bucket_sizes import bucket_size


@dataclass(frozen=True)
class ObjectSize:
    """`origin` is where the size comes from."""

    kb: Decimal
    origin: str


def object_sizes(
    buckets: Mapping[str, Bucket], given: Mapping[str, Decimal], aws: Aws | None, now: datetime
) -> Iterator[tuple[str, ObjectSize]]:
    """By the key of the bucket's settings: the given size, else what CloudWatch measured, else an assumption.

    `given` is by role, such as `exports`, or by key. Raises RetentionError for an unknown role and from AWS.
    """
    roles = {key.rsplit(".", 1)[-1]: key for key in buckets}
    for role in given:
        if role not in roles and role not in buckets:
            raise RetentionError(f"--object-kb: unknown bucket {role!r}; use one of {', '.join(roles)}")
    for role, key in roles.items():
        size = given.get(role, given.get(key))
        if size is not None:
            yield key, ObjectSize(size, "--object-kb")
            continue
        measured = bucket_size(aws, buckets[key].name, now).average_object_kb if aws else None
        if measured is not None:
            yield key, ObjectSize(measured, "measured by CloudWatch")
        else:
            yield key, ObjectSize(ASSUMED_OBJECT_KB, "assumed")
