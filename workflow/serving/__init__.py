"""The server of our own image: GET /ping, POST /invocations, GET /execution-parameters.

    serve                                 what SageMaker starts in the container
    python -m serving --model-dir model/  the same by hand (with workflow/ on PYTHONPATH)

From the outermost process to the innermost function; each module imports only those below it:

    supervisor.py         binds the port, starts one worker per core, replaces dead ones, passes SIGTERM on
    worker.py             one event loop: accepts, closes slow connections, drains on SIGTERM
    connection_counts.py  how many connections each worker has, so that no worker takes them all
    connection.py         HTTP/1.1 on one connection: limits, timeouts, order of the answers
    connection_states.py  the states of a connection and every transition between them
    application.py        the contract: paths, methods, headers, statuses
    predictor.py          from a body to predictions, with onnxruntime; sklearn_predictor.py is the fallback
                          (in a transform job wrapped in ml.inference.bad_rows: fail, or skip bad rows)
    reading.py            the fast path for a body; anything unusual is left to ml.inference.requests
    writing.py            predictions as CSV, JSON or JSON lines
    model.py              model.json and the files it records, checked before they are loaded
    settings.py           every setting, read once from the environment

A request is refused by the rules of ml.inference.requests, which the prebuilt image uses too. The server
needs numpy and onnxruntime only. pandas and scikit-learn are imported for the fallback: they take two seconds
and 120 MiB per worker.
"""
