"""What the workflows of GitHub do besides deploying: comments, the commands of ChatOps, the reviewed plan.

Needs nothing but Python, so that a job that only looks at an event installs nothing.
"""
