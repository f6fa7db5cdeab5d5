"""Budgets through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/team"
NOTIFICATION = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
}
SNS = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"}
MAIL = {"SubscriptionType": "EMAIL", "Address": "team@example.com"}
FILTERS = {"TagKeyValue": ["user:Environment$ml-core-development"]}


def budget(name: str = "team", **changes: Any) -> dict[str, Any]:
    limit = {"Amount": "100", "Unit": "USD"}
    return {"BudgetName": name, "BudgetLimit": limit, "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "CostFilters": FILTERS, **changes}  # fmt: skip


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(AccountId=ACCOUNT, **arguments)
    response = caught.value.response
    error = response["Error"]
    return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def test_a_budget_with_notifications_and_tags(aws: Callable[..., Any]) -> None:
    budgets = aws("budgets")
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget(),
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [SNS]}],
        ResourceTags=[{"Key": "Service", "Value": "ml-core"}],
    )
    named = {"AccountId": ACCOUNT, "BudgetName": "team"}
    found = budgets.describe_budget(**named)["Budget"]
    assert (found["CostFilters"], found["BudgetLimit"]["Amount"]) == (FILTERS, "100")
    assert found["CalculatedSpend"]["ActualSpend"]["Amount"] == "0.0"
    assert found["TimePeriod"]["Start"].day == 1
    assert found["CostTypes"]["IncludeTax"] is True
    # The service is global.
    elsewhere = aws("budgets", region_name="us-east-1").describe_budgets(AccountId=ACCOUNT)
    assert "team" in {one["BudgetName"] for one in elsewhere["Budgets"]}

    (notification,) = budgets.describe_notifications_for_budget(**named)["Notifications"]
    assert notification == {
        **NOTIFICATION,
        "ThresholdType": "PERCENTAGE",
        "NotificationState": "OK",
    }
    mine = {**named, "Notification": NOTIFICATION}
    budgets.create_subscriber(**mine, Subscriber=MAIL)
    listed = budgets.describe_subscribers_for_notification(**mine)["Subscribers"]
    assert sorted(one["SubscriptionType"] for one in listed) == ["EMAIL", "SNS"]
    budgets.update_notification(
        **named, OldNotification=NOTIFICATION, NewNotification={**NOTIFICATION, "Threshold": 90.0}
    )
    changed = {**named, "Notification": {**NOTIFICATION, "Threshold": 90.0}}
    for subscriber in (SNS, MAIL):
        budgets.delete_subscriber(**changed, Subscriber=subscriber)
    assert budgets.describe_notifications_for_budget(**named)["Notifications"] == []

    budgets.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Stage", "Value": "development"}])
    budgets.untag_resource(ResourceARN=ARN, ResourceTagKeys=["Service"])
    tags = budgets.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"]
    assert tags == [{"Key": "Stage", "Value": "development"}]
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=budget(TimeUnit="ANNUALLY"))
    assert budgets.describe_budget(**named)["Budget"]["TimeUnit"] == "ANNUALLY"
    budgets.delete_budget(**named)
    assert refused(budgets.describe_budget, BudgetName="team")[:2] == ("NotFoundException", 400)


def test_what_is_wrong_or_not_emulated_is_refused(aws: Callable[..., Any]) -> None:
    budgets = aws("budgets")
    budgets.create_budget(AccountId=ACCOUNT, Budget=budget("twice"))
    named = {"BudgetName": "twice"}
    notify = {**named, "Notification": NOTIFICATION, "Subscribers": [MAIL]}
    budgets.create_notification(AccountId=ACCOUNT, **notify)

    assert refused(budgets.create_budget, Budget=budget("twice"))[0] == "DuplicateRecordException"
    assert refused(budgets.create_notification, **notify)[0] == "DuplicateRecordException"
    no_limit = budget("x")
    del no_limit["BudgetLimit"]
    assert refused(budgets.create_budget, Budget=no_limit)[0] == "InvalidParameterException"
    assert refused(budgets.create_budget, Budget=budget("a:b"))[0] == "InvalidParameterException"
    two = {
        **notify,
        "Notification": {**NOTIFICATION, "Threshold": 50.0},
        "Subscribers": [SNS, {**SNS, "Address": "x"}],
    }
    assert refused(budgets.create_notification, **two)[0] == "CreationLimitExceededException"
    with pytest.raises(ClientError) as caught:
        budgets.describe_budgets(AccountId="210987654321")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    adjusting = budget("y", AutoAdjustData={"AutoAdjustType": "FORECAST"})
    _, status, message = refused(budgets.create_budget, Budget=adjusting)
    assert (status, "AutoAdjustData" in message) == (400, True)
    _, status, message = refused(budgets.describe_budget_performance_history, **named)
    assert (status, "DescribeBudgetPerformanceHistory" in message) == (400, True)
    budgets.delete_budget(AccountId=ACCOUNT, **named)
