"""Uploaded files and those that batches write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.openai.errors import not_found

if TYPE_CHECKING:
    from sandbox.openai.world import World

Json = dict[str, Any]
LIFETIME_S = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file."""

    id: str
    file_name: str
    purpose: str
    created_s: int
    content: bytes

    def as_json(self) -> Json:
        """Give back the file as the API tells it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_s,
            "expires_at": self.created_s + LIFETIME_S,
            "filename": self.file_name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


@dataclass(slots=True)
class Files:
    """All files, the oldest first."""

    _files: dict[str, StoredFile] = field(default_factory=dict)

    def add(self, world: World, file_name: str, purpose: str, content: bytes) -> StoredFile:
        """Keep a file."""
        file_id = world.new_id("file-")
        file = StoredFile(id=file_id, file_name=file_name, purpose=purpose, created_s=world.unix_s(), content=content)
        self._files[file_id] = file
        return file

    def with_id(self, world: World, file_id: str) -> StoredFile:
        """Give back a file. Raises the 404 of one that is not there, or not any more."""
        file = self._files.get(file_id)
        if file is None or file.created_s + LIFETIME_S <= world.unix_s():
            raise not_found("File", file_id)
        return file

    def delete(self, world: World, file_id: str) -> None:
        """Delete a file. Raises the 404."""
        del self._files[self.with_id(world, file_id).id]

    def all(self, world: World) -> list[StoredFile]:
        """Give back every file that is still there."""
        return [file for file in self._files.values() if file.created_s + LIFETIME_S > world.unix_s()]
