from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def test_the_name_openai_means_the_installed_library_and_not_a_folder_of_ours():
    spec = find_spec("openai")
    assert spec is not None
    assert spec.origin is not None
    assert "site-packages" in Path(spec.origin).parts
