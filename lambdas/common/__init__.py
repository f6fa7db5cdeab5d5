"""What every Lambda function of the pipeline shares; packaged into each of them.

job        the CodePipeline job: parsed from the event once, never logged
action     runs a function's work and answers CodePipeline, whatever happens
artifacts  the manifest in and out of the artifact store
manifest   the manifest's rules, and its checks at both ends
schema     JSON Schema with every problem at once, in words a person can act on
errors     the failures a person is told about
log        JSON lines
"""
