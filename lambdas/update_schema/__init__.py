"""update_schema: turn the result of training into the manifest of the inference stage.

handler   the Lambda entry: clients and settings, then common.action
settings  the environment, read once
service   the work: check the result, approve the model package, name the inference resources
"""
