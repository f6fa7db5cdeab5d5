"""CloudWatch: metrics, alarms that follow them, and dashboards.

The modules, each knowing only those above it::

    errors            AWS's errors
    distribution      what is known of the values within one period: sum, extremes, percentiles
    store             the metrics of an account and region; every service publishes into it
    statistics        the names of statistics: Average, p99.9
    expression        metric math: a parser and its evaluation
    queries           the data of metrics and expressions for a time range
    metric_data       PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics
    evaluation        from data points to a state: M out of N and missing data, without IO
    rules             the rules of composite alarms
    alarm             the record of an alarm
    alarm_check       what PutMetricAlarm and PutCompositeAlarm refuse
    actions           what an alarm does when its state changes
    changes           the one place that changes a state: history, event, actions
    evaluator         the thread that evaluates the alarms as the clock advances
    alarms            the operations on alarms
    dashboards        the operations on dashboards, and on tags

Choices where AWS's documentation leaves one:

- A data point is visible at once. On AWS it takes up to two minutes.
- An alarm looks at its evaluation periods and two further data points, which is the evaluation range in
  AWS's examples; AWS does not say how many it takes in general.
- A percentile is the smallest value that has the requested share of the samples at or below it. In a period
  with more than 512 different values it is exact to one percent.
"""
