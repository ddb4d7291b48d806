"""Finds, in source text alone, every way past the one door to people at Instantly.

It does not follow types. It knows the few names by which a request leaves (`write`, `post`, `post_items`, and what the
clients keep private), and complains of each use that is not a plain call with a written-out path that this module is
allowed; of every means to use a name without writing it (reflection); and of every other way to a network. A stream's
`write` is told from a client's by its one argument. What is odd but harmless is listed in `one_door_rules.py`.

What it cannot see: code that is not in these files (another package that calls for us, C, a changed interpreter).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.contract.one_door_rules import (
    ALLOWED,
    CLIENTS,
    EFFECTS,
    LAUNCHERS,
    NETWORK,
    READING_POSTS,
    UPLOADER,
    WRITES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SENDING = frozenset({"write", "post", "post_items"})
_PRIVATE = frozenset({"_http", "_items", "_read", "_send"})
# fmt: off
_REFLECTING_ATTRIBUTES = frozenset([
    "__base__", "__bases__", "__builtins__", "__closure__", "__code__", "__dict__", "__func__", "__getattr__",
    "__getattribute__", "__globals__", "__import__", "__loader__", "__mro__", "__self__", "__subclasses__",
    "__wrapped__", "attrgetter", "create_connection", "getattr_static", "getmembers", "import_module", "methodcaller",
    "open_connection", "resolve_name", "urlopen", "HttpClient", "httpx", "httpx2",
])
_REFLECTING_NAMES = frozenset([
    "__builtins__", "__import__", "__loader__", "attrgetter", "compile", "eval", "exec", "globals", "locals",
    "methodcaller", "vars",
])
_REFLECTING_MODULES = frozenset([
    "builtins", "cffi", "code", "ctypes", "dill", "gc", "importlib", "inspect", "marshal", "multiprocessing", "pickle",
    "pkgutil", "pydoc", "runpy", "unittest",
])
# fmt: on
_GUARDED_PATH = re.compile(
    r"\S*/leads(/add|/move|/merge|/subsequence/move)?|\S*/subsequences(/\S*)?"
    r"|\S*/(activate|duplicate|from-export|enrich-leads-from-supersearch)"
)
"""Paths that add people, create campaigns or let them run; only the uploader may even spell one."""


def complaints(source: str, module: str, launchers: Mapping[str, frozenset[str]] | None = None) -> list[str]:
    """What is wrong with a module, line by line; an empty list: it cannot get past the door.

    Args:
        source: Its text.
        module: Its name, with dots.
        launchers: What each launching module has from the uploader (`effects_imported`); one that is not here is taken
            to have everything.
    """
    door = _Door(ast.parse(source), module, launchers or {})
    return [f"{module}:{line}: {what}" for line, what in sorted(set(door.findings()))]


def effects_imported(source: str) -> frozenset[str]:
    """The functions with an effect that a module has from the uploader, and that others could have through it."""
    return EFFECTS & {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == UPLOADER
        for alias in node.names
    }


class _Door:
    """One module under examination."""

    def __init__(self, tree: ast.Module, module: str, launchers: Mapping[str, frozenset[str]]) -> None:
        self.tree = tree
        self.launchers = launchers
        self.module = module
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.constants = _constants(tree)
        self.imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        self.launchers_here = {
            name
            for name, origin in self.imported.items()
            if origin.startswith(LAUNCHERS) and origin.count(".") == LAUNCHERS.count(".")
        }
        self.is_launcher = module.startswith(LAUNCHERS)
        self.effects_here = {name for name in EFFECTS if self.imported.get(name) == f"{UPLOADER}.{name}"}

    def findings(self) -> Iterator[tuple[int, str]]:
        for node in ast.walk(self.tree):
            for what in self._of(node):
                yield getattr(node, "lineno", 0), what

    def _of(self, node: ast.AST) -> Iterator[str]:
        match node:
            case ast.Import() | ast.ImportFrom():
                yield from self._of_import(node)
            case ast.Attribute():
                yield from self._of_attribute(node)
            case ast.Name():
                yield from self._of_name(node)
            case ast.MatchClass():
                taken = set(node.kwd_attrs) & (_SENDING | _PRIVATE | _REFLECTING_ATTRIBUTES)
                yield from (f"a pattern takes {name} out of an object" for name in sorted(taken))
            case ast.ClassDef():
                for base in node.bases:
                    if ast.unparse(base).rpartition(".")[2] in {"HttpClient", "InstantlyClient"}:
                        yield f"{node.name} is made from {ast.unparse(base)}, whose insides would be open to it"
            case ast.Constant(value=str()) | ast.JoinedStr():
                template = self._template(node)
                if template and _GUARDED_PATH.fullmatch(template) and self.module != UPLOADER:
                    yield f"spells the path {template}, which is the uploader's alone"

    def _of_import(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if ast.unparse(node) in ALLOWED.get(self.module, ()):
            return
        if isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                yield "a relative import, which this check does not follow"
                return
            names = [(node.module, alias.name, alias.asname) for alias in node.names]
        else:
            names = [(alias.name, "", alias.asname) for alias in node.names]
        for origin, name, other_name in names:
            yield from self._of_imported(node, origin, name, is_renamed=other_name is not None)

    def _of_imported(self, node: ast.AST, origin: str, name: str, *, is_renamed: bool) -> Iterator[str]:
        whole = f"{origin}.{name}" if name else origin
        root = origin.partition(".")[0]
        if name == "*":
            yield f"imports everything from {origin}"
        if root in _REFLECTING_MODULES or whole == "sys.modules" or name in {"attrgetter", "methodcaller"}:
            yield f"imports {whole}, by which names can be used without being written"
        # Another module of ours may have it, too, and would give it away.
        through = name if root == "modules" and origin != root else root
        for way in {origin, root, whole, through} & NETWORK.keys():
            # `http` alone is also where HTTPStatus lives.
            is_harmless = self._is_for_types(node) or whole in {"http.HTTPStatus", "http.HTTPMethod"}
            if self.module not in NETWORK[way] and not is_harmless:
                yield f"imports {way}, a way to the network that is not listed for it"
        if (name == "HttpClient" or whole == "modules.shared.http_client") and self.module not in CLIENTS:
            yield "imports HttpClient, with which it can ask for anything"
        if whole == UPLOADER or (not name and origin.startswith(LAUNCHERS)):
            yield f"imports {whole} as a whole, which hands on what has an effect; import from it"
        if name in self._offered_by(origin):
            if origin != UPLOADER or not self.is_launcher:
                yield f"imports {name}, which only {LAUNCHERS}* may, from {UPLOADER} itself"
            elif is_renamed:
                yield f"gives {name} another name"

    def _offered_by(self, module: str) -> frozenset[str]:
        """What can be had through a module of ours that has an effect."""
        is_ours = module.partition(".")[0] in {"modules", "outreach_pipeline"}
        return self.launchers.get(module, EFFECTS) if is_ours else frozenset()

    def _of_attribute(self, node: ast.Attribute) -> Iterator[str]:
        parent = self.parents.get(node)
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        if self._is_allowed(node) or (call is not None and self._is_allowed(call)):
            return
        if node.attr in _SENDING:
            yield from self._of_use(node, call)
        elif node.attr in _PRIVATE:
            # What a class does not define itself it has from a client that it is made from.
            is_own = ast.unparse(node.value) == "self" and self._is_defined_here(node)
            if not is_own and self.module not in CLIENTS:
                yield f"reaches for {ast.unparse(node)}, which is a client's own"
        elif isinstance(node.value, ast.Name) and node.attr in self._offered_by(self.imported.get(node.value.id, "")):
            yield f"reaches for {ast.unparse(node)}; only {LAUNCHERS}* may have it, from {UPLOADER} itself"
        elif node.attr in _REFLECTING_ATTRIBUTES or ast.unparse(node) == "sys.modules":
            yield f"uses {ast.unparse(node)}, by which names can be used without being written"

    def _of_use(self, node: ast.Attribute, call: ast.Call | None) -> Iterator[str]:
        shown = ast.unparse(node)
        if call is None:
            yield f"takes {shown} without calling it on the spot"
            return
        if node.attr != "write":
            path = self._template(call.args[0]) if call.args else None
            if path not in READING_POSTS:
                yield f"calls {shown} with a path that is not one of {sorted(READING_POSTS)}, written out"
            return
        is_stream = len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred)
        if is_stream:
            return
        sent = " ".join(self._template(each) or "?" for each in call.args[:2])
        if sent not in WRITES.get(self.module, ()):
            yield f"calls {shown} with {sent!r}, which is not allowed to it (or not written out)"
        elif self.module == UPLOADER and self._function_around(call) not in EFFECTS:
            yield f"writes in {self._function_around(call)}, which is not in EFFECTS and so is free for everybody"

    def _of_name(self, node: ast.Name) -> Iterator[str]:
        parent = self.parents.get(node)
        is_called = isinstance(parent, ast.Call) and parent.func is node
        if node.id in {"getattr", "__getattr__"}:
            if not (is_called and isinstance(parent, ast.Call)):
                yield "hands on getattr"
            elif not self._is_allowed(parent) and not _is_harmless_getattr(parent):
                yield f"{ast.unparse(parent)} may take anything out of an object"
        elif node.id in _REFLECTING_NAMES:
            yield f"uses {node.id}, by which names can be used without being written"
        elif node.id in self.effects_here and not is_called:
            yield f"hands on {node.id} without calling it on the spot"
        elif node.id in self.launchers_here and not isinstance(parent, ast.Attribute):
            yield f"hands on {node.id}, and with it what has an effect"
        elif node.id in EFFECTS and self.module == UPLOADER:
            yield f"uses {node.id} in another function, which is then free for everybody"
        elif node.id == "TYPE_CHECKING" and not isinstance(node.ctx, ast.Load):
            yield "decides itself what TYPE_CHECKING is"

    def _is_allowed(self, node: ast.AST) -> bool:
        return ast.unparse(node) in ALLOWED.get(self.module, ())

    def _is_for_types(self, node: ast.AST) -> bool:
        parent = self.parents.get(node)
        return isinstance(parent, ast.If) and ast.unparse(parent.test) == "TYPE_CHECKING" and node not in parent.orelse

    def _is_defined_here(self, node: ast.Attribute) -> bool:
        around: ast.AST | None = node
        while around is not None and not isinstance(around, ast.ClassDef):
            around = self.parents.get(around)
        methods = around.body if around is not None else []
        return any(isinstance(each, ast.FunctionDef) and each.name == node.attr for each in methods)

    def _function_around(self, node: ast.AST) -> str:
        around: ast.AST | None = node
        name = "no function"
        while around is not None:
            if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
                name = around.name
            around = self.parents.get(around)
        return name

    def _template(self, node: ast.AST) -> str | None:
        """The text with `{}` for what is not known before the program runs; `None`: it is not written out at all."""
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Name(id=name):
                return self.constants.get(name)
            case ast.JoinedStr(values=values):
                return "".join(self._template(each) or "{}" for each in values)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._template(value)
        return None


def _constants(tree: ast.Module) -> dict[str, str]:
    """The module's texts that have a name, and never another value."""
    bound = Counter(name for node in ast.walk(tree) for name in _bound_by(node))
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name) and bound[target.id] == 1
    }


def _bound_by(node: ast.AST) -> list[str | None]:
    """The names that get a value here; those of other functions count, too, which only makes the check stricter."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return [*names]
        case ast.MatchMapping(rest=name):
            return [name]
    return [getattr(node, "name", None)]


def _is_harmless_getattr(call: ast.Call) -> bool:
    """Whether it takes something by a written-out name that is none of those a request leaves by."""
    if len(call.args) < 2 or not isinstance(call.args[1], ast.Constant):
        return False
    return call.args[1].value not in _SENDING | _PRIVATE | _REFLECTING_ATTRIBUTES | EFFECTS
