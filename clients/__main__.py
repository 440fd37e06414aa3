"""`python -m clients`: start a workspace, and let node's test runner put the clients through it.

The scripts are told where it is by DUCK_URL, an endpoint whose key is DUCK_KEY; DUCK_WORKSPACE is the workspace's own
address, at which they look up what reached Dify.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from workspace.testing import Workspace

KEY = "quack-quack"
FOLDER = Path(__file__).parent


def main() -> int:
    """Run every `*.test.js`, and give the test runner's exit status."""
    node = shutil.which("node")
    if node is None:
        print("node was not found: it has to be version 20 or newer.")
        return 1
    scripts = sorted(path.name for path in FOLDER.glob("*.test.js"))
    with Workspace() as workspace:
        url = workspace.endpoint(settings={"api_key": KEY})
        environment = {**os.environ, "DUCK_URL": url, "DUCK_KEY": KEY, "DUCK_WORKSPACE": workspace.url}
        command = [node, "--test", "--test-reporter=spec", "--test-concurrency=1", *sys.argv[1:], *scripts]
        return subprocess.run(command, cwd=FOLDER, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
