"""Shared by the Lambda functions of the pipeline, and packaged into each of them.

job          the CodePipeline job: parsed from the event once, never logged
action       runs a function's work and answers CodePipeline, whatever happens
archive      the model.tar.gz, compared with what the model registry recorded
artifacts    the manifest in and out of the artifact store
manifest     who fills which key, and the checks in Git and in a run
names        the names and the tags of endpoints
registry     the versions of a use case, and the settings that their runs have stored
storage      objects in S3: their encryption, and which there are
schema       JSON Schema validation that reports every problem at once, in plain words
environment  settings from the function's environment, with all problems at once
aws          the client of the artifact store, and the tags of a resource
errors       failures whose message is meant for a person
log          one JSON object per line
"""
