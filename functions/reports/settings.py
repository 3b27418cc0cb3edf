"""The settings of the Lambda function, from environment variables of the same names in upper case."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.reports.records import ReportError

LISTS = ("report_recipients", "executive_recipients")


class Settings(BaseModel):
    """A list is separated by commas."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    database_host: str
    database_port: int = 5432
    database_name: str = "postgres"
    """The PostgreSQL with the cost data, where the function logs in with IAM as the role reports."""

    report_bucket: str
    """Where the files go: reviews/KIND/PERIOD/STATE/. Results of `verify --json` are read from retention/."""

    report_sender: str = "finops@teei.io"
    report_recipients: tuple[str, ...] = ()
    executive_recipients: tuple[str, ...] = ()
    """Who gets the monthly, and who the quarterly review by mail."""

    link_hours: Annotated[int, Field(ge=1, le=12)] = 12
    """How long the links of a mail are valid, or until the function's credentials end if that is earlier."""

    plan_discount_percent: Annotated[Decimal, Field(gt=0, lt=100)] = Decimal(27)
    """The discount of a Savings Plan that could be bought."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the variables. Raises ReportError naming the variable."""
        values: dict[str, object] = {
            name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment
        }
        for name in LISTS:
            if name in values:
                values[name] = [part.strip() for part in str(values[name]).split(",") if part.strip()]
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ReportError(f"{str(first['loc'][0]).upper()}: {first['msg']}") from None
