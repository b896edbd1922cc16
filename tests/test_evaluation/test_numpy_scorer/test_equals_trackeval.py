"""Every field of many small sequences against TrackEval's own code."""
import numpy as np
import pytest
from random_boxes import random_boxes, sequence_of

from ipmot_mm.evaluation import BENCHMARKS, numpy_scorer, trackeval_dataset
from ipmot_mm.evaluation.mot_scoring import METRICS_OF_TRACKEVAL

pytestmark = pytest.mark.parity
NUM_SEQUENCES = 60  # for each benchmark


def assert_same(got, want, where):
    """Counts exactly, all else but for the order of additions."""
    assert got.keys() == want.keys() == set(METRICS_OF_TRACKEVAL)
    for family, fields in want.items():
        assert got[family].keys() == fields.keys()
        for field, value in fields.items():
            np.testing.assert_allclose(
                got[family][field], value, rtol=0, atol=1e-12,
                err_msg=f'{where} {family} {field}')


def both(number, benchmark):
    """Scores of one random sequence by both scorers."""
    num_frames, boxes = random_boxes(number)
    return [
        module.score_boxes(
            sequence_of(num_frames), boxes, benchmark=benchmark,
            metrics=METRICS_OF_TRACKEVAL)
        for module in (numpy_scorer, trackeval_dataset)
    ]


@pytest.mark.parametrize('index', range(len(BENCHMARKS)), ids=BENCHMARKS)
def test_sequences_and_their_combination(index):
    ours, theirs = {}, {}
    for number in range(index, NUM_SEQUENCES * len(BENCHMARKS),
                        len(BENCHMARKS)):
        ours[str(number)], theirs[str(number)] = both(number,
                                                      BENCHMARKS[index])
        assert_same(ours[str(number)], theirs[str(number)], number)
    # of a part too, as sums of few numbers round otherwise
    for names in (list(ours), list(ours)[:3], list(ours)[7:8]):
        assert_same(*(module.combine_scores(
            {name: scores[name] for name in names}, METRICS_OF_TRACKEVAL)
            for module, scores in ((numpy_scorer, ours),
                                   (trackeval_dataset, theirs))), 'combined')


def test_the_sequences_are_of_every_kind():
    scores = [both(number, 'custom')[1] for number in range(60)]
    clear = [score['CLEAR'] for score in scores]
    for field in ('IDSW', 'Frag', 'MT', 'PT', 'ML', 'CLR_FP', 'CLR_FN'):
        assert sum(fields[field] > 0 for fields in clear) > 20, field
    assert sum(fields['CLR_TP'] == 0 for fields in clear) > 2
    kinds = {(len(boxes.truth) > 0, len(boxes.results) > 0)
             for _, boxes in map(random_boxes, range(360))}
    assert len(kinds) == 4
