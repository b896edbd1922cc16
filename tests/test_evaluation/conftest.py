"""A small folder of ground truth and results."""
import numpy as np
import pytest
from mot_samples import corrupt, random_truth, write_rows, write_sequence


@pytest.fixture
def sequence(tmp_path):
    """Folder with one sequence of 8 frames in gt and its tracks."""
    rng = np.random.default_rng(0)
    truth = random_truth(rng, 8, 9)
    write_sequence(tmp_path / 'gt', 'a', truth, 8)
    write_rows(tmp_path / 'tracks' / 'a.txt', corrupt(rng, truth))
    return tmp_path
