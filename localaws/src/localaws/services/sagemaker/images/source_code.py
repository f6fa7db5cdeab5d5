"""The code of script mode: sourcedir.tar.gz in S3 or below /opt/ml, unpacked to /opt/ml/code."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from localaws.services.sagemaker.container.archive import extract_tar_gz
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import AlgorithmError, RequestError

CODE_DIRECTORY = "/opt/ml/code"
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*([^;#]*)")


def unpack_source(
    uri: str,
    sandbox: Sandbox,
    fetch: Callable[[str, Path], None],
    *,
    network_isolation: bool,
) -> None:
    """Bring ``sagemaker_submit_directory`` to /opt/ml/code.

    Raises:
        RequestError: it does not exist, or it is in S3 and network isolation keeps the container from S3.
    """
    directory = sandbox.make(CODE_DIRECTORY)
    if uri.startswith("s3://"):
        if network_isolation:
            raise RequestError(
                f"EnableNetworkIsolation is set, so the container cannot download {uri}. Pass the code as "
                "an input channel and set sagemaker_submit_directory to its place, "
                "e.g. /opt/ml/input/data/code/sourcedir.tar.gz."
            )
        archive = sandbox.scratch / "sourcedir.tar.gz"
        fetch(uri, archive)
    else:
        try:
            archive = sandbox.host(uri)
        except ValueError:
            archive = Path(uri)
        if not archive.is_file():
            raise RequestError(f"sagemaker_submit_directory is '{uri}', which is not a file")
    extract_tar_gz(archive, directory, uri)


def require_program(code: Path, program: str | None, variable: str) -> str:
    """The user's program, which must be among the code.

    Raises:
        AlgorithmError: it is not, as the toolkit in the container would report.
    """
    if not program:
        raise AlgorithmError(f"{variable} is not set: it names the program to run, e.g. train.py")
    if not (code / program).is_file():
        found = ", ".join(sorted(path.name for path in code.iterdir())) if code.is_dir() else ""
        raise AlgorithmError(
            f"{variable} is '{program}', but the code has only: {found or 'nothing'}"
        )
    return program


def check_requirements(code: Path) -> None:
    """Check that the packages in requirements.txt are installed.

    SageMaker's container installs them. localaws runs jobs with the packages of its own interpreter.

    Raises:
        RequestError: naming every requirement that is missing or of another version.
    """
    path = code / "requirements.txt"
    if not path.is_file():
        return
    wrong = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _REQUIREMENT.match(line)
        if not match:
            continue
        name, wanted = match[1], match[2].strip()
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is not installed")
            continue
        if not _satisfies(found, wanted):
            wrong.append(f"{name} is {found}, wanted {wanted}")
    if wrong:
        raise RequestError(
            f"requirements.txt of the code: {'; '.join(wrong)}. localaws runs jobs with the packages of "
            "its own interpreter: install them there."
        )


def _satisfies(version: str, specifier: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False
