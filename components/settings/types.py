"""The scalar types of the stack config, each refusing in plain words what a person would write by mistake.

A check raises `ValueError` whose text says what is allowed; `settings_errors` puts the config key and the
value in front of it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from components import tags

# The two Regions of the guide. Another one also needs prices in teei_finops/costing/prices/.
REGIONS = ("us-east-1", "eu-central-1")


class RefusedError(ValueError):
    """A value that does not fit the others: its key within the section, the value, what is allowed."""

    def __init__(self, key: str, value: Any, allowed: str) -> None:
        super().__init__(f"allowed is {allowed}")
        self.key = key
        self.value = value


class Section(BaseModel):
    """A part of the stack config: frozen, strict about types, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    def refused(self, key: str, allowed: str) -> RefusedError:
        """The error to raise where the value of `key` does not fit the others."""
        return RefusedError(key, getattr(self, key), allowed)


@dataclass(frozen=True)
class Check:
    """Annotation of a field: runs `function` on the value as written, and describes it in the reference."""

    function: Callable[[Any], Any]
    allowed: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.function, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "allowed": self.allowed}


def whole(unit: str, low: int, high: int) -> Check:
    """A whole number of `unit` from `low` to `high`."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"allowed is a whole number of {unit} from {low} to {high}")
        return value

    return Check(check, f"{unit}, {low} to {high}")


def text(meaning: str, pattern: str, example: str) -> Check:
    """A string that fully matches `pattern`."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise ValueError(f"allowed is {meaning}, such as {example}")
        return value

    return Check(check, f"{meaning}, such as `{example}`")


def one_of(meaning: str, *allowed: str | int) -> Check:
    """A value out of a closed list."""

    def check(value: Any) -> str | int:
        if not isinstance(value, str | int) or isinstance(value, bool) or value not in allowed:
            raise ValueError(f"allowed is {meaning}: one of {', '.join(map(str, allowed))}")
        return value

    return Check(check, f"{meaning}: " + ", ".join(f"`{value}`" for value in allowed))


def _amount(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(
            "allowed is a plain number of US dollars, without quotes or separators, such as 1000"
        )
    amount = Decimal(str(value))
    if not 0 < amount <= 1_000_000_000:
        raise ValueError("allowed is an amount above 0 and up to 1000000000 US dollars")
    if amount != round(amount, 2):
        raise ValueError("allowed are whole cents: at most two decimals")
    return amount


def _percent(value: Any) -> int:
    if isinstance(value, float) and 0 < value < 1:
        raise ValueError(f"allowed is a whole percent from 1 to 300; for {value:.0%} write {value * 100:.0f}")
    return whole("percent", 1, 300).function(value)


def unique(values: Sequence[Any]) -> Sequence[Any]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"allowed is each value once; {value} is there twice")
    return values


Unique = AfterValidator(unique)
Usd = Annotated[Decimal, Check(_amount, "US dollars")]
Percent = Annotated[int, Check(_percent, "percent, 1 to 300")]
Days = Annotated[int, whole("days", 1, 3650)]
Email = Annotated[
    str,
    text(
        "an e-mail address",
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
        "finops@teei.io",
    ),
]
Region = Annotated[str, one_of("a region the project is offered in", *REGIONS)]
DataClass = Annotated[str, one_of("a data class", *tags.DATA_CLASSES)]
Name = Annotated[str, text("a name in lower case words joined by hyphens", tags.SLUG, "ai-budget")]
DnsName = Annotated[str, text("a Kubernetes name", r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "teei-api-gateway")]
BucketName = Annotated[
    str,
    text(
        "a bucket name of 3 to 63 lower case letters, digits and hyphens",
        r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "teei-prod-us-east-1-exports",
    ),
]
Cpu = Annotated[str, text("a Kubernetes quantity of CPU", r"[1-9][0-9]*m?", "100m")]
Memory = Annotated[str, text("a Kubernetes quantity of memory", r"[1-9][0-9]*(Mi|Gi|Ti)", "128Mi")]


class Charge(Section):
    """Who pays for a part of the stack: its service and budget, and its data class if not the stack's."""

    service: Name
    """The value of the tag `service`."""
    budget: Name
    """The value of the tag `budget`: a key of `budgets`."""
    data_class: DataClass | None = None
    """The value of the tag `data-class`, where it is not the stack's."""
