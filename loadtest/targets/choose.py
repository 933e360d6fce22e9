"""Which system `--target` means: `core`, the address of a core, a TOML file, or `package.module:Class`."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from loadtest.targets.core import CoreTarget
from loadtest.targets.protocol import System, Target
from scenarios.errors import UsageError

_CLASS: Final = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
_MEMBERS: Final = ("name", "url", "keeps_headers", "heads", "talk", "seed", "keep_books")


def is_core(spec: str) -> bool:
    """Whether `spec` is our core: its name, or an address."""
    if spec == "core" or re.match(r"https?://", spec):
        return True
    if spec.endswith(".toml") or _CLASS.fullmatch(spec):
        return False
    raise UsageError(f"--target {spec}: wanted core, the address of a core, a file FILE.toml, or package.module:Class")


def system_of(spec: str, url: str | None, directory: Path | None = None) -> System:
    """The system of a file or class at `url` (None: as it says itself).

    `directory` is the load directory in which an earlier seeding left ids. Raises UsageError, DataInvalid.
    """
    if spec.endswith(".toml"):
        from loadtest.targets.adapter import read_adapter
        from loadtest.targets.http_system import HttpSystem

        path = Path(spec)
        adapter = read_adapter(path)
        address = (url or adapter.base_url).rstrip("/")
        if not address:
            raise UsageError(f"{path}: no base_url; write one into the file, or give --base-url")
        return HttpSystem(adapter, address, path.resolve().parent, directory)
    return _made(spec, url)


def target_of(spec: str, url: str, keys: Mapping[str, str], directory: Path) -> Target:
    """What a generator sends to."""
    return CoreTarget(keys) if is_core(spec) else system_of(spec, url, directory)


def _made(spec: str, url: str | None) -> System:
    match = _CLASS.fullmatch(spec)
    if match is None:
        raise UsageError(f"--target {spec}: wanted FILE.toml or package.module:Class")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        made: System = getattr(importlib.import_module(match["module"]), match["name"])(url)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--target {spec}: {error}; modules are looked for in this folder too") from error
    if missing := [member for member in _MEMBERS if not hasattr(made, member)]:
        raise UsageError(f"--target {spec}: has no {', '.join(missing)}; see loadtest/targets/protocol.py")
    return made
