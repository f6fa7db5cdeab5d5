"""The issuer of OpenID Connect tokens that GitHub Actions has for its jobs.

    claims   the claims that GitHub writes into the token of a job, and both formats of ``sub``
    issuer   the jobs that may ask for a token, the signing key, and the tokens
    route    the HTTP interface below /_github/oidc/

What runs a workflow registers each job that has ``permissions: id-token: write``, and gives the answer to
the job as ``ACTIONS_ID_TOKEN_REQUEST_URL`` and ``ACTIONS_ID_TOKEN_REQUEST_TOKEN``. Everything that asks for
a token then works as on GitHub. STS reads the keys over HTTP, as AWS does from GitHub.
"""
