"""Branches and the default branch."""

from __future__ import annotations

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codecommit.resource import Params, Resource, branch_name, commit_id, tip
from localaws.services.git.commands import GitError, git
from localaws.services.git.writing import delete_branch, set_branch


class Branches(Resource):
    """The operations on branches."""

    @operation
    def create_branch(self, params: Params) -> None:
        """CreateBranch."""
        repository, branch = self.repository(params), branch_name(params)
        commit = commit_id(repository, params["commitId"])
        with repository.changing(self.caller):
            if branch in repository.branches():
                raise AwsError("BranchNameExistsException", f"{branch} already exists")
            try:
                set_branch(repository, branch, commit, None)
            except GitError as error:
                # Git cannot have both the branch a and the branch a/b.
                raise AwsError("InvalidBranchNameException", str(error)) from error

    @operation
    def get_branch(self, params: Params) -> Params:
        """GetBranch."""
        repository, branch = self.repository(params), branch_name(params)
        return {"branch": {"branchName": branch, "commitId": tip(repository, branch)}}

    @operation
    def list_branches(self, params: Params) -> Params:
        """ListBranches, by name."""
        repository = self.repository(params)
        found, token = self.page(
            repository.branches(),
            lambda name: name,
            ["ListBranches", repository.name],
            params.get("nextToken"),
        )
        return {"branches": found, "nextToken": token}

    @operation
    def delete_branch(self, params: Params) -> Params:
        """DeleteBranch. Without a branch of this name it does nothing."""
        repository, branch = self.repository(params), branch_name(params)
        with repository.changing(self.caller):
            commit = repository.branches().get(branch)
            if commit is None:
                return {}
            if branch == repository.default_branch:
                raise AwsError(
                    "DefaultBranchCannotBeDeletedException",
                    f"{branch} is the default branch of {repository.name} and cannot be deleted",
                )
            delete_branch(repository, branch, commit)
        return {"deletedBranch": {"branchName": branch, "commitId": commit}}

    @operation
    def update_default_branch(self, params: Params) -> None:
        """UpdateDefaultBranch."""
        repository, branch = self.repository(params), branch_name(params, "defaultBranchName")
        with repository.changing(self.caller):
            tip(repository, branch)
            git(repository.path, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
