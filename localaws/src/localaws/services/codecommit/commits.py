"""Commits that the API makes: CreateCommit, PutFile and DeleteFile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.errors import AwsError, not_emulated
from localaws.core.provider import operation
from localaws.services.codecommit.contents import mode_name
from localaws.services.codecommit.resource import Params, Resource, branch_name
from localaws.services.git.merging import commit_tree
from localaws.services.git.repository import Repository
from localaws.services.git.writing import (
    MODES,
    Entry,
    entries,
    set_branch,
    write_blob,
    write_tree,
)

_MAX_FILES: Final = 100
_MAX_CONTENT: Final = 6 << 20


@dataclass(frozen=True)
class _Made:
    commit: str
    tree: str


class Commits(Resource):
    """The operations that commit files to a branch."""

    @operation
    def create_commit(self, params: Params) -> Params:
        """CreateCommit. keepEmptyFolders is refused: Git has no empty folders."""
        if params.get("keepEmptyFolders"):
            raise not_emulated("codecommit", "CreateCommit with keepEmptyFolders")
        repository, branch = self.repository(params), branch_name(params)
        changed = [
            *params.get("putFiles", ()),
            *params.get("deleteFiles", ()),
            *params.get("setFileModes", ()),
        ]
        if not changed:
            raise AwsError("FileEntryRequiredException", "The commit has no file entries")
        if len(changed) > _MAX_FILES:
            raise AwsError(
                "MaximumFileEntriesExceededException",
                f"At most {_MAX_FILES} file entries are allowed, found {len(changed)}",
            )
        paths = [_path(entry["filePath"]) for entry in changed]
        if len(set(paths)) < len(paths):
            raise AwsError("SamePathRequestException", "The commit names a file more than once")
        with repository.changing(self.caller):
            parent = _parent(repository, branch, params)
            old = entries(repository, parent) if parent else {}
            files = _apply(repository, old, params)
            if files == old:
                raise AwsError("NoChangeException", "The commit changes nothing")
            made = self._write(repository, branch, parent, files, params, params.get("authorName"))
        return {
            "commitId": made.commit,
            "treeId": made.tree,
            "filesAdded": [_metadata(p, e) for p, e in files.items() if p not in old],
            "filesUpdated": [_metadata(p, e) for p, e in files.items() if p in old and old[p] != e],
            "filesDeleted": [_metadata(p, e) for p, e in old.items() if p not in files],
        }

    @operation
    def put_file(self, params: Params) -> Params:
        """PutFile."""
        repository, branch = self.repository(params), branch_name(params)
        path = _path(params["filePath"])
        with repository.changing(self.caller):
            parent = _parent(repository, branch, params)
            old = entries(repository, parent) if parent else {}
            files = _apply(repository, old, {"putFiles": [params]})
            if files == old:
                raise AwsError(
                    "SameFileContentException", f"{path} has this content and mode already"
                )
            made = self._write(repository, branch, parent, files, params, params.get("name"))
        return {"commitId": made.commit, "treeId": made.tree, "blobId": files[path].blob}

    @operation
    def delete_file(self, params: Params) -> Params:
        """DeleteFile."""
        if params.get("keepEmptyFolders"):
            raise not_emulated("codecommit", "DeleteFile with keepEmptyFolders")
        repository, branch = self.repository(params), branch_name(params)
        path = _path(params["filePath"])
        with repository.changing(self.caller):
            parent = _parent(repository, branch, params)
            old = entries(repository, parent) if parent else {}
            files = _apply(repository, old, {"deleteFiles": [params]})
            made = self._write(repository, branch, parent, files, params, params.get("name"))
        return {
            "commitId": made.commit,
            "treeId": made.tree,
            "blobId": old[path].blob,
            "filePath": path,
        }

    def _write(
        self,
        repository: Repository,
        branch: str,
        parent: str | None,
        files: Mapping[str, Entry],
        params: Params,
        author: str | None,
    ) -> _Made:
        tree = write_tree(repository, files)
        commit = commit_tree(
            repository.path,
            tree,
            (parent,) if parent else (),
            params.get("commitMessage") or "Commit of the CodeCommit API",
            (author or self.context.account_id, params.get("email") or "localaws@localhost"),
            self.context.clock.now(),
        )
        set_branch(repository, branch, commit, parent)
        return _Made(commit, tree)


def _parent(repository: Repository, branch: str, params: Params) -> str | None:
    """The commit that a new one follows: the tip of the branch, which the request has to name."""
    branches = repository.branches()
    tip, given = branches.get(branch), params.get("parentCommitId")
    if tip is None:
        if branches:
            raise AwsError("BranchDoesNotExistException", f"{branch} does not exist")
        return None
    if given is None:
        raise AwsError(
            "ParentCommitIdRequiredException",
            f"parentCommitId is required: {branch} has commits, the last of them is {tip}",
        )
    if repository.resolve_id(given) is None:
        raise AwsError("ParentCommitDoesNotExistException", f"{given} does not exist")
    if given != tip:
        raise AwsError(
            "ParentCommitIdOutdatedException",
            f"The parent commit is {given}, but the last commit of {branch} is {tip}",
        )
    return tip


def _apply(
    repository: Repository, old: Mapping[str, Entry], params: Mapping[str, Any]
) -> dict[str, Entry]:
    """The files of the new commit."""
    files = dict(old)
    for entry in params.get("deleteFiles", ()):
        path = _path(entry["filePath"])
        _existing(files, path)
        del files[path]
    for entry in params.get("setFileModes", ()):
        path = _path(entry["filePath"])
        files[path] = Entry(MODES[entry["fileMode"]], _existing(files, path).blob)
    for entry in params.get("putFiles", ()):
        if "sourceFile" in entry:
            raise not_emulated("codecommit", "CreateCommit with sourceFile")
        if "fileContent" not in entry:
            raise AwsError(
                "SourceFileOrContentRequiredException", f"{entry['filePath']} has no fileContent"
            )
        content: bytes = entry["fileContent"]
        if len(content) > _MAX_CONTENT:
            raise AwsError(
                "FileContentSizeLimitExceededException",
                f"{entry['filePath']} has {len(content)} bytes; at most {_MAX_CONTENT} are allowed",
            )
        path = _path(entry["filePath"])
        mode = MODES[entry.get("fileMode", "NORMAL")]
        files[path] = Entry(mode, write_blob(repository, content))
    for path in files:
        parents = path.split("/")
        for depth in range(1, len(parents)):
            folder = "/".join(parents[:depth])
            if folder in files:
                raise AwsError(
                    "DirectoryNameConflictsWithFileNameException",
                    f"{path} needs a folder {folder}, which is a file",
                )
    return files


def _existing(files: Mapping[str, Entry], path: str) -> Entry:
    found = files.get(path)
    if found is None:
        raise AwsError("FileDoesNotExistException", f"{path} does not exist")
    return found


def _path(text: str) -> str:
    parts = text.split("/")
    if any(part in {"", ".", "..", ".git"} for part in parts) or "\0" in text:
        raise AwsError("InvalidPathException", f"The path {text} is not valid")
    return text


def _metadata(path: str, entry: Entry) -> dict[str, str]:
    return {"absolutePath": path, "blobId": entry.blob, "fileMode": mode_name(entry.mode)}
