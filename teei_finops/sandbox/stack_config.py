"""The stack configuration of a run: a copy of the stack file, which needs no passphrase and may be changed.

Pulumi writes to the stack file: its `encryptionsalt`, and what `config set` changes. A run therefore gets a
copy. The changes that a run makes to it are stored in the workspace and are part of the next run's copy.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from teei_finops.sandbox.engine.process import is_alive
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.esc_environments import imported_config
from teei_finops.sandbox.passphrase import PLACEHOLDER, SANDBOX, Crypter, crypter_for

_ENCRYPTION_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")

Node = yaml.Node


@dataclass(frozen=True)
class StackConfig:
    """One run's copy of a stack's configuration file.

    `placeholders` are the paths of the secrets and the names of an environment's values that cannot be read
    here and have a placeholder instead; `overridden` are the keys that an earlier run changed or removed;
    `missing_environments` are the ESC environments that the stack file imports and that have no file;
    `variables` are the environment variables that the others define.
    """

    copy: Path
    changes: Path
    placeholders: tuple[str, ...]
    overridden: tuple[str, ...]
    missing_environments: tuple[str, ...]
    variables: Mapping[str, str]
    _original: Mapping[str, str]

    def store_changes(self) -> tuple[str, ...]:
        """Store what the run changed in its copy and delete the copy; returns the changed keys."""
        current = _values_by_key(_read_mapping(self.copy)) if self.copy.exists() else self._original
        self.copy.unlink(missing_ok=True)
        changed = {key: text for key, text in current.items() if self._original.get(key) != text}
        removed = [key for key in self._original if key not in current]
        if changed or removed:
            earlier, earlier_removed = _read_changes(self.changes)
            values = {key: text for key, text in {**earlier, **changed}.items() if key not in removed}
            all_removed = sorted({*earlier_removed, *removed} - set(values))
            self.changes.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.changes.with_name(f"{self.changes.name}.{os.getpid()}")
            temporary.write_text(yaml.safe_dump({"config": values, "removed": all_removed}))
            temporary.replace(self.changes)
        return tuple(sorted([*changed, *removed]))


def copy_for_run(
    stack_file: Path, scratch: Path, stack: str, project: Path, environment: Mapping[str, str]
) -> StackConfig:
    """Copy the stack file, which need not exist, for one run.

    `project` is the directory whose files define the environments that the stack file imports. Raises
    SandboxError if a file is not valid YAML.
    """
    name = stack.replace("/", "-")
    changes = scratch / f"{name}.changes.yaml"
    copy = scratch / f"{name}.{os.getpid()}.yaml"
    root = _read_mapping(stack_file)
    salt = _scalar(root, "encryptionsalt")
    root.value = [(key, value) for key, value in root.value if key.value not in _ENCRYPTION_KEYS]
    settings = _child(root, "config")
    reencryption = _Reencryption(crypter_for(salt, environment))
    placeholders = reencryption.apply(settings) if settings is not None else ()
    imported = imported_config(_environments(root), project)
    root.value = [(key, value) for key, value in root.value if key.value != "environment"]
    if imported.values:
        settings = settings if settings is not None else _add_child(root, "config")
        own = {key.value for key, _ in settings.value}
        settings.value += [
            (_string(key), yaml.compose(yaml.safe_dump(value, default_flow_style=True, width=10_000)))
            for key, value in imported.values.items()
            if key not in own
        ]
    changed, removed = _read_changes(changes)
    if changed or removed:
        settings = settings if settings is not None else _add_child(root, "config")
        overridden = {*changed, *removed}
        settings.value = [(key, value) for key, value in settings.value if key.value not in overridden]
        settings.value += [(_string(key), yaml.compose(text)) for key, text in changed.items()]
    root.value.append((_string("encryptionsalt"), _string(SANDBOX.salt)))
    scratch.mkdir(parents=True, exist_ok=True)
    _delete_stale_copies(scratch)
    copy.write_text(yaml.serialize(root, allow_unicode=True, width=10_000))
    return StackConfig(
        copy=copy,
        changes=changes,
        placeholders=(*placeholders, *imported.placeholders),
        overridden=tuple(sorted([*changed, *removed])),
        missing_environments=tuple(imported.missing),
        variables=imported.variables,
        _original=_values_by_key(root),
    )


def _environments(root: yaml.MappingNode) -> list[str]:
    """The names of the imported environments; an inline definition has none."""
    node = next((value for key, value in root.value if key.value == "environment"), None)
    if not isinstance(node, yaml.SequenceNode):
        return []
    return [
        item.value if isinstance(item, yaml.ScalarNode) else item.value[0][0].value for item in node.value
    ]


def _delete_stale_copies(scratch: Path) -> None:
    """Delete the copies of processes that no longer run."""
    for file in scratch.glob("*.*.yaml"):
        owner = file.name.split(".")[-2]
        if owner.isdecimal() and not is_alive(int(owner)):
            file.unlink(missing_ok=True)


class _Reencryption:
    """Encrypts secrets with the sandbox's passphrase; one that cannot be decrypted becomes a placeholder."""

    def __init__(self, reader: Crypter | None):
        self._reader = reader
        self._placeholders: list[str] = []

    def apply(self, settings: Node) -> tuple[str, ...]:
        for key, value in settings.value:
            self._visit(value, key.value)
        return tuple(self._placeholders)

    def _visit(self, node: Node, path: str) -> None:
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._visit(item, f"{path}[{index}]")
        elif isinstance(node, yaml.MappingNode):
            if [key.value for key, _ in node.value] == ["secure"]:
                node.value = [(_string("secure"), _string(self._reencrypted(node.value[0][1].value, path)))]
                return
            for key, item in node.value:
                self._visit(item, f"{path}.{key.value}")

    def _reencrypted(self, ciphertext: str, path: str) -> str:
        plaintext = self._reader.decrypt(ciphertext) if self._reader else None
        if plaintext is None:
            self._placeholders.append(path)
            plaintext = PLACEHOLDER
        return SANDBOX.encrypt(plaintext)


def _read_mapping(file: Path) -> yaml.MappingNode:
    try:
        node = yaml.compose(file.read_text()) if file.exists() else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", error)
        raise SandboxError(f"{file.name}:{line} invalid YAML: {problem}; fix this line") from None
    if node is None:
        return yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=False)
    if not isinstance(node, yaml.MappingNode):
        raise SandboxError(f"{file.name}: not a valid stack file; it must be a mapping with the key `config`")
    return node


def _values_by_key(root: yaml.MappingNode) -> dict[str, str]:
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
    child = next((value for key, value in root.value if key.value == name), None)
    return child if isinstance(child, yaml.MappingNode) else None


def _add_child(root: yaml.MappingNode, name: str) -> yaml.MappingNode:
    root.value = [(key, value) for key, value in root.value if key.value != name]
    child = yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=False)
    root.value.append((_string(name), child))
    return child


def _string(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)
