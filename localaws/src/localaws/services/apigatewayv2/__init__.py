"""HTTP APIs of API Gateway (version 2): the operations that configure them.

::

    provider      the service in one region
    records       an API with its routes, integrations, authorizers, stages and deployments
    apis          operations on APIs and tags
    routes        operations on routes and integrations
    authorizers   operations on authorizers
    stages        operations on stages and deployments
    lookup        finds the API of a request, and pages of what belongs to it
    checks        what a request may contain, and the errors of AWS

The package ``execute_api`` answers the callers of an API. It reads the records through their table, which is
one for all regions because an API id says nothing about its region.
"""
