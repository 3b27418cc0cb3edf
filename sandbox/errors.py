"""What the sandbox says when it cannot go on."""


class SandboxError(Exception):
    """A problem the reader can solve; its text is the whole message."""
