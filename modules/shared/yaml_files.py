"""YAML that people write: read strictly, with the line of every key, so that a message can point at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from modules.shared.errors import PermanentError
from modules.shared.file_problems import written

if TYPE_CHECKING:
    from pathlib import Path

    from modules.shared.file_problems import KeyPath, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """A file that was read.

    Attributes:
        path: Where it is.
        data: What it holds; `None`: nothing.
        node: The same with line numbers; `None`: nothing.
    """

    path: Path
    data: Any
    node: yaml.Node | None

    def place(self, path: KeyPath) -> str:
        """File and line of a key, or of the nearest thing around it, as in `campaigns/searches.yaml:12`."""
        node, line = self.node, 0
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return f"{self.path}:{line + 1}"

    def told(self, problem: Problem) -> str:
        """A problem with its place."""
        key = written(problem.path)
        return f"{self.place(problem.path)}: {key}: {problem.message}" if key else f"{self.path}: {problem.message}"


def read_yaml(path: Path) -> YamlFile:
    """A file as YAML 1.1, plain values only.

    Raises:
        PermanentError: It cannot be read, is not YAML, or has a key twice in one place.
    """
    try:
        loader = yaml.SafeLoader(path.read_bytes())
        node = loader.get_single_node()
        twice = [] if node is None else list(_doubles(node))
        if twice:
            raise PermanentError("\n".join(f"{path}:{line + 1}: {key} is there twice; keep one" for key, line in twice))
        data = None if node is None else loader.construct_document(node)
    except OSError as error:
        raise PermanentError(f"{path}: cannot be read ({error.strerror}). Check its name and its rights.") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PermanentError(f"{path}{line}: is not YAML: {error.problem or error.context}.") from error
    except yaml.YAMLError as error:
        raise PermanentError(f"{path}: is not YAML; it has to be plain text in UTF-8.") from error
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError) as error:
        # What the loader itself trips over: a date that does not exist, a tag without its value, a thousand brackets.
        raise PermanentError(f"{path}: is not YAML that can be read ({type(error).__name__}: {error}).") from error
    return YamlFile(path=path, data=data, node=node)


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    """The line of a key and its value; the line of an item and itself."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item: yaml.Node = node.value[part]
        return item.start_mark.line, item
    if isinstance(node, yaml.MappingNode):
        # The last one: merged keys stand before the ones that are written.
        for key, value in reversed(node.value):
            if key.value == str(part):
                return key.start_mark.line, value
    return None


def _doubles(top: yaml.Node) -> list[tuple[str, int]]:
    """Keys that are twice in one mapping, and their lines; YAML itself would keep the last one in silence."""
    found, seen, waiting = [], {id(top)}, [top]
    while waiting:
        node = waiting.pop()
        keys: set[str] = set()
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        found.append((key.value, key.start_mark.line))
                    keys.add(key.value)
                children.append(value)
        elif isinstance(node, yaml.SequenceNode):
            children = node.value
        # An alias is met again, perhaps inside itself.
        waiting += [child for child in children if id(child) not in seen]
        seen |= {id(child) for child in children}
    return sorted(found, key=lambda each: each[1])
