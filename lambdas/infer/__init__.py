"""infer: answers the requests of the inference API.

handler     settings and clients, one call of the service, one answer
settings    the function's environment
requests    the event of API Gateway (payload format 2.0) as a request; answers and refusals
service     what each route does
models      the model that an endpoint serves, and the columns of its use case; kept for some seconds
invocation  calls the endpoint; what its errors are to a caller

Rows are checked by ml.inference.requests, the rules of the serving container; the package has a copy of it.
"""
