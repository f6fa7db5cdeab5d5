"""probe: calls the inference API as a client does, and publishes how many of its requests succeed.

handler   settings and clients, one call of the service
settings  the function's environment
service   sends the rows of the event, one in each request; publishes SuccessPercent
client    requests that are signed with the function's own credentials
"""
