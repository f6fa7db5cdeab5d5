"""CodeCommit: repositories that Git clients and an API use.

The repositories themselves are those of ``localaws.services.git``. This package keeps what CodeCommit knows
about them, answers its API and publishes its events::

    provider        the operations, divided into the modules below
    records         what CodeCommit keeps about a repository
    resource        what the parts of the API have in common: lookups and errors
    repositories    create, describe, change and delete repositories; their tags
    branches        branches and the default branch
    contents        commits, files, folders, blobs, differences
    commits         CreateCommit, PutFile, DeleteFile
    triggers        repository triggers: SNS topics and Lambda functions
    pull_requests   pull requests and their merges
    announcements   what a push or a pull request sends to EventBridge and to the triggers

Approval rules, comments, reactions and the details of merge conflicts are refused by name. There is no SSH.
"""
