"""The stack configuration a run reads: the tracked file is never written, nor is its passphrase needed.

Pulumi writes to the stack file by itself (`encryptionsalt`) and when told to (`config set`). A run therefore
gets a copy of its own. What a run changed in it is kept in `build/` as changes to the tracked file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from teei_finops.sandbox.engine.process import is_alive
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.passphrase import SANDBOX, Crypter, crypter_for

_CRYPTOGRAPHY = ("encryptionsalt", "encryptedkey", "secretsprovider")
_STAND_IN = "sandbox-stand-in"

Node = yaml.Node


@dataclass(frozen=True)
class StackConfig:
    """One run's copy of a stack's configuration file.

    `stood_in` names the secrets that only the real account can read and that have a stand-in value here;
    `overridden` the keys that an earlier `config set` in this sandbox changed.
    """

    copy: Path
    changes: Path
    stood_in: tuple[str, ...]
    overridden: tuple[str, ...]
    _before: Mapping[str, str]

    def keep_changes(self) -> tuple[str, ...]:
        """Keep what the run changed in its copy, drop the copy, and name the keys that changed."""
        after = _texts(_mapping(self.copy)) if self.copy.exists() else self._before
        self.copy.unlink(missing_ok=True)
        changed = {key: text for key, text in after.items() if self._before.get(key) != text}
        removed = [key for key in self._before if key not in after]
        if changed or removed:
            kept, gone = _read_changes(self.changes)
            kept = {key: text for key, text in {**kept, **changed}.items() if key not in removed}
            gone = sorted({*gone, *removed} - set(kept))
            self.changes.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.changes.with_name(f"{self.changes.name}.{os.getpid()}")
            fresh.write_text(yaml.safe_dump({"config": kept, "removed": gone}))
            fresh.replace(self.changes)
        return tuple(sorted([*changed, *removed]))


def copy_for_run(tracked: Path, scratch: Path, stack: str, environment: Mapping[str, str]) -> StackConfig:
    """Copy the tracked file, which need not exist, for one run; raises SandboxError when it is not YAML."""
    name = stack.replace("/", "-")
    changes = scratch / f"{name}.changes.yaml"
    copy = scratch / f"{name}.{os.getpid()}.yaml"
    root = _mapping(tracked)
    salt = _scalar(root, "encryptionsalt")
    root.value = [(key, value) for key, value in root.value if key.value not in _CRYPTOGRAPHY]
    settings = _child(root, "config")
    stood_in = _Secrets(crypter_for(salt, environment)).replace_in(settings) if settings is not None else ()
    kept, gone = _read_changes(changes)
    if kept or gone:
        settings = settings if settings is not None else _add_child(root, "config")
        settings.value = [(k, v) for k, v in settings.value if k.value not in gone and k.value not in kept]
        settings.value += [(_plain(key), yaml.compose(text)) for key, text in kept.items()]
    root.value.append((_plain("encryptionsalt"), _plain(SANDBOX.state)))
    scratch.mkdir(parents=True, exist_ok=True)
    _drop_copies_of_dead_runs(scratch)
    copy.write_text(yaml.serialize(root, allow_unicode=True, width=10_000))
    overridden = tuple(sorted([*kept, *gone]))
    return StackConfig(
        copy=copy, changes=changes, stood_in=stood_in, overridden=overridden, _before=_texts(root)
    )


def _drop_copies_of_dead_runs(scratch: Path) -> None:
    for file in scratch.glob("*.*.yaml"):
        owner = file.name.split(".")[-2]
        if owner.isdecimal() and not is_alive(int(owner)):
            file.unlink(missing_ok=True)


class _Secrets:
    """Re-encrypts secrets for the sandbox, with a stand-in for what cannot be read here."""

    def __init__(self, reader: Crypter | None):
        self._reader = reader
        self._stood_in: list[str] = []

    def replace_in(self, settings: Node) -> tuple[str, ...]:
        for key, value in settings.value:
            self._visit(value, key.value)
        return tuple(self._stood_in)

    def _visit(self, node: Node, path: str) -> None:
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._visit(item, f"{path}[{index}]")
        elif isinstance(node, yaml.MappingNode):
            if [key.value for key, _ in node.value] == ["secure"]:
                node.value = [(_plain("secure"), _plain(self._again(node.value[0][1].value, path)))]
                return
            for key, item in node.value:
                self._visit(item, f"{path}.{key.value}")

    def _again(self, ciphertext: str, path: str) -> str:
        clear = self._reader.decrypt(ciphertext) if self._reader else None
        if clear is None:
            self._stood_in.append(path)
            clear = _STAND_IN
        return SANDBOX.encrypt(clear)


def _mapping(file: Path) -> yaml.MappingNode:
    try:
        node = yaml.compose(file.read_text()) if file.exists() else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        raise SandboxError(f"{file.name}:{line} not YAML: {getattr(error, 'problem', error)}") from None
    if node is None:
        return yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=False)
    if not isinstance(node, yaml.MappingNode):
        raise SandboxError(f"{file.name}: a mapping with the key `config` is needed")
    return node


def _texts(root: yaml.MappingNode) -> dict[str, str]:
    settings = _child(root, "config")
    if settings is None:
        return {}
    return {key.value: yaml.serialize(value, width=10_000) for key, value in settings.value}


def _read_changes(file: Path) -> tuple[dict[str, str], list[str]]:
    if not file.exists():
        return {}, []
    data = yaml.safe_load(file.read_text()) or {}
    return dict(data.get("config", {})), list(data.get("removed", []))


def _scalar(root: yaml.MappingNode, name: str) -> str | None:
    return next((value.value for key, value in root.value if key.value == name), None)


def _child(root: yaml.MappingNode, name: str) -> yaml.MappingNode | None:
    found = next((value for key, value in root.value if key.value == name), None)
    return found if isinstance(found, yaml.MappingNode) else None


def _add_child(root: yaml.MappingNode, name: str) -> yaml.MappingNode:
    root.value = [(key, value) for key, value in root.value if key.value != name]
    child = yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=False)
    root.value.append((_plain(name), child))
    return child


def _plain(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)
