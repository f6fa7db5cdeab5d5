output "load_balancer_dns_name" {
  description = "Name that the host name of the certificate must lead to; null without a load balancer."
  value       = one(aws_lb.this[*].dns_name)

  # Requests are answered only when the listener exists.
  depends_on = [aws_lb_listener.https]
}
