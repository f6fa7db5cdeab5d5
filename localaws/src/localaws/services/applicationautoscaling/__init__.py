"""Application Auto Scaling of the instances of endpoint variants.

The modules, each knowing only those above it::

    records            scalable targets, policies, scheduled actions and activities
    calculation        from a metric to a number of instances, without IO
    alarms             the two alarms of a target tracking policy, and the value of an alarm's metric
    scaling            changes the number of instances, and runs a policy when its alarm says so
    scalable_targets   the operations on scalable targets, activities and tags
    policies           the operations on policies
    scheduled_actions  the operations on scheduled actions

The dimension sagemaker:variant:DesiredInstanceCount is the only one; others are refused by name. The number
of instances is changed with UpdateEndpointWeightsAndCapacities, as AWS does.

Choices where AWS's documentation leaves one: the alarms of a target tracking policy look at 3 minutes above
the target and at 15 minutes below 90 % of it.
"""
