locals {
  # A SEARCH finds what a deployment adds later: endpoints are not made by Terraform.
  _endpoint_search = "{AWS/SageMaker,EndpointName,VariantName} EndpointName=\"${var.prefix}-\""
  _own_search      = "{${var.prefix},EndpointName}"
  _graphs = {
    invocations = { title = "Invocations of endpoints", search = "${local._endpoint_search} MetricName=\"Invocations\"", stat = "Sum", period = 300 }
    errors      = { title = "Errors of endpoints (share of the calls)", search = "${local._endpoint_search} MetricName=(\"Invocation4XXErrors\" OR \"Invocation5XXErrors\")", stat = "Average", period = 300 }
    latency     = { title = "Latency of models, p99 (microseconds)", search = "${local._endpoint_search} MetricName=\"ModelLatency\"", stat = "p99", period = 300 }
    verdict     = { title = "Drift (1: the traffic or the quality has drifted)", search = "${local._own_search} MetricName=\"DriftVerdict\"", stat = "Maximum", period = 86400 }
    columns     = { title = "Drifted columns", search = "${local._own_search} MetricName=\"DriftedColumns\"", stat = "Maximum", period = 86400 }
    psi         = { title = "Largest PSI above chance", search = "${local._own_search} MetricName=\"DriftPsi\"", stat = "Maximum", period = 86400 }
    quality     = { title = "Metric of the predictions with labels", search = "${local._own_search} MetricName=\"DriftQuality\"", stat = "Average", period = 86400 }
    rows        = { title = "Compared rows", search = "${local._own_search} MetricName=\"DriftRows\"", stat = "Sum", period = 86400 }
    probe       = { title = "Probe of the inference API: SuccessPercent", search = "Namespace=\"${var.prefix}\" MetricName=\"SuccessPercent\"", stat = "Average", period = 300 }
  }
  _graph_keys = ["invocations", "errors", "latency", "verdict", "columns", "psi", "quality", "rows", "probe"]
  _machines   = ["training", "inference", "drift"]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix
  dashboard_body = jsonencode({
    widgets = concat(
      [for place, key in local._graph_keys : {
        type   = "metric"
        x      = (place % 3) * 8
        y      = floor(place / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = local._graphs[key].title
          region  = var.account.region
          view    = "timeSeries"
          metrics = [[{ expression = "SEARCH('${local._graphs[key].search}', '${local._graphs[key].stat}', ${local._graphs[key].period})", id = key }]]
        }
      }],
      [{
        type   = "metric"
        x      = 0
        y      = 18
        width  = 24
        height = 6
        properties = {
          title  = "Executions of the state machines of the ML pipeline and of drift"
          region = var.account.region
          view   = "timeSeries"
          stat   = "Sum"
          period = 3600
          metrics = concat([for machine in local._machines : [
            for metric in ["ExecutionsSucceeded", "ExecutionsFailed"] :
            ["AWS/States", metric, "StateMachineArn", "${local._head}:states:${local._tail}:stateMachine:${var.prefix}-${machine}"]
          ]]...)
        }
      }],
    )
  })
}
