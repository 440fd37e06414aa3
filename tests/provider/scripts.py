"""Scripts run in a process of their own: the SDK changes the one that imports it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(script: str, *arguments: str) -> str:
    """Give what the script prints; it must write nothing to its standard error."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.stderr
    return done.stdout
