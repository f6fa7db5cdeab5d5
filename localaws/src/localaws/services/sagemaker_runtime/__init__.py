"""SageMaker's runtime service: requests to endpoints.

``provider`` and ``async_operations`` have the operations. ``invocation`` is a request, ``invoker`` brings it
to a container, ``lease_check`` refuses what an endpoint cannot answer, ``shadow`` copies it to a shadow
variant, and ``metrics`` counts it. ``asynchronous`` has the queues, and ``notification`` the messages for
SNS.
"""
