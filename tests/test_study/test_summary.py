"""Means over domains and seeds, against loops over the numbers."""
import numpy as np
import pytest
from evidence_samples import make_evidence
from scipy.stats import ttest_rel

from ipmot_mm.study.summary import summarise


def line_of(groups, key, name):
    group = next(group for group in groups if group.key == key)
    return next(line for line in group.lines if line.name == name)


def test_groups():
    main, domains = summarise(make_evidence())
    assert [group.title for group in main] == [
        'Same domain (street)', 'Cross-domain (mean of crowd, dance)']
    assert [group.key for group in domains] == ['street', 'crowd', 'dance']


def test_cross_domain_is_the_mean_over_domains():
    main, _ = summarise(make_evidence())
    line = line_of(main, 'cross', 'base')
    assert line.values['HOTA'] == pytest.approx((15.0, 18.0, 18.0))
    assert line.values['MOTA'] == pytest.approx((7.5, 9.0, 9.0))
    assert line.values['IDS'] == (10.0, 11.0, 12.0)  # no percentage
    assert line.mean('HOTA') == pytest.approx((17.0, np.sqrt(3)))


def test_comparison_pairs_seeds():
    main, _ = summarise(make_evidence())
    line = line_of(main, 'cross', 'full')
    one, two = [25.0, 28.0, 28.0], [15.0, 18.0, 18.0]
    assert line.comparison.mean == pytest.approx(10.0)
    assert line.comparison.p_value is None  # always the same difference
    line = line_of(main, 'same', 'full')
    one, two = [40.0, 44.0, 42.0], [30.0, 32.0, 31.0]
    assert line.comparison.p_value == pytest.approx(ttest_rel(one, two).pvalue)
    # of the other rows none can be tested
    assert line.corrected == line.comparison.p_value
    assert line.against == 'the base'


def test_a_seed_without_all_domains_does_not_count():
    main, domains = summarise(make_evidence())
    assert line_of(main, 'cross', 'alone').seeds == ()
    assert line_of(main, 'cross', 'alone').comparison is None
    line = line_of(domains, 'dance', 'alone')
    assert line.seeds == (1, ) and line.comparison.count == 1
    assert line.comparison.mean == pytest.approx(30.0 - 12.0)


def test_the_papers_scores_are_of_its_unseen_domain():
    main, domains = summarise(make_evidence())
    assert line_of(main, 'cross', 'base').paper == 29.8
    assert line_of(main, 'same', 'base').paper is None
    assert line_of(domains, 'dance', 'base').paper is None
    evidence = make_evidence()
    evidence.update(cross_domain=[])
    main, _ = summarise(evidence)
    assert line_of(main, 'same', 'base').paper == 29.8
