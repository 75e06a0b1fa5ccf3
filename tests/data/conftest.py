"""Fixtures that tests of downloads share."""

from tests.data.servers import cache, server  # noqa: F401
