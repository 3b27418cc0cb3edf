# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The Python language host, which runs the program when the engine asks for it.

The official one is not a Go module, so the built engine comes without it. A program that has no environment
of its own runs in this process, which has imported the SDKs already.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
)

from teei_finops.sandbox.program import runner
from teei_finops.sandbox.program.python_environment import PythonEnvironment
from teei_finops.sandbox.program.stack_outputs import StackOutputs

_LAST_LINES = 5


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs the program of a project.

    `user_error` is the program's last message to its user, which is shown without a traceback.
    """

    def __init__(
        self,
        project: Path,
        python: PythonEnvironment,
        stack_outputs: StackOutputs,
        *,
        debug: bool = False,
    ):
        self._debug = debug
        self._project = project
        self._python = python
        self._stack_outputs = stack_outputs
        self._modules_before = frozenset(sys.modules)
        self._engine_address = ""
        self._process: subprocess.Popen[str] | None = None
        self.user_error: str | None = None

    def Handshake(self, request, context):
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def About(self, request, context):
        return language_pb2.AboutResponse(
            executable=str(self._python.interpreter), version=self._python.version
        )

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(self, request, context):
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request, context):
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request, context):
        run = self._program_run(request)
        if self._python.is_own:
            self._unload_program_modules()
            # The SDK keeps its settings in the context.
            result = copy_context().run(runner.run_program, run)
        else:
            result = self._run_in_child(run)
        failure = result.get("failure")
        if failure is None:
            return language_pb2.RunResponse(error=result.get("error") or "")
        if result["is_user_error"]:
            self.user_error = failure
        engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(run["engine"]))
        engine.Log(engine_pb2.LogRequest(severity=engine_pb2.ERROR, message=failure))
        return language_pb2.RunResponse(bail=True)

    def close(self) -> None:
        """End the program's process, if there is one."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _program_run(self, request) -> dict[str, Any]:
        return {
            "entry": str(_entry_point(request, self._project)),
            "project_directory": str(self._project),
            "project": request.project,
            "stack": request.stack,
            "monitor": request.monitor_address,
            "engine": self._engine_address or next(iter(request.args), ""),
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization or "organization",
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "debug": self._debug,
            "stack_outputs": self._stack_outputs.stated,
            "invented_outputs": self._stack_outputs.invented,
            "sandbox_stacks": list(self._stack_outputs.sandbox_stacks),
        }

    def _run_in_child(self, run: Mapping[str, Any]) -> Mapping[str, Any]:
        with tempfile.TemporaryDirectory(prefix="program-") as scratch:
            result = Path(scratch) / "result.json"
            self._process = subprocess.Popen(
                [self._python.interpreter, "-u", runner.__file__],
                cwd=self._project,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            output, _ = self._process.communicate(json.dumps({**run, "result": str(result)}))
            if result.exists():
                return json.loads(result.read_text("utf-8"))
        last_lines = "\n".join(output.strip().splitlines()[-_LAST_LINES:])
        return {
            "error": f"{self._python.interpreter} ended with {self._process.returncode} before the program "
            f"ended:\n{last_lines}"
        }

    def _unload_program_modules(self) -> None:
        """Make a second run in this process (`pulumi watch`) import the program again."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name in self._modules_before or not file or "site-packages" in file:
                continue
            if Path(file).is_relative_to(self._project):
                del sys.modules[name]


def _entry_point(request, directory: Path) -> Path:
    """The file to run; `main` of Pulumi.yaml is a directory or a file."""
    root = Path(request.info.program_directory or directory)
    entry = (root / (request.info.entry_point or ".")).resolve()
    return entry / "__main__.py" if entry.is_dir() else entry
