"""The keys of the report (`review.json`), version 2, that all formats are rendered from: report.schema.json.

Amounts and limits are decimal strings, unrounded, in US dollars a month (730 hours) at list price before tax;
quantities and rates are decimal strings, too. Amounts add up exactly: lines to their resource, resources to
their stack and to the report; `change` is `after` minus `before`, for low, expected and high.
"""

from typing import Any, NotRequired, TypedDict

VERSION = 2


class AmountRange(TypedDict):
    """What an amount is expected to be, and its range where it rests on usage."""

    low: str
    expected: str
    high: str


class SourceLine(TypedDict):
    """The line of the program that declares a resource; `file` is relative to the project."""

    file: str
    line: int


class Line(TypedDict):
    """One charge: `quantity` × `rate` = `amount`.

    `source` and `as_of` (a date) are those of the price; `assumed` marks a quantity from no usage profile.
    """

    what: str
    service: str
    quantity: str
    unit: str
    rate: str
    amount: AmountRange
    source: str
    as_of: str
    assumed: bool


class ResourceRow(TypedDict):
    """One billed resource. `state` is `priced`, `free`, `usage` (priced by its usage) or `unpriced`.

    `before`, `after` and `change` are null where it is unpriced; `reason` says why. `unpriced_lines` are the
    dimensions without a price of another resource, each with its reason: its amounts are then lower bounds.

    `lines` explain `after`, those of a deleted resource `before`. The `allocation` of a Kubernetes object is
    its share of nodes that are counted already (null where it is unknown); it is in no total.
    """

    urn: str
    name: str
    type: str
    stack: str
    region: str | None
    team: str | None
    op: str
    state: str
    reason: NotRequired[str]
    before: AmountRange | None
    after: AmountRange | None
    change: AmountRange | None
    allocation: NotRequired[AmountRange | None]
    allocation_lines: NotRequired[list[Line]]
    notes: list[str]
    lines: list[Line]
    unpriced_lines: NotRequired[list[str]]


class StackTotals(TypedDict):
    """The sums of the priced resources of one stack; `totals_of` as in the report.

    `unpriced` counts the resources that are not in the sums.
    """

    stack: str
    project: str
    totals_of: str
    before: AmountRange
    after: AmountRange
    change: AmountRange
    unpriced: int


class Waiver(TypedDict):
    owner: str
    reason: str
    expires: str


class BudgetRow(TypedDict):
    """One budget against the estimate. `unpriced` counts the resources in its scope that have no price.

    `status` is `within`, `advisory` (only the high end is above a limit), `waived` or `fail`.
    """

    name: str
    scope: dict[str, Any]
    monthly_limit_usd: str | None
    max_increase_usd: str | None
    max_increase_percent: str | None
    before: AmountRange
    after: AmountRange
    change: AmountRange
    unpriced: int
    status: str
    reason: str
    waiver: Waiver | None


class WarningRow(TypedDict):
    """`urn` is empty where the warning concerns no single resource."""

    urn: str
    message: str


class PropertyChange(TypedDict):
    """`kind` is `add`, `update` or `delete`; `replaces` marks a change that replaces the resource."""

    path: str
    kind: str
    replaces: bool
    before: Any
    after: Any


class PlannedChange(TypedDict):
    """A resource that is created, updated, replaced, deleted or imported.

    `unknown` are the paths of inputs whose values are known only after the deployment.
    """

    urn: str
    name: str
    type: str
    op: str
    parent: str
    source: SourceLine | None
    properties: list[PropertyChange]
    unknown: list[str]


class StackPlan(TypedDict):
    """What the engine plans for one stack; unchanged resources are only counted, in `operations`.

    `complete` is false where the preview ended in `errors`.
    """

    stack: str
    complete: bool
    errors: list[str]
    operations: dict[str, int]
    changes: list[PlannedChange]


class Violation(TypedDict):
    """`enforcement` is `mandatory` or `advisory`; `page`, a path or a URL or empty, documents it.

    `saves` is what the fix saves a month, where that is known; `in_base` says whether the base has it, too.
    """

    stack: str
    policy: str
    enforcement: str
    severity: str
    urn: str
    name: str
    type: str
    source: SourceLine | None
    message: str
    page: str
    saves: NotRequired[AmountRange]
    in_base: NotRequired[bool]


class PolicyRule(TypedDict):
    """A policy of a pack, with its default `level`: `mandatory` or `advisory`."""

    id: str
    description: str
    fix: str
    level: str
    severity: str
    page: str


class Exemption(TypedDict):
    """An exemption in force. `stack` and `urn` are empty where no resource of the plans uses it.

    `resource` is the pattern of the exemptions file, `expires` a date.
    """

    policy: str
    resource: str
    owner: str
    reason: str
    expires: str
    days_left: int
    stack: str
    urn: str


class NotApplicable(TypedDict):
    """A policy that could not judge a resource, because a value is known only after the deployment."""

    stack: str
    policy: str
    urn: str
    name: str
    type: str
    source: SourceLine | None
    message: str


class PolicyResults(TypedDict):
    """What the policy packs reported; `packs` has the version of each pack that checked the plans.

    `rules` are the policies of the packs that write a report file.
    """

    violations: list[Violation]
    packs: dict[str, str]
    rules: list[PolicyRule]
    exemptions: list[Exemption]
    not_applicable: list[NotApplicable]


class Coverage(TypedDict):
    """How many resources have each state, and how many percent of those that can bill have a price."""

    priced: int
    usage: int
    free: int
    unpriced: int
    percent: str


class Sums(TypedDict):
    """Totals before and after the change, and their difference."""

    before: AmountRange
    after: AmountRange
    change: AmountRange


class CommitmentRow(TypedDict):
    """A Savings Plan or reserved instances in force: their cost a month, and what they cover.

    `covered` is the on-demand cost that they replace after the change, `unused` the part of their cost
    that covers nothing.
    """

    name: str
    type: str
    term: str
    payment: str
    usd_per_month: str
    covered: AmountRange
    unused: AmountRange


class Report(TypedDict):
    """The whole report.

    `before`, `after` and `change` are at list prices less the discounts that `budgets.yaml` states;
    `at_list_prices` is without these discounts, `effective` also with the commitments (null without any).

    `price_date` is the newest price row, `base` the git reference or folder compared with. `totals_of` is
    `stack`, or `change` where a preview left out unchanged resources. `resources` are in the order of the
    previews, each URN once. `verdict` is that of the budgets: `pass`, `advisory`, `fail`, `unpriced` (no
    resource that can bill has a price) or `incomplete` (a preview failed).
    """

    version: int
    currency: str
    price_date: str
    review_date: str
    base: str | None
    totals_of: str
    before: AmountRange
    after: AmountRange
    change: AmountRange
    at_list_prices: Sums
    effective: Sums | None
    commitments: list[CommitmentRow]
    coverage: Coverage
    resources: list[ResourceRow]
    stacks: list[StackTotals]
    budgets: list[BudgetRow]
    warnings: list[WarningRow]
    verdict: str
    plan: list[StackPlan]
    policy: PolicyResults
