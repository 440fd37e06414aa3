"""The package as Dify gets it: what is in it, and that it boots as the marketplace boots it."""

import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.test_manifest import MANIFEST, ROOT
from workspace.package import write


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(ROOT, tmp_path_factory.mktemp("package"))


def test_it_is_named_after_the_plugin_and_its_version(package: Path) -> None:
    assert package.name == f"{MANIFEST['name']}-{MANIFEST['version']}.difypkg"


def test_it_holds_what_runs_and_nothing_of_the_development(package: Path) -> None:
    names = zipfile.ZipFile(package).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        ".env.example",
        "LICENSE",
        "PRIVACY.md",
        "README.md",
        "_assets",
        "endpoints",
        "group",
        "main.py",
        "manifest.yaml",
        "provider",
        "readme",
        "relay",
        "requirements.txt",
    }
    assert "relay/page/templates/answer.html" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_folder_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    assert write(ROOT, tmp_path).read_bytes() == package.read_bytes()


@pytest.mark.alone
def test_it_boots_as_the_marketplace_boots_it(package: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(package).extractall(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "INSTALL_METHOD": "serverless", "SERVERLESS_PORT": str(port)}
    environment["SERVERLESS_HOST"] = "127.0.0.1"
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, "-m", "main"], cwd=tmp_path, env=environment, stdout=output)
    try:
        deadline = time.monotonic() + 20  # the marketplace waits no longer
        while "Serving Flask app" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "Serving Flask app" in log.read_text()
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code in {200, 404}
    finally:
        process.terminate()
        process.wait(10)
