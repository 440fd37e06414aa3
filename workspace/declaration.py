"""What a plugin declares: its manifest, and the settings and routes of its endpoints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

_PERMISSIONS: Mapping[str, tuple[str, ...]] = {  # type of a reverse invocation -> where the manifest permits it
    "app": ("app",),
    "fetch_app": ("app",),
    "storage": ("storage",),
    "tool": ("tool",),
    "llm": ("model", "llm"),
    "llm_structured_output": ("model", "llm"),
    "system_summary": ("model", "llm"),
    "text_embedding": ("model", "text_embedding"),
    "multimodal_embedding": ("model", "text_embedding"),
    "rerank": ("model", "rerank"),
    "multimodal_rerank": ("model", "rerank"),
    "tts": ("model", "tts"),
    "speech2text": ("model", "speech2text"),
    "moderation": ("model", "moderation"),
    "node_parameter_extractor": ("node",),
    "node_question_classifier": ("node",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A plugin as Dify knows it."""

    manifest: Mapping[str, Any]
    endpoints: Mapping[str, Any]
    """`{"settings": [...], "endpoints": [{"path", "method", "hidden", ...}]}`, empty without an endpoint."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the declaration from a plugin's folder, as the daemon does with a package.

        Raises FileNotFoundError when a declared file is missing, and yaml.YAMLError.
        """
        manifest = _read(folder / "manifest.yaml")
        groups = (manifest.get("plugins") or {}).get("endpoints") or []
        if not groups:
            return cls(manifest=manifest, endpoints={})
        group = _read(folder / groups[0])
        routes = [
            _read(folder / route) if isinstance(route, str) else route for route in group.get("endpoints") or []
        ]
        return cls(manifest=manifest, endpoints={**group, "endpoints": routes})

    @property
    def identity(self) -> str:
        return f"{self.manifest.get('author')}/{self.manifest.get('name')}:{self.manifest.get('version')}"

    @property
    def storage_size(self) -> int:
        """Bytes the plugin may store, -1 when the manifest names no size."""
        storage = self._permission.get("storage") or {}
        return int(storage.get("size", -1))

    @property
    def _permission(self) -> Mapping[str, Any]:
        return (self.manifest.get("resource") or {}).get("permission") or {}

    def denial(self, invocation_type: str) -> str | None:
        """Return the daemon's refusal of a reverse invocation that the manifest does not permit."""
        permission = self._permission
        for name in _PERMISSIONS.get(invocation_type, ()):
            permission = permission.get(name) or {}
            if not permission.get("enabled"):
                wanted = _PERMISSIONS[invocation_type][-1].replace("_", "-")
                return f"permission denied, you need to enable {wanted} access in plugin manifest"
        return None


# libyaml, where PyYAML has it: reading the settings takes a fifth of a second without it
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(file: Path) -> Any:
    """Read a YAML file as the JSON it becomes: its timestamps are texts."""
    loaded = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both load plain values only
    return json.loads(json.dumps(loaded, default=lambda moment: moment.isoformat()))
