"""CodeBuild: projects, builds that run their build specification, reports, webhooks.

A request passes through::

    provider.py            builds the parts and connects them
    projects.py, builds.py, webhooks.py, report_groups.py, reports.py, source_credentials.py, account.py
                           the operations
    project_check.py       refuses what AWS refuses, and by name what does not run here
    build_request.py       the settings of a project with the overrides of StartBuild
    models.py, views.py    the state, and the state in the shapes of the API

and a build through::

    scheduler.py           the queue, a thread for each build, the timeouts
    lifecycle.py           the only place that writes the status of a build; events.py publishes it
    run.py                 the phases from PROVISIONING to FINALIZING
    environment_image.py   the programs of this machine (machine.py), or a pushed image of ECR
    sources.py             zip archives of S3 (archives.py), clones of Git repositories (repositories.py)
    buildspec_file.py, buildspec.py
                           finds, parses and checks the build specification
    environment.py         the variables, with references to parameters and secrets; credentials.py
    command_phases.py      INSTALL to POST_BUILD; session.py runs one command after the other
    outputs.py             reports (report_files.py), artifacts.py and cache.py; file_patterns.py finds files
    build_log.py           CloudWatch Logs and S3, without secrets

A build is one shell process (``session.AGENT``) in a mount namespace of its own, in which /codebuild and
/root belong to the build and the rest is the file system of the machine or of the image. Each command is
written to /codebuild/output/tmp/script.sh and run by a new shell; its variables and its working directory
are saved when it exits, and are what the next one begins with.

An action of CodePipeline calls StartBuild with the overrides of the source and of the artifacts, and with
the header ``x-localaws-initiator: codepipeline/<pipeline>``.
"""
