"""Errors of the sandbox."""

from teei_finops.errors import UserError


class SandboxError(UserError):
    """The sandbox cannot run a command; the message says what is wrong, where, and how to fix it."""
