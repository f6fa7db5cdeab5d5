"""SageMaker's runtime service: requests to endpoints."""
