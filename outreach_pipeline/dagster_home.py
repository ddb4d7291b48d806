"""Where Dagster keeps its runs: one ignored folder, so that every command's runs show in the same UI."""

import os
import shutil
from pathlib import Path

from modules.shared.settings import REPOSITORY, Settings

_INSTANCE_FILE = REPOSITORY / "deploy" / "dagster.yaml"


def prepare_dagster_home() -> Path:
    """Create the folder with its instance file and name it in DAGSTER_HOME, for this process and its children.

    Our own folder always has the instance file of this version; a home elsewhere keeps the one it has.
    """
    settings = Settings()
    ours = (settings.outreach_home / "dagster").resolve()
    home = (settings.dagster_home or ours).resolve()
    home.mkdir(parents=True, exist_ok=True)
    if home == ours or not (home / "dagster.yaml").exists():
        shutil.copyfile(_INSTANCE_FILE, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home
