"""Shared fixtures."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(scope="session")
def model():
    """An untrained model; tests leave its weights alone."""
    from aphidiff.model import APHiDiff

    torch.manual_seed(0)
    torch.set_num_threads(1)
    return APHiDiff().eval()
