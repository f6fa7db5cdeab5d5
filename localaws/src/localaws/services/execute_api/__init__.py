"""The data plane of API Gateway: answers the callers of HTTP APIs.

A request passes through these modules in this order::

    application         finds API, stage and deployment; sends the answer
    request             the request, its answer, and a refusal by the gateway itself
    cors                preflight requests of browsers
    routing             selects the route
    throttle            counts it against the limits of route and stage
    authorization       NONE, AWS_IAM (by services/iam), JWT (jwt_authorizer), CUSTOM (lambda_authorizer);
                        identity_source reads what the last two look at
    integrations        Lambda functions (events, functions, responses) and HTTP servers
    metrics, access_log what is recorded of it

The records of APIs are those of ``apigatewayv2``.
"""
