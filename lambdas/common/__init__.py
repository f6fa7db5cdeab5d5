"""Shared by the Lambda functions of the pipeline, and packaged into each of them.

job        the CodePipeline job: parsed from the event once, never logged
action     runs a function's work and answers CodePipeline, whatever happens
artifacts  the manifest in and out of the artifact store
manifest   who fills which key, and the checks in Git and in a run
schema     JSON Schema validation that reports every problem at once, in plain words
errors     failures whose message is meant for a person
log        one JSON object per line
"""
