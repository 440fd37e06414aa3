"""`python -m workspace.package`: write the .difypkg to upload to Dify.

The same folder gives the same bytes: entries are sorted, with fixed times and modes. What keeps a package
off Dify's marketplace is refused here already. Source: langgenius/dify-marketplace-toolkit, contents.py.
"""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import click
import pathspec
import yaml

_PROJECT = Path(__file__).parent.parent
_SIZE_LIMIT = 50 * 1024 * 1024  # bytes, packed and unpacked
_FILE_LIMIT = 5000
_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can tell
_MODE = 0o100644 << 16

_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "env", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}
    | {".tox", ".nox", ".idea", ".vscode", "node_modules"}
)
_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".gitconfig", "id_rsa"})
_SUFFIXES = frozenset(
    {".key", ".pem", ".p12", ".pfx", ".pyc", ".pyo", ".log", ".tmp", ".swp", ".swo", ".bak"}
    | {".so", ".pyd", ".dll", ".exe"}
)
_ENV_SAMPLES = frozenset({".env.example", ".env.sample", ".env.template"})
_BINARIES = {
    b"\x7fELF": "an ELF binary",
    b"MZ": "a Windows binary",
    b"\xfe\xed\xfa\xce": "a macOS binary",
    b"\xfe\xed\xfa\xcf": "a macOS binary",
    b"\xce\xfa\xed\xfe": "a macOS binary",
    b"\xcf\xfa\xed\xfe": "a macOS binary",
}
_SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY",
    "an API key": rb"\bsk-[A-Za-z0-9_-]{20}",
    "a GitHub token": rb"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}",
    "a Slack token": rb"\bxox[a-z]-[A-Za-z0-9-]{10}",
    "an AWS key": rb"\bAKIA[0-9A-Z]{16}",
    "a JSON web token": rb"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.",
}


class PackageError(Exception):
    """The folder does not make a package."""


def write(folder: Path, output: Path) -> Path:
    """Write `<name>-<version>.difypkg` into `output` and return its path. Raises PackageError."""
    manifest_file = folder / "manifest.yaml"
    if not manifest_file.is_file():
        raise PackageError(f"{folder} holds no manifest.yaml")
    manifest = yaml.safe_load(manifest_file.read_text(encoding="utf-8"))
    files = {path: (folder / path).read_bytes() for path in packaged(folder)}
    if problems := list(blocked(files)):
        raise PackageError("the marketplace would refuse this package:\n  " + "\n  ".join(problems))
    output.mkdir(parents=True, exist_ok=True)
    package = output / f"{manifest['name']}-{manifest['version']}.difypkg"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _TIME)
            entry.create_system = 3  # Unix, wherever it is written
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    if package.stat().st_size > _SIZE_LIMIT:
        package.unlink()
        raise PackageError("the package is larger than 50 MiB")
    return package


def packaged(folder: Path) -> list[str]:
    """Return the files Dify's packager would take, sorted: all but what .difyignore, else .gitignore, names."""
    ignored = pathspec.GitIgnoreSpec.from_lines(_patterns(folder))
    paths = (path.relative_to(folder).as_posix() for path in _walk(folder, folder, ignored))
    return sorted(path for path in paths if not ignored.match_file(path))


def _patterns(folder: Path) -> list[str]:
    for name in (".difyignore", ".gitignore"):
        if (folder / name).is_file():
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            # Dify's packager knows no negation: what is ignored once stays out.
            return [line for line in lines if not line.startswith("!")]
    return []


def _walk(folder: Path, root: Path, ignored: pathspec.GitIgnoreSpec) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not ignored.match_file(path.relative_to(root).as_posix() + "/"):
            yield from _walk(path, root, ignored)


def blocked(files: dict[str, bytes]) -> Iterator[str]:
    """Yield a sentence for everything in a package that the marketplace refuses."""
    if len(files) > _FILE_LIMIT:
        yield f"{len(files)} files, {_FILE_LIMIT} are allowed"
    if sum(map(len, files.values())) > _SIZE_LIMIT:
        yield "more than 50 MiB unpacked"
    for name, content in files.items():
        path = PurePosixPath(name)
        if folders := _FOLDERS.intersection(path.parts[:-1]):
            yield f"{name}: lies in {min(folders)}/"
        elif path.name in _NAMES or path.suffix in _SUFFIXES:
            yield f"{name}: such files are not allowed"
        elif (path.name == ".env" or path.name.startswith(".env.")) and path.name not in _ENV_SAMPLES:
            yield f"{name}: settings with secrets"
        elif kind := next((kind for magic, kind in _BINARIES.items() if content.startswith(magic)), None):
            yield f"{name}: {kind}"
        else:
            for what, pattern in _SECRETS.items():
                if re.search(pattern, content):
                    yield f"{name}: holds what looks like {what}"


@click.command(help="Write <name>-<version>.difypkg from the project's folder.")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder to write into."
)
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=_PROJECT, hidden=True
)
def main(output: Path, folder: Path) -> None:
    try:
        package = write(folder, output)
    except PackageError as error:
        sys.exit(str(error))
    click.echo(f"{package} ({package.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
