"""What the tests of this room share: one catalogue and one analyzer, made once."""

from __future__ import annotations

import pytest

from nlp.analyzer import Analyzer
from nlp.gazetteer.catalogue import Catalogue
from nlp.prepared import Preparer


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def preparer(catalogue: Catalogue) -> Preparer:
    return Preparer(catalogue)


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer.load()
