"""The error that ends a command with one line."""

import re


class RetentionError(Exception):
    """What was asked cannot be done; the message says what is wrong, where, and how to fix it."""


def shown(url: str) -> str:
    """A URL as messages show it, without user and password."""
    return re.sub(r"//[^/@]*@", "//", url)
