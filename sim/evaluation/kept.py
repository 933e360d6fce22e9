"""Documents that cost worlds are kept beside the runs, under a name made of everything that can change them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def path_of(kind: str, told: object, out: Path) -> Path:
    """Where the document of `kind` that follows from `told`, which JSON can hold, is kept."""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return out / f"{kind}-{digest[:12]}.json"


def kept(path: Path, force: bool) -> dict[str, Any] | None:
    """The document at `path` if it is complete and not to be made again."""
    if force or not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document if document["state"] == "complete" else None
