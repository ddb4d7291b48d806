"""Who may do what: user agent, key, workspace, plan, scope, in the order in which the vendor looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.instantly.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.instantly.data.workspace import Workspace
    from sandbox.instantly.world import ApiKey, World

BLOCKED_AGENT = "Python-urllib/"
BLOCKED_TEXT = "error code: 1010"


def caller(world: World, headers: Mapping[str, str]) -> tuple[ApiKey, Workspace]:
    """Give back the key and the workspace it acts for."""
    authorization = headers.get("authorization", "")
    if not authorization:
        raise ApiError(401, "Missing Authorization header")
    key = world.keys.get(authorization.removeprefix("Bearer ").strip())
    if key is None or not authorization.startswith("Bearer "):
        raise ApiError(401, "Invalid API key")
    workspace = world.workspaces[key.workspace]
    acting_for = headers.get("x-as-workspace")
    if acting_for and acting_for != workspace.id:
        member = world.workspace_with_id(acting_for)
        # Only the admin workspace of the group may act for its members.
        if member is None or workspace.number != 0:
            raise ApiError(403, "Workspace is not a member of this workspace group")
        workspace = member
    if not workspace.has_paid_plan:
        raise ApiError(402, "Workspace does not have an active paid plan")
    return key, workspace


def check_scope(key: ApiKey, scope: str | None) -> None:
    """Raise 403 when the key lacks the scope in each of its four spellings."""
    if scope is None:
        return
    resource, _, action = scope.partition(":")
    if not key.scopes & {scope, f"{resource}:all", f"all:{action}", "all:all"}:
        raise ApiError(403, f"API key is missing the required scope: {scope}")
