"""HTTP on 127.0.0.1: messages, routes, who may ask, streams of events."""
