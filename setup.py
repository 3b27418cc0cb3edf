"""Adds the policy pack to the package: `teei_finops/pack/` holds `policies` and what it imports.

The rest of the build is in pyproject.toml.
"""

from pathlib import Path
from typing import Any

from setuptools import find_namespace_packages, find_packages, setup
from setuptools.command.build_py import build_py

PACK = "teei_finops.pack"
# Of `components` the pack uses the cost tags only.
COMPONENTS = ("__init__", "tags")


class BuildWithPack(build_py):
    def find_package_modules(self, package: str, package_dir: str) -> list[Any]:
        modules = super().find_package_modules(package, package_dir)
        return [item for item in modules if package != f"{PACK}.components" or item[1] in COMPONENTS]

    def run(self) -> None:
        """The engine starts the installed pack with the Python on the PATH: there is no `.venv` beside it."""
        super().run()
        metadata = Path(self.build_lib, *PACK.split("."), "policies", "PulumiPolicy.yaml")
        lines = metadata.read_text("utf-8").splitlines(keepends=True)
        metadata.write_text("".join(line for line in lines if "virtualenv:" not in line), "utf-8")


setup(
    packages=[
        *find_namespace_packages(include=["teei_finops*"]),
        *(f"{PACK}.{name}" for name in find_packages(include=["policies*"])),
        f"{PACK}.components",
    ],
    package_dir={f"{PACK}.policies": "policies", f"{PACK}.components": "components"},
    cmdclass={"build_py": BuildWithPack},
    options={"build": {"build_base": "build/python"}},
)
