"""The engine that builds without a daemon: buildah."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from localaws.services.ecr.docker import stand_in
from localaws.services.ecr.docker.credentials import Credentials, check_login
from localaws.services.ecr.docker.daemon import dockerfile_of
from localaws.services.ecr.docker.dockerfile import base_images
from localaws.services.ecr.docker.engine import Build, Engine
from localaws.services.ecr.docker.errors import DockerError
from localaws.services.ecr.docker.names import LocalRegistry, host_of, is_ecr, with_tag

DIRECTORY_VARIABLE: Final = "LOCALAWS_BUILD_DIR"
MOUNTS_VARIABLE: Final = "LOCALAWS_BUILD_MOUNTS"
_STAND_IN: Final = "localhost/localaws/stand-in-python"
_BASE: Final = """FROM scratch
ADD base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
LABEL {label}="Python {version} of Debian {suite}"
CMD ["python3"]
"""


class BuildahEngine(Engine):
    """buildah with a storage of its own in the user's cache.

    Args:
        program: the command.
        environ: has AWS_ENDPOINT_URL and the settings.
    """

    description = "buildah"

    def __init__(self, program: str, environ: Mapping[str, str]) -> None:
        self._program = program
        # buildah stops at a DOCKER_CONFIG without a file. It gets the file as an option, where there is one.
        self._environ = {name: environ[name] for name in environ if name != "DOCKER_CONFIG"}
        self._credentials = Credentials(environ=environ)
        self._directory = build_directory(environ)

    def build(self, build: Build) -> None:
        dockerfile = dockerfile_of(build)
        given = {
            name: self._environ.get(name, "") if value is None else value
            for name, value in build.arguments.items()
        }
        bases = base_images(dockerfile.read_text(encoding="utf-8"), given)
        words = ["--file", str(dockerfile)]
        notes = []
        for base in bases:
            note = self._stand_in(base)
            if note:
                notes.append(note)
                words += ["--build-context", f"{base}=docker-image://{note.image}"]
        if notes:
            words += ["--label", f"{stand_in.LABEL}={'; '.join(note.text for note in notes)}"]
        words += self._build_words(build)
        with self._configured(*filter(is_ecr, bases)) as options:
            for note in notes:
                note.print()
            self._run("build", *options, *words, build.context)
            for note in notes:
                note.print()

    def login(self, host: str, user: str, password: str) -> None:
        if is_ecr(host) or host == self._local_endpoint():
            registry = LocalRegistry.from_environment(self._environ)
            check_login(registry.endpoint, host, user, password)
            self._credentials.save(user, password, *{host, registry.endpoint})
            return
        self._run(
            "login", "--authfile", str(self._credentials.path), "--username", user,
            "--password-stdin", host, stdin=password,
        )  # fmt: skip

    def logout(self, host: str) -> bool:
        return self._credentials.forget(host)

    def push(self, image: str) -> None:
        with self._configured(image) as options, tempfile.NamedTemporaryFile("r") as digest:
            target = self._name_in_registry(image)
            self._run("push", *options, "--digestfile", digest.name, image, f"docker://{target}")
            tag = with_tag(image).rpartition(":")[2]
            print(f"{tag}: digest: {digest.read().strip()}")

    def pull(self, image: str) -> None:
        with self._configured(image) as options:
            target = self._name_in_registry(image)
            self._run("pull", *options, f"docker://{target}")
            if target != image and "@" not in image:
                self._run("tag", target, image)

    def inspect(self, image: str) -> dict[str, Any]:
        document = json.loads(self._output("inspect", "--type", "image", image))
        docker, oci = document["Docker"], document["OCIv1"]
        names = json.loads(self._output("images", "--json", image))[0]
        return {
            "Id": f"sha256:{document['FromImageID']}",
            "RepoTags": names.get("names") or [],
            "RepoDigests": [
                f"{name.rpartition(':')[0]}@{document['FromImageDigest']}"
                for name in names.get("names") or []
            ],
            "Created": docker["created"],
            "Architecture": docker["architecture"],
            "Os": docker["os"],
            "Size": names.get("size"),
            "Config": docker.get("config") or {},
            "RootFS": {"Type": "layers", "Layers": oci["rootfs"]["diff_ids"]},
        }

    @property
    def version(self) -> str:
        """The version of buildah."""
        return self._output("--version").split()[2]

    def _build_words(self, build: Build) -> list[str]:
        # OCI's format has no HEALTHCHECK. chroot needs neither cgroups nor a runtime like runc.
        words = ["--format", "docker", "--isolation", "chroot", "--layers"]
        for option, value in (
            ("--target", build.target),
            ("--platform", build.platform),
            ("--iidfile", build.iidfile),
        ):
            words += [option, value] if value else []
        for name, argument in build.arguments.items():
            words += ["--build-arg", name if argument is None else f"{name}={argument}"]
        for option, values in (
            ("--tag", build.tags), ("--label", build.labels), ("--secret", build.secrets)
        ):  # fmt: skip
            words += [word for value in values for word in (option, value)]
        words += ["--no-cache"] if build.no_cache else []
        words += ["--quiet"] if build.quiet else []
        words += ["--pull=always" if build.pull else "--pull=false"]
        for path in mounts(self._environ):
            words += ["--volume", f"{path}:{path}:ro"]
        return words

    def _stand_in(self, base: str) -> StandIn | None:
        """What stands in for a base image; None when the image itself can be used."""
        if is_ecr(base) or self._has(base) or stand_in.registry_answers(host_of(base)):
            return None
        suite = stand_in.suite_of(base)
        if self._environ.get(stand_in.VARIABLE) != "1" or suite is None:
            raise DockerError(
                f"the base image {base} is not on this machine, and its registry {host_of(base)} does not "
                "answer. Build where it can be reached"
                + (
                    f", or set {stand_in.VARIABLE}=1 to build on Debian's Python of the same minor "
                    "version instead, which is good for trying things out only."
                    if suite
                    else ". localaws can make a stand-in for python:3.11 and python:3.13 of Debian only."
                )
            )
        image = f"{_STAND_IN}:{suite}"
        if not self._has(image):
            self._make_stand_in(suite, image)
        label = self.inspect(image)["Config"]["Labels"][stand_in.LABEL]
        return StandIn(image, f"{label} stands in for {base}")

    def _make_stand_in(self, suite: str, image: str) -> None:
        _say(f"Making a base image of Debian {suite}. This takes a minute, once.")
        with stand_in.temporary_directory() as name:
            directory = Path(name)
            _, version = stand_in.make_root(suite, directory)
            dockerfile = directory / "Dockerfile"
            dockerfile.write_text(
                _BASE.format(label=stand_in.LABEL, version=version, suite=suite), encoding="utf-8"
            )
            self._run(
                "build", "--format", "docker", "--isolation", "chroot", "--file", str(dockerfile),
                "--tag", image, name,
            )  # fmt: skip

    def _has(self, image: str) -> bool:
        name = image if host_of(image) != "docker.io" or "/" in image else f"library/{image}"
        full = name if host_of(name) != "docker.io" else f"docker.io/{name}"
        done = subprocess.run(
            self._command("images", "--quiet", full),
            capture_output=True, check=False, env=dict(self._environ),
        )  # fmt: skip
        return done.returncode == 0

    def _name_in_registry(self, image: str) -> str:
        if not is_ecr(image):
            return image
        return LocalRegistry.from_environment(self._environ).name(image)

    def _local_endpoint(self) -> str | None:
        try:
            return LocalRegistry.from_environment(self._environ).endpoint
        except DockerError:
            return None

    @contextmanager
    def _configured(self, *images: str) -> Iterator[list[str]]:
        """The options with which buildah finds images of ECR in the registry of localaws.

        FROM takes the image from there, too: its name is mapped by a configuration for this command only.
        """
        options = []
        if self._credentials.path.is_file():
            options += ["--authfile", str(self._credentials.path)]
        hosts = sorted({image.partition("/")[0] for image in images if is_ecr(image)})
        if not hosts:
            yield options
            return
        endpoint = LocalRegistry.from_environment(self._environ).endpoint
        lines = ['unqualified-search-registries = ["docker.io"]']
        for prefix in (*hosts, endpoint):
            lines += [
                "[[registry]]",
                f'prefix = "{prefix}"',
                f'location = "{endpoint}"',
                "insecure = true",
            ]
        with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            before = self._environ
            self._environ = {**before, "CONTAINERS_REGISTRIES_CONF": file.name}
            try:
                yield options
            finally:
                self._environ = before

    def _command(self, *words: str) -> list[str]:
        storage = ["--root", f"{self._directory}/storage", "--runroot", f"{self._directory}/run"]
        driver = ["--storage-driver", "overlay"] if os.geteuid() == 0 else []
        return [self._program, *storage, *driver, *words]

    def _run(self, *words: str, stdin: str | None = None) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        # What this program has printed stands before what buildah prints.
        sys.stdout.flush()
        done = subprocess.run(
            self._command(*words), input=stdin, text=True, check=False, env=dict(self._environ)
        )
        if done.returncode:
            raise DockerError(f"buildah {words[0]} ended with exit code {done.returncode}")

    def _output(self, *words: str) -> str:
        done = subprocess.run(
            self._command(*words),
            capture_output=True, text=True, check=False, env=dict(self._environ),
        )  # fmt: skip
        if done.returncode:
            raise DockerError(done.stderr.strip())
        return done.stdout


class StandIn:
    """An image that takes the place of a base image."""

    def __init__(self, image: str, text: str) -> None:
        self.image = image
        self.text = text

    def print(self) -> None:
        """Say it so that nobody overlooks it."""
        line = f"WARNING: {self.text}. The registry of the base image does not answer."
        _say(f"{'*' * len(line)}\n{line}\nDo not deploy this image.\n{'*' * len(line)}")


def build_directory(environ: Mapping[str, str]) -> Path:
    """Where buildah keeps images and layers: the setting, else a directory of the user's cache."""
    cache = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(environ.get(DIRECTORY_VARIABLE) or Path(cache, "localaws", "build")).absolute()


def mounts(environ: Mapping[str, str]) -> list[Path]:
    """The files of this machine that each RUN can read at the same path.

    Raises:
        DockerError: one is not an absolute path of a file or directory.
    """
    found = [Path(text) for text in environ.get(MOUNTS_VARIABLE, "").split(",") if text.strip()]
    for path in found:
        if not path.is_absolute() or not path.exists() or ":" in str(path):
            raise DockerError(
                f"{MOUNTS_VARIABLE} names {path}, but must list absolute paths that exist, separated by "
                "commas, for example /etc/pip.conf,/etc/ssl/certs/ca-certificates.crt"
            )
    return found


def _say(text: str) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)
