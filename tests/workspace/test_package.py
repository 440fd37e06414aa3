import zipfile
from pathlib import Path

import pytest

from workspace.package import PackageError, packaged, write

MANIFEST = "name: duck\nversion: 1.2.3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "plugin"
    for path, content in {
        "manifest.yaml": MANIFEST,
        "main.py": "print('quack')\n",
        "endpoints/duck.py": "duck = 1\n",
        "tests/test_duck.py": "",
        "notes.txt": "",
        ".env": "KEY=1",
        ".env.example": "KEY=",
        ".difyignore": "tests/\n*.txt\n!notes.txt\n.env\n.difyignore\n",
        ".gitignore": "main.py\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def test_what_difyignore_names_stays_out_and_negation_has_no_effect(folder: Path) -> None:
    assert packaged(folder) == [".env.example", ".gitignore", "endpoints/duck.py", "main.py", "manifest.yaml"]


def test_gitignore_counts_without_a_difyignore(folder: Path) -> None:
    (folder / ".difyignore").unlink()
    assert "main.py" not in packaged(folder)


def test_the_package_is_named_after_the_manifest_and_holds_the_files(folder: Path, tmp_path: Path) -> None:
    package = write(folder, tmp_path / "out")
    assert package == tmp_path / "out" / "duck-1.2.3.difypkg"
    with zipfile.ZipFile(package) as archive:
        assert archive.namelist() == packaged(folder)
        assert archive.read("main.py") == b"print('quack')\n"
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_the_same_files_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first = write(folder, tmp_path / "first").read_bytes()
    (folder / "main.py").touch()
    (folder / "main.py").chmod(0o755)
    assert write(folder, tmp_path / "second").read_bytes() == first


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("venv/x.py", b"", "venv/x.py: lies in venv/"),
        ("a/.DS_Store", b"", "a/.DS_Store: such files are not allowed"),
        ("cert.pem", b"", "cert.pem: such files are not allowed"),
        (".env.local", b"", ".env.local: settings with secrets"),
        ("tool", b"\x7fELF\x02", "tool: an ELF binary"),
        ("README.md", b"sk-" + b"a" * 20, "README.md: holds what looks like an API key"),
        ("a.md", b"-----BEGIN RSA " + b"PRIVATE KEY-----", "a.md: holds what looks like a private key"),
        ("a.md", b"AKIA" + b"A" * 16, "a.md: holds what looks like an AWS key"),
    ],
)
def test_what_the_marketplace_blocks_is_refused(
    folder: Path, tmp_path: Path, path: str, content: bytes, problem: str
) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    with pytest.raises(PackageError) as refused:
        write(folder, tmp_path)
    assert str(refused.value).splitlines()[1:] == [f"  {problem}"]
    assert not list(tmp_path.glob("*.difypkg"))


def test_a_folder_without_manifest_is_no_plugin(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"holds no manifest\.yaml"):
        write(tmp_path, tmp_path)
