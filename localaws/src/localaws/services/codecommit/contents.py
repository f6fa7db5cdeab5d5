"""What is in a repository: commits, files, folders, blobs and differences."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codecommit.resource import Params, Resource, commit_id
from localaws.services.git import changes
from localaws.services.git.commands import git
from localaws.services.git.repository import Commit, Person, Repository
from localaws.services.git.writing import MODES, Entry, entries, tree_entries

_MODE_NAMES: Final = {mode: name for name, mode in MODES.items()}
_SYMLINK: Final = MODES["SYMLINK"]
_SUBMODULE: Final = "160000"
_FOLDER: Final = "040000"
_MAX_FILE: Final = 6 << 20
_MAX_COMMITS: Final = 100


class Contents(Resource):
    """The operations that read a repository."""

    @operation
    def get_commit(self, params: Params) -> Params:
        """GetCommit."""
        return {"commit": _view(self._commit(self.repository(params), params["commitId"]))}

    @operation
    def batch_get_commits(self, params: Params) -> Params:
        """BatchGetCommits."""
        repository, names = self.repository(params), params["commitIds"]
        if len(names) > _MAX_COMMITS:
            raise AwsError(
                "CommitIdsLimitExceededException",
                f"At most {_MAX_COMMITS} commit ids are allowed, found {len(names)}",
            )
        found, errors = [], []
        for name in names:
            try:
                found.append(_view(self._commit(repository, name)))
            except AwsError as error:
                errors.append(
                    {"commitId": name, "errorCode": error.code, "errorMessage": error.message}
                )
        return {"commits": found, "errors": errors}

    @operation
    def get_blob(self, params: Params) -> Params:
        """GetBlob."""
        repository, blob = self.repository(params), params["blobId"]
        if _type(repository, blob) != "blob":
            raise AwsError("BlobIdDoesNotExistException", f"{blob} does not exist")
        return {"content": _content(repository, blob)}

    @operation
    def get_file(self, params: Params) -> Params:
        """GetFile, of the default branch unless the request names a commit."""
        repository = self.repository(params)
        commit, path = self._specified(repository, params), _path(params["filePath"])
        entry = entries(repository, commit).get(path)
        if entry is None or entry.mode not in _MODE_NAMES:
            raise AwsError("FileDoesNotExistException", f"{path} does not exist in {commit}")
        content = _content(repository, entry.blob)
        return {
            "commitId": commit,
            "blobId": entry.blob,
            "filePath": path,
            "fileMode": _MODE_NAMES[entry.mode],
            "fileSize": len(content),
            "fileContent": content,
        }

    @operation
    def get_folder(self, params: Params) -> Params:
        """GetFolder, of the default branch unless the request names a commit."""
        repository = self.repository(params)
        commit, path = self._specified(repository, params), _path(params["folderPath"])
        tree = f"{commit}:{path}" if path else f"{commit}^{{tree}}"
        if _type(repository, tree) != "tree":
            raise AwsError("FolderDoesNotExistException", f"{path} does not exist in {commit}")
        answer: dict[str, Any] = {
            "commitId": commit,
            "folderPath": path,
            "treeId": git(repository.path, "rev-parse", tree).decode().strip(),
            "subFolders": [],
            "files": [],
            "symbolicLinks": [],
            "subModules": [],
        }
        for name, entry in tree_entries(repository, tree).items():
            place = {
                "absolutePath": str(PurePosixPath(path) / name) if path else name,
                "relativePath": name,
            }
            if entry.mode == _FOLDER:
                answer["subFolders"].append(place | {"treeId": entry.blob})
            elif entry.mode == _SUBMODULE:
                answer["subModules"].append(place | {"commitId": entry.blob})
            else:
                file = place | {"blobId": entry.blob, "fileMode": _MODE_NAMES[entry.mode]}
                answer["symbolicLinks" if entry.mode == _SYMLINK else "files"].append(file)
        return answer

    @operation
    def get_differences(self, params: Params) -> Params:
        """GetDifferences, by path. Without a commit before, everything is an addition."""
        repository = self.repository(params)
        if "beforePath" in params or "afterPath" in params:
            raise AwsError(
                "NotImplementedException",
                "localaws does not emulate beforePath and afterPath of codecommit:GetDifferences.",
            )
        after = commit_id(repository, params["afterCommitSpecifier"])
        specifier = params.get("beforeCommitSpecifier")
        before = commit_id(repository, specifier) if specifier else None
        old = entries(repository, before) if before else {}
        new = entries(repository, after)
        found, token = self.page(
            changes.changed_files(repository.path, before, after),
            lambda path: path,
            ["GetDifferences", repository.name, before, after],
            params.get("NextToken"),
            params.get("MaxResults"),
        )
        differences = [_difference(path, old.get(path), new.get(path)) for path in found]
        return {"differences": differences, "NextToken": token}

    def _commit(self, repository: Repository, name: str) -> Commit:
        found = repository.resolve(name) if _is_commit_id(name) else None
        if found is None:
            raise AwsError("CommitIdDoesNotExistException", f"{name} does not exist")
        return found

    def _specified(self, repository: Repository, params: Params) -> str:
        return commit_id(repository, params.get("commitSpecifier", "HEAD"))


def mode_name(mode: str) -> str:
    """The mode of a file in the words of the API."""
    return _MODE_NAMES[mode]


def _is_commit_id(name: str) -> bool:
    return len(name) == 40 and all(c in "0123456789abcdef" for c in name)


def _type(repository: Repository, name: str) -> str:
    if name.startswith("-"):
        return ""
    return git(repository.path, "cat-file", "-t", name, allowed=(0, 128)).decode().strip()


def _content(repository: Repository, blob: str) -> bytes:
    size = int(git(repository.path, "cat-file", "-s", blob))
    if size > _MAX_FILE:
        raise AwsError(
            "FileTooLargeException",
            f"The blob {blob} has {size} bytes; the API returns files of at most {_MAX_FILE} bytes",
        )
    return git(repository.path, "cat-file", "blob", blob)


def _path(text: str) -> str:
    path = text.strip("/")
    if ".." in path.split("/"):
        raise AwsError("InvalidPathException", f"The path {text} is not valid")
    return path


def _difference(path: str, before: Entry | None, after: Entry | None) -> dict[str, Any]:
    kind = "A" if before is None else "D" if after is None else "M"
    found: dict[str, Any] = {"changeType": kind}
    for name, entry in (("beforeBlob", before), ("afterBlob", after)):
        if entry:
            found[name] = {"blobId": entry.blob, "path": path, "mode": entry.mode}
    return found


def _view(commit: Commit) -> dict[str, Any]:
    return {
        "commitId": commit.id,
        "treeId": commit.tree,
        "parents": list(commit.parents),
        "message": commit.message,
        "author": _person(commit.authored),
        "committer": _person(commit.committed),
        "additionalData": "",
    }


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "date": person.raw_date}
