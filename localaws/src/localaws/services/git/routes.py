"""The paths of the Git server. What answers them is imported with the first request."""

from __future__ import annotations

import re
from typing import Final

from localaws.core.context import ContextFactory
from localaws.core.web import WebApplication, WebRoute


def _repositories(context_factory: ContextFactory) -> WebApplication:
    from localaws.services.git.application import GitApplication

    return GitApplication(context_factory)


def _control(context_factory: ContextFactory) -> WebApplication:
    from localaws.services.git.control import ControlApplication

    return ControlApplication(context_factory)


# A bucket whose objects have such keys is read with a signature, and so is not meant here.
_HOSTED = r"/[^/]+/[^/]+\.git/(info/refs|git-upload-pack|git-receive-pack)$"
ROUTES: Final = (
    WebRoute(re.compile(rf"/v1/repos/[^/]+(/|$)|{_HOSTED}"), _repositories),
    WebRoute(re.compile(r"/_git/"), _control),
)
"""Repositories for Git clients, and the commands ``localaws connect`` and ``localaws pr``."""
