"""The tool: what a change to a Pulumi program costs (`costing`, `review`), and a sandbox to run it in."""

__version__ = "0.1.0"
