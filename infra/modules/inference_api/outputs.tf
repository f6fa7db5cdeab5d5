output "execution_arn" {
  description = "ARN to which a policy adds /{stage}/{method}/{path} to allow execute-api:Invoke."
  value       = aws_apigatewayv2_api.this.execution_arn
}

output "url" {
  description = "URL of the API, without a slash at the end."
  value       = local.url

  # Requests are answered only when the routes exist.
  depends_on = [aws_apigatewayv2_route.this, aws_apigatewayv2_stage.this]
}
