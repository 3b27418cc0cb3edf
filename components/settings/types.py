"""The types of the stack config's values; each rejects a common mistake with an error in plain words.

A check raises `ValueError` with a text that says what the value must be; `components.settings.errors` adds
the config key and the value.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from components import tags
from teei_finops.aws_limits import LOG_RETENTION_DAYS

# The two Regions of the guide. Another Region also needs prices in teei_finops/costing/prices/.
REGIONS = ("us-east-1", "eu-central-1")


class ConstraintError(ValueError):
    """A value that conflicts with another one: its key within the section, the value, what it must be."""

    def __init__(self, key: str, value: Any, requirement: str) -> None:
        super().__init__(f"must be {requirement}")
        self.key = key
        self.value = value


class Section(BaseModel):
    """A part of the stack config: frozen, strict about types, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, validate_default=True
    )

    def constraint_error(self, key: str, requirement: str) -> ConstraintError:
        """The error to raise where the value of `key` conflicts with another value of the section."""
        return ConstraintError(key, getattr(self, key), requirement)


def default(value: Any, source: str) -> Any:
    """The default of a key, which docs/configuration.md shows with its source.

    `source` is a section of the guide, a decision record, a page of a vendor, or the reason for the choice.
    """
    return Field(default=value, json_schema_extra={"source": source})


@dataclass(frozen=True)
class Check:
    """Annotation of a field: runs `function` on the value as written, and describes it in the reference."""

    function: Callable[[Any], Any]
    description: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.function, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "allowed": self.description}


def integer(unit: str, low: int, high: int) -> Check:
    """A whole number of `unit` from `low` to `high`."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number of {unit} from {low} to {high}")
        return value

    return Check(check, f"{unit}, {low} to {high}")


def text(meaning: str, pattern: str, example: str) -> Check:
    """A string that fully matches `pattern`."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise ValueError(f"must be {meaning}, such as {example}")
        return value

    return Check(check, f"{meaning}, such as `{example}`")


def one_of(meaning: str, *allowed: str | int) -> Check:
    """A value out of a closed list."""

    def check(value: Any) -> str | int:
        if not isinstance(value, str | int) or isinstance(value, bool) or value not in allowed:
            raise ValueError(f"must be {meaning}: one of {', '.join(map(str, allowed))}")
        return value

    return Check(check, f"{meaning}: " + ", ".join(f"`{value}`" for value in allowed))


def name_of(meaning: str, names: Collection[str], example: str) -> Check:
    """A value out of a list that is too long for an error; the error has the most similar one."""

    def check(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        similar = get_close_matches(str(value), names, n=1)
        raise ValueError(
            f"must be {meaning}, " + (f"did you mean {similar[0]}?" if similar else f"such as {example}")
        )

    return Check(check, f"{meaning}, such as `{example}`")


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a plain number of US dollars, without quotes or separators, such as 1000")
    amount = Decimal(str(value))
    if not 0 < amount <= 1_000_000_000:
        raise ValueError("must be an amount above 0 and up to 1000000000 US dollars")
    if amount != round(amount, 2):
        raise ValueError("must be in whole cents: at most two decimals")
    return amount


def _percent(value: Any) -> int:
    if isinstance(value, float) and 0 < value < 1:
        raise ValueError(f"must be a whole percent from 1 to 300; for {value:.0%} write {value * 100:.0f}")
    return integer("percent", 1, 300).function(value)


def _without_duplicates(values: Sequence[Any]) -> Sequence[Any]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"must hold each value once; {value} is there twice")
    return values


Unique = AfterValidator(_without_duplicates)
Usd = Annotated[Decimal, Check(_amount, "US dollars")]
Percent = Annotated[int, Check(_percent, "percent, 1 to 300")]
Days = Annotated[int, integer("days", 1, 3650)]
LogRetentionDays = Annotated[int, one_of("a retention that CloudWatch Logs offers", *LOG_RETENTION_DAYS)]
Email = Annotated[
    str,
    text(
        "an e-mail address",
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
        "finops@teei.io",
    ),
]
Region = Annotated[str, one_of("a supported region", *REGIONS)]
DataClass = Annotated[str, one_of("a data class", *tags.DATA_CLASSES)]
Name = Annotated[str, text("a name in lower case words joined by hyphens", tags.SLUG, "ai-budget")]
DnsName = Annotated[str, text("a Kubernetes name", r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "teei-api-gateway")]
HostName = Annotated[
    str,
    text("a host name", r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "clickhouse.analytics.svc.cluster.local"),
]
SecurityGroupId = Annotated[str, text("a security group id", r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d4e5f60001")]
Cpu = Annotated[str, text("a Kubernetes quantity of CPU", r"[1-9][0-9]*m?", "100m")]
Memory = Annotated[str, text("a Kubernetes quantity of memory", r"[1-9][0-9]*(Mi|Gi|Ti)", "128Mi")]


class CostAllocation(Section):
    """The cost tags of a part of the stack that differ from part to part."""

    service: Name
    """The value of the tag `service`."""
    budget: Name
    """The value of the tag `budget`: a key of `budgets`."""
    data_class: DataClass | None = None
    """The value of the tag `data-class`, where it is not `owner.data_class`."""


def cost_allocation(service: str, budget: str, data_class: str | None = None) -> Any:
    """The default `cost_allocation` of a section: `budget` is the category that AWS bills the section in."""
    return default(
        CostAllocation(service=service, budget=budget, data_class=data_class), "guide, Cost Breakdown"
    )
