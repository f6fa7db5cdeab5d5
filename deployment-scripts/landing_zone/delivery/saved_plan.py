"""A saved plan: the folder that the step plan writes and the step apply applies, unchanged."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT

FOLDER = ROOT / "build/ci/plan"
PLAN, DOCUMENT, LOCK_FILE, COMMIT = "tfplan", "plan.json", ".terraform.lock.hcl", "commit"
HASHES = "plan.sha256"
# What the plan deploys beside the Terraform, and where Terraform and the upload look for it.
PACKAGES = {"packages/lambdas": "build/lambdas", "packages/code": "build/code"}
AGAIN = "Nothing was applied. Make a new plan: push a commit, or release the pipeline again"


@dataclass(frozen=True)
class SavedPlan:
    """The folder of a saved plan."""

    folder: Path = FOLDER

    @property
    def file(self) -> Path:
        return self.folder / PLAN

    @property
    def commit(self) -> str:
        return (self.folder / COMMIT).read_text(encoding="utf-8").strip()

    @property
    def sha256(self) -> str:
        """The hash of the list of hashes: who knows it knows every byte of the plan."""
        return hashlib.sha256((self.folder / HASHES).read_bytes()).hexdigest()

    def begin(self) -> None:
        """Start with an empty folder: nothing of an earlier plan may remain in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def add_packages(self, lock_file: Path, root: Path = ROOT) -> None:
        """Keep what was planned with: the versions of the providers and the built packages."""
        shutil.copyfile(lock_file, self.folder / LOCK_FILE)
        for name, place in PACKAGES.items():
            shutil.copytree(root / place, self.folder / name)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def seal(self) -> None:
        """Write the hash of every file."""
        self.write(HASHES, self._hashes())

    def verify(self, expected: str, commit: str) -> None:
        """Refuse a plan that is not the one that was sealed, was approved, and belongs to the commit."""
        if not self.file.is_file() or not (self.folder / HASHES).is_file():
            raise OperatorError(f"{self.folder} holds no saved plan: run `ci.py plan` first")
        listed = (self.folder / HASHES).read_text(encoding="utf-8")
        found = self._hashes()
        if found != listed:
            wrong = sorted(set(found.splitlines()) ^ set(listed.splitlines()))
            names = ", ".join(dict.fromkeys(line.split("  ", 1)[1] for line in wrong))
            raise OperatorError(f"the saved plan was changed: {names}. {AGAIN}")
        if expected and self.sha256 != expected:
            raise OperatorError(
                f"the sha256 of the saved plan is {self.sha256}, that of the approved one was {expected}. "
                + AGAIN
            )
        if commit and self.commit != commit:
            raise OperatorError(
                f"the saved plan belongs to commit {self.commit or 'unknown'}, this is {commit}. {AGAIN}"
            )

    def restore(self, infra: Path, root: Path = ROOT) -> None:
        """Put what was planned with where Terraform looks for it."""
        shutil.copyfile(self.folder / LOCK_FILE, infra / LOCK_FILE)
        for name, place in PACKAGES.items():
            shutil.rmtree(root / place, ignore_errors=True)
            shutil.copytree(self.folder / name, root / place)

    def pack(self) -> bytes:
        """The folder as one zip."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in self._files():
                archive.write(path, path.relative_to(self.folder).as_posix())
        return buffer.getvalue()

    def unpack(self, body: bytes) -> None:
        """Replace the folder with the content of a zip, refusing names that lead out of it."""
        self.begin()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                if not (self.folder / name).resolve().is_relative_to(self.folder.resolve()):
                    raise OperatorError(
                        f"the stored plan has a file {name!r} outside of its folder"
                    )
            archive.extractall(self.folder)

    def _files(self) -> Iterator[Path]:
        yield from sorted(path for path in self.folder.rglob("*") if path.is_file())

    def _hashes(self) -> str:
        """A line for each file, in the format of sha256sum."""
        return "".join(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  "
            f"{path.relative_to(self.folder).as_posix()}\n"
            for path in self._files()
            if path != self.folder / HASHES
        )


def stored_key(commit: str) -> str:
    """Where the plan of a commit is stored."""
    return f"plans/{commit}/plan.zip"


def store(s3: Any, bucket: str, saved: SavedPlan) -> str:
    """Store the plan and the page that an approval links to; return the key of the plan."""
    key = stored_key(saved.commit)
    s3.put_object(Bucket=bucket, Key=key, Body=saved.pack(), ContentType="application/zip")
    store_page(s3, bucket, saved)
    return key


def store_page(s3: Any, bucket: str, saved: SavedPlan) -> None:
    """Store the page of the summary below the commit."""
    s3.put_object(
        Bucket=bucket,
        Key=f"plans/{saved.commit}/summary.html",
        Body=(saved.folder / "summary.html").read_bytes(),
        ContentType="text/html; charset=utf-8",
    )


def fetch(s3: Any, bucket: str, commit: str, saved: SavedPlan) -> None:
    """Fetch the plan of a commit."""
    try:
        body = s3.get_object(Bucket=bucket, Key=stored_key(commit))["Body"].read()
    except ClientError as error:
        if error_code(error) not in {"NoSuchKey", "404"}:
            raise
        raise OperatorError(
            f"s3://{bucket}/{stored_key(commit)} does not exist: no plan of commit {commit} is stored. "
            "Run `ci.py plan --store` for it"
        ) from error
    saved.unpack(body)
