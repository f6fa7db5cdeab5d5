"""The API of Budgets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError, not_emulated
from localaws.core.paging import page
from localaws.core.provider import Provider, operation
from localaws.services.budgets.budget import Budget, BudgetNotification, Budgets, identity

Params = dict[str, Any]
_END: Final = datetime(2087, 6, 15, tzinfo=UTC)
_REFUSED: Final = ("AutoAdjustData", "BillingViewArn", "FilterExpression", "Metrics")
_COST_TYPES: Final = {
    **dict.fromkeys(
        ("IncludeTax", "IncludeSubscription", "IncludeRefund", "IncludeCredit", "IncludeUpfront",
         "IncludeRecurring", "IncludeOtherSubscription", "IncludeSupport", "IncludeDiscount"), True),
    "UseAmortized": False, "UseBlended": False,
}  # fmt: skip
# Quotas of AWS Budgets: notifications of a budget, email and SNS subscribers of a notification.
_MAX_NOTIFICATIONS: Final = 10
_MAX_SUBSCRIBERS: Final = {"EMAIL": 10, "SNS": 1}
_PAGE: Final = 100


class BudgetsProvider(Provider):
    """Budgets of one account. The service is global: every region has the same ones."""

    service_name: ClassVar[str] = "budgets"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._budgets = context.shared_objects.get(Budgets, context.account_id, "aws-global")
        self._lock = self._budgets.lock

    # --- budgets -------------------------------------------------------------------------------------

    @operation
    def create_budget(self, params: Params) -> Params:
        """CreateBudget, with notifications and tags."""
        self._own(params)
        settings = self._checked(params["Budget"])
        name = settings["BudgetName"]
        made = [
            _notification(item["Notification"], item["Subscribers"])
            for item in params.get("NotificationsWithSubscribers", [])
        ]
        if len({item.key for item in made}) < len(made):
            raise _duplicate("The notifications of a budget must differ.")
        _limit("notifications", len(made), _MAX_NOTIFICATIONS)
        tags = {tag["Key"]: tag["Value"] for tag in params.get("ResourceTags", [])}
        with self._lock:
            if name in self._budgets.by_name:
                raise _duplicate(f"Error creating budget: {name} - the budget already exists.")
            self._budgets.by_name[name] = Budget(settings, {one.key: one for one in made}, tags)
        return {}

    @operation
    def describe_budget(self, params: Params) -> Params:
        """DescribeBudget."""
        return {"Budget": _view(self._budget(params))}

    @operation
    def describe_budgets(self, params: Params) -> Params:
        """DescribeBudgets, by name."""
        self._own(params)
        with self._lock:
            known = sorted(self._budgets.by_name.items())
        found, token = _page("DescribeBudgets", known, params)
        return {"Budgets": [_view(budget) for _, budget in found], "NextToken": token}

    @operation
    def update_budget(self, params: Params) -> Params:
        """UpdateBudget: replaces the settings; notifications and tags stay."""
        settings = self._checked(params["NewBudget"])
        with self._lock:
            self._named(params, settings["BudgetName"]).settings = settings
        return {}

    @operation
    def delete_budget(self, params: Params) -> Params:
        """DeleteBudget, with its notifications."""
        with self._lock:
            self._budget(params)
            del self._budgets.by_name[params["BudgetName"]]
        return {}

    # --- notifications -------------------------------------------------------------------------------

    @operation
    def create_notification(self, params: Params) -> Params:
        """CreateNotification."""
        made = _notification(params["Notification"], params["Subscribers"])
        with self._lock:
            known = self._budget(params).notifications
            if made.key in known:
                raise _duplicate("The budget already has this notification.")
            _limit("notifications", len(known) + 1, _MAX_NOTIFICATIONS)
            known[made.key] = made
        return {}

    @operation
    def update_notification(self, params: Params) -> Params:
        """UpdateNotification: the subscribers stay."""
        with self._lock:
            known = self._budget(params).notifications
            old = self._notification(params, "OldNotification")
            made = _notification(params["NewNotification"], old.subscribers)
            if made.key != old.key and made.key in known:
                raise _duplicate("The budget already has this notification.")
            del known[old.key]
            known[made.key] = made
        return {}

    @operation
    def delete_notification(self, params: Params) -> Params:
        """DeleteNotification."""
        with self._lock:
            del self._budget(params).notifications[self._notification(params).key]
        return {}

    @operation
    def describe_notifications_for_budget(self, params: Params) -> Params:
        """DescribeNotificationsForBudget. The state of each is OK, because nothing is ever spent."""
        with self._lock:
            known = list(self._budget(params).notifications.items())
        found, token = _page("DescribeNotificationsForBudget", known, params)
        return {
            "Notifications": [{**one.settings, "NotificationState": "OK"} for _, one in found],
            "NextToken": token,
        }

    @operation
    def describe_subscribers_for_notification(self, params: Params) -> Params:
        """DescribeSubscribersForNotification."""
        with self._lock:
            known = [(tuple(one.values()), one) for one in self._notification(params).subscribers]
        found, token = _page("DescribeSubscribersForNotification", known, params)
        return {"Subscribers": [one for _, one in found], "NextToken": token}

    @operation
    def create_subscriber(self, params: Params) -> Params:
        """CreateSubscriber."""
        with self._lock:
            notification = self._notification(params)
            notification.subscribers = _subscribers(
                [*notification.subscribers, params["Subscriber"]]
            )
        return {}

    @operation
    def delete_subscriber(self, params: Params) -> Params:
        """DeleteSubscriber. AWS deletes the notification with its last subscriber."""
        with self._lock:
            notification = self._notification(params)
            if params["Subscriber"] not in notification.subscribers:
                raise _unknown("The subscriber doesn't exist.")
            notification.subscribers.remove(params["Subscriber"])
            if not notification.subscribers:
                del self._budget(params).notifications[notification.key]
        return {}

    # --- tags ----------------------------------------------------------------------------------------

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        tags = self._tags(params)
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        self._tags(params).update({tag["Key"]: tag["Value"] for tag in params["ResourceTags"]})
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        tags = self._tags(params)
        for key in params["ResourceTagKeys"]:
            tags.pop(key, None)
        return {}

    # -------------------------------------------------------------------------------------------------

    def _checked(self, settings: Params) -> Params:
        for name in _REFUSED:
            if name in settings:
                raise not_emulated(self.service_name, f"a budget with {name}")
        if "BudgetLimit" not in settings and "PlannedBudgetLimits" not in settings:
            raise _invalid("Either BudgetLimit or PlannedBudgetLimits has to be set")
        if not settings["BudgetName"].strip() or set(settings["BudgetName"]) & set(":\\"):
            raise _invalid("BudgetName must have a character, and none of : and \\")
        now = self.context.clock.now()
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        period = {"Start": start, "End": _END, **settings.get("TimePeriod", {})}
        made = {**settings, "TimePeriod": period, "LastUpdatedTime": now}
        if settings["BudgetType"] == "COST":
            made["CostTypes"] = {**_COST_TYPES, **settings.get("CostTypes", {})}
        return made

    def _own(self, params: Params) -> None:
        if params["AccountId"] != self.context.account_id:
            raise AwsError(
                "AccessDeniedException",
                f"Account {params['AccountId']} is not the one of the caller, {self.context.account_id}",
            )

    def _budget(self, params: Params) -> Budget:
        return self._named(params, params["BudgetName"])

    def _named(self, params: Params, name: str) -> Budget:
        self._own(params)
        found = self._budgets.by_name.get(name)
        if found is None:
            raise _unknown(f"Unable to get budget: {name} - the budget doesn't exist.")
        return found

    def _notification(self, params: Params, key: str = "Notification") -> BudgetNotification:
        found = self._budget(params).notifications.get(identity(params[key]))
        if found is None:
            raise _unknown("The budget doesn't have this notification.")
        return found

    def _tags(self, params: Params) -> dict[str, str]:
        start = f"arn:{self.context.partition}:budgets::{self.context.account_id}:budget/"
        name = params["ResourceARN"].removeprefix(start)
        found = self._budgets.by_name.get(name)
        if found is None:
            raise _unknown(f"Unable to get budget: {params['ResourceARN']} - it doesn't exist.")
        return found.tags


def _notification(settings: Params, subscribers: Sequence[Params]) -> BudgetNotification:
    settings = {"ThresholdType": "PERCENTAGE", **settings}
    return BudgetNotification(settings, _subscribers(subscribers))


def _subscribers(subscribers: Sequence[Params]) -> list[Params]:
    for kind, most in _MAX_SUBSCRIBERS.items():
        _limit(
            f"{kind} subscribers", sum(one["SubscriptionType"] == kind for one in subscribers), most
        )
    if any(one in subscribers[:place] for place, one in enumerate(subscribers)):
        raise _duplicate("The subscribers of a notification must differ.")
    return list(subscribers)


def _view(budget: Budget) -> Params:
    unit = budget.settings.get("BudgetLimit", {}).get("Unit", "USD")
    spend = {"CalculatedSpend": {"ActualSpend": {"Amount": "0.0", "Unit": unit}}}
    return {**spend, **budget.settings}


def _page(operation_name: str, known: list[Any], params: Params) -> tuple[list[Any], str | None]:
    return page(
        known,
        lambda item: repr(item[0]),
        listing=[operation_name, params.get("BudgetName")],
        token=params.get("NextToken"),
        size=params.get("MaxResults") or _PAGE,
        invalid_token=lambda _: AwsError("InvalidNextTokenException", "NextToken is not valid"),
    )


def _limit(what: str, count: int, most: int) -> None:
    if count > most:
        raise AwsError("CreationLimitExceededException", f"{count} {what}; allowed are {most}")


def _duplicate(message: str) -> AwsError:
    return AwsError("DuplicateRecordException", message)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _unknown(message: str) -> AwsError:
    return AwsError("NotFoundException", message)
