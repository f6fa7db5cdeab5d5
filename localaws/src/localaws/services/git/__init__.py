"""Git repositories with a server, for CodeCommit and for the providers behind a connection.

The repositories are bare repositories on disk, and unmodified Git clients use them over HTTP. ``git`` has to
be installed. The modules, from the request inwards::

    routes          the paths of the server
    application     which repository a URL names, and who may use it
    credentials     who a user name and a password belong to
    signature       the SigV4 signature of git-remote-codecommit
    iam             the operations of IAM on Git credentials, which moto lacks
    http_backend    runs ``git http-backend`` for a request
    repository      a repository: its refs, commits and archives; the lock that every change of a ref takes
    commands        runs a command of Git
    writing         the files, trees and refs that an API, not a push, makes
    changes         which refs a push has changed, and which files
    events          what listeners are told: a push, or a change of a pull request
    repositories    the repositories of a region, their listeners, and the index of all URLs
    pull_requests   the pull requests of a repository
    merging         merges of branches
    connections     which connection gives access to which repository
    control         the server's side of ``localaws connect`` and ``localaws pr``
    cli             the command's side

CodePipeline, CodeBuild and CodeCommit know ``Repositories`` and ``Connections``, which they get from
``Context.shared``.
"""
