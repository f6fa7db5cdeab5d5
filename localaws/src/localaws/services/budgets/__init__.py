"""AWS Budgets: budgets, their notifications, subscribers and tags.

Nothing that runs on localaws costs money, so the actual spend of every budget is 0 and no notification is
ever sent. Budget actions, limits that adjust themselves and filter expressions are refused by name.
"""
