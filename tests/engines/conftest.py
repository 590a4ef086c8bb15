"""Worker processes that outlive a test, because they take seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coresift.engines._processes import Processes


class Kept(Processes):
    """Workers that outlive a selection."""

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    engine = Kept(2)
    yield engine
    engine.close()
