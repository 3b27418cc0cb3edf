"""Errors of the sandbox."""

from teei_finops.errors import UserError


class SandboxError(UserError):
    """The sandbox cannot do what it was asked; the message says why and how to fix it."""
