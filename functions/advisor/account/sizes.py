"""Names of instance types and classes: the next smaller size, the current generation."""

# From small to large; each is half of the next in vCPUs, memory and price, from large on.
SIZES = (
    "nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge",
    "32xlarge",
)  # fmt: skip
_HALVES = {"12xlarge": "4xlarge", "24xlarge": "12xlarge", "48xlarge": "24xlarge", "10xlarge": "4xlarge"}


def smaller(name: str) -> str:
    """The next smaller size of `m7g.large`, `db.r6g.2xlarge` or `cache.t4g.small`; empty if none is known."""
    family, _, size = name.rpartition(".")
    if size in _HALVES:
        return f"{family}.{_HALVES[size]}"
    position = SIZES.index(size) if size in SIZES else 0
    return f"{family}.{SIZES[position - 1]}" if position else ""


def family(name: str) -> str:
    """`m4` of `m4.large` and of `db.m4.large`."""
    return name.split(".")[-2] if "." in name else name


def in_family(name: str, other: str) -> str:
    """The same size of another family."""
    *prefix, _, size = name.split(".")
    return ".".join((*prefix, other, size))
