"""The wheel in an environment of its own, used as the README says, without this checkout on the path."""

import os
import re
import socket
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def run(*command, **options):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=120, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built by the backend itself, which is installed: no index is needed."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "flit_core.wheel", "--outdir", folder, PROJECT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment with the wheel, and with the dependencies that are installed here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    run(
        sys.executable, "-m", "pip", "--python", python,
        "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", wheel,
    )  # fmt: skip
    site_packages = next(folder.glob("lib/python*/site-packages"))
    # The path files of that directory are not read, so an editable localaws in it does not count.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def variables_for(environment, **more):
    """A shell in which the environment is active and nothing else of this process is set."""
    programs = [environment / "bin", Path(sys.executable).parent, "/usr/bin", "/bin"]
    path = os.pathsep.join(map(str, programs))
    return {"PATH": path, "HOME": str(environment), "LANG": "C.UTF-8", **more}


def first_job():
    """The files and the commands of the README's section."""
    section = README.partition("\n## A first job\n")[2].partition("\n## ")[0]
    files = re.findall(
        r"^`([\w.]+)`[^\n]*:\n\n```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL
    )
    commands = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return dict(files), "\n".join(commands)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_the_first_job_of_the_readme_runs_with_the_installed_wheel(environment, tmp_path):
    files, commands = first_job()
    assert sorted(files) == ["count.py", "job.json", "people.csv", "trust.json"]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    port = free_port()
    used = variables_for(environment, LOCALAWS_PORT=port)
    # The server that runs the job must be that of the environment too.
    find_pid = "localaws status --json | grep -o '\"pid\": [0-9]*' | grep -o '[0-9]*'"
    proof = f"tr '\\0' ' ' < /proc/$({find_pid})/cmdline; echo"
    script = commands.replace("4566", port).replace("localaws stop", f"{proof}\nlocalaws stop")
    try:
        output = run("bash", "-euo", "pipefail", "-c", script, cwd=tmp_path, env=used)
    finally:
        subprocess.run(["localaws", "stop"], cwd=tmp_path, env=used, check=True)
    assert '"Completed"' in output
    assert '{"rows": 2}' in output
    assert '"2 rows"' in output
    assert re.search(
        rf"^{re.escape(str(environment))}/bin/python\S* -P -m localaws run ", output, re.M
    )


def test_the_installed_modules_are_those_that_run(environment, tmp_path):
    python, used = environment / "bin" / "python", variables_for(environment)
    code = (
        "import localaws.cli, localaws.server, localaws.services.sagemaker.provider as p;"
        "print(localaws.cli.__file__, localaws.server.__file__, p.__file__, sep='\\n')"
    )
    modules = run(python, "-c", code, cwd=tmp_path, env=used).splitlines()
    assert len(modules) == 3
    assert all(Path(module).is_relative_to(environment) for module in modules), modules
    assert run(environment / "bin" / "localaws", "--version", cwd=tmp_path, env=used) == (
        f"localaws {version('localaws')}\n"
    )


def test_the_wheel_holds_the_package_and_its_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"localaws-{version('localaws')}.dist-info/METADATA").decode()
    source = PROJECT / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert expected <= names
    assert "localaws/py.typed" in names
    assert not [name for name in names if name.startswith("tests/")]
    assert "Provides-Extra: scikit-learn" in metadata
    assert "Requires-Dist: moto[server]==" in metadata


def test_the_source_distribution_holds_the_tests(tmp_path):
    code = f"import flit_core.buildapi as b; b.build_sdist({str(tmp_path)!r})"
    run(sys.executable, "-c", code, cwd=PROJECT)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {"README.md", "LICENSE", "pyproject.toml", "tests/server/test_distribution.py"}
    assert expected <= names
    assert {f"docs/{page.name}" for page in (PROJECT / "docs").iterdir()} <= names
