"""Values for what only a cloud would know: by the name of the property, else by its type."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from teei_finops.sandbox.providers.sdk_schema import alternatives, is_object_type, properties_of

_MAX_DEPTH = 4  # of nested objects; some types contain themselves
_LABELS = ("tags", "tagsAll", "labels", "annotations")


@dataclass(frozen=True)
class Subject:
    """The resource or the lookup that the values belong to: equal subjects have equal values.

    `arn` is the subject's own; it is empty outside AWS.
    """

    key: str
    region: str
    account: str
    arn: str = ""

    @classmethod
    def identified_by(cls, resource_id: str, region: str, account: str, arn: str = "") -> "Subject":
        """The subject with an id, of which the last part is in its values."""
        return cls(re.split("[/:]", resource_id)[-1], region, account, arn)

    def digits(self, name: str, count: int) -> str:
        """Hexadecimal digits that depend on the subject and the name, at most 64."""
        return hashlib.sha256(f"{self.key}|{name}|{self.region}".encode()).hexdigest()[:count]

    def host(self) -> str:
        """A host name that does not exist."""
        label = re.sub("[^a-z0-9-]+", "-", self.key.lower()).strip("-")[:40].strip("-") or "host"
        return f"{label}.{self.digits('host', 8)}.{self.region}.sandbox.example"


def plausible_value(name: str, annotation: Any, subject: Subject) -> Any:
    """A value of the right type for a property, which is never None, an empty list or an empty object."""
    return _value(name, annotation, subject, 0)


def value_by_name(name: str, subject: Subject) -> str | int | None:
    """The value of a property whose name says what it is, such as `cidrBlock`; None for any other name."""
    for pattern, make in _BY_NAME:
        if pattern.search(name):
            return make(name, subject)
    return None


def _value(name: str, annotation: Any, subject: Subject, depth: int) -> Any:
    choices = alternatives(annotation) or [str]
    choice = choices[0]
    kind = get_origin(choice) or choice
    if is_object_type(choice):
        if depth >= _MAX_DEPTH:
            return {}
        return {key: _value(key, nested, subject, depth + 1) for key, nested in properties_of(choice).items()}
    if not isinstance(kind, type):
        return f"{name}-{subject.key}"
    if issubclass(kind, Mapping):
        item = (get_args(choice) or (str, Any))[1]
        return (
            {} if name in _LABELS or depth >= _MAX_DEPTH else {name: _value(name, item, subject, depth + 1)}
        )
    if issubclass(kind, Sequence) and not issubclass(kind, str):
        return _list(name, (get_args(choice) or (str,))[0], subject, depth)
    return _scalar(name, kind, subject)


def _list(name: str, item: Any, subject: Subject, depth: int) -> list[Any]:
    """Three texts, since programs index the names and ids of zones and subnets, or one of anything else."""
    if depth >= _MAX_DEPTH:
        return []
    if alternatives(item)[:1] != [str]:
        return [_value(name, item, subject, depth + 1)]
    if name in ("availabilityZones", "zones", "azs"):
        return [f"{subject.region}{letter}" for letter in "abc"]
    singular = re.sub(r"s$", "", name)
    values = [
        _scalar(
            singular, str, Subject(f"{subject.key}{number}", subject.region, subject.account, subject.arn)
        )
        for number in ("", "-2", "-3")
    ]
    return list(dict.fromkeys(values))


def _scalar(name: str, kind: type, subject: Subject) -> Any:
    if issubclass(kind, bool):
        return False
    named = value_by_name(name, subject)
    if issubclass(kind, int | float):
        return named if isinstance(named, int) else 1
    if issubclass(kind, str) and named is not None:
        return str(named)
    return f"{name}-{subject.key}"


def _id(prefix: str) -> Callable[[str, Subject], str]:
    return lambda name, subject: f"{prefix}-{subject.digits(name, 17)}"


def _text(value: str | int) -> Callable[[str, Subject], str | int]:
    return lambda _name, _subject: value


def _address(first: str) -> Callable[[str, Subject], str]:
    def address(name: str, subject: Subject) -> str:
        digits = subject.digits(name, 4)
        return f"{first}.{int(digits[:2], 16)}.{int(digits[2:], 16)}"

    return address


_BY_NAME: Sequence[tuple[re.Pattern[str], Callable[[str, Subject], str | int]]] = [
    (re.compile(pattern), make)
    for pattern, make in (
        (r"^(account|accountId|owner|ownerId|registryId|awsAccountId)$", lambda _, subject: subject.account),
        (r"^region$|Region(Name)?$", lambda _, subject: subject.region),
        (
            r"^invokeArn$",
            lambda _, subject: (
                f"arn:aws:apigateway:{subject.region}:lambda:path/2015-03-31/functions/"
                f"{subject.arn}/invocations"
            ),
        ),
        (r"^(arn|Arn)$|Arn$", lambda name, subject: subject.arn or f"arn:aws:sandbox:::{name}"),
        (r"^availabilityZone$", lambda _, subject: f"{subject.region}a"),
        (r"^(vpcId|mainVpcId)$", _id("vpc")),
        (r"[sS]ubnetId$", _id("subnet")),
        (r"[sS]ecurityGroupId$", _id("sg")),
        (r"[rR]outeTableId$", _id("rtb")),
        (r"[nN]etworkAclId$", _id("acl")),
        (r"[nN]etworkInterfaceId$", _id("eni")),
        (r"^(imageId|amiId)$", _id("ami")),
        (r"[vV]olumeId$", _id("vol")),
        (r"[iI]nstanceId$", _id("i")),
        (r"[zZ]oneId$", lambda name, subject: f"Z{subject.digits(name, 20).upper()}"),
        (r"[iI]pv6CidrBlock$", _text("2600:1f18:1000::/56")),
        (r"[cC]idr(Block)?$", _text("10.0.0.0/16")),
        (r"^public.*Ip(Address)?$", _address("203.0")),
        (r"^ip$|Ip$|IpAddress$|^ipAddress$", _address("10.0")),
        (r"^port$|Port$", _text(443)),
        (r"^number$|Number$", _text(1)),
        (
            r"^issuer$",
            lambda name, subject: f"https://oidc.{subject.host()}/id/{subject.digits(name, 32).upper()}",
        ),
        (r"[uU]r[li]$", lambda _, subject: f"https://{subject.host()}"),
        (
            r"([dD]nsName|[dD]omainName|[dD]omain|[eE]ndpoint|[hH]ostname|[aA]ddress)$",
            lambda _, subject: subject.host(),
        ),
        (r"^(data|certificateAuthorityData|.*Base64|.*B64Std)$", _text("c2FuZGJveA==")),
        (r"(Time|Date|At|Timestamp)$", _text("2026-01-01T00:00:00Z")),
        (r"^(json|.*[pP]olicy|.*PolicyDocument|.*Json)$", _text("{}")),
        (r"^(state|status)$", _text("available")),
        (r"^(architecture|cpuArchitecture)$", _text("x86_64")),
        (r"^path$", _text("/")),
        (r"^rootDeviceName$", _text("/dev/xvda")),
        (r"^instanceTenancy$", _text("default")),
    )
]
