"""Evidence with numbers that are easy to reckon with."""


def make_evidence():
    """Three seeds of two rows, and a row with one; two unseen domains."""
    base = {0: (0.30, 0.20, 0.10), 1: (0.32, 0.24, 0.12),
            2: (0.31, 0.22, 0.14)}
    full = {0: (0.40, 0.30, 0.20), 1: (0.44, 0.32, 0.24),
            2: (0.42, 0.34, 0.22)}
    alone = {1: (0.50, None, 0.30)}
    return dict(
        format=1,
        study='sample',
        title='Sample',
        scale=None,
        reference='base',
        same_domain=['street'],
        cross_domain=['crowd', 'dance'],
        tests=['street', 'crowd', 'dance'],
        rows=dict(
            base=_row('the base', base, None, dict(HOTA=29.8)),
            full=_row('full', full, 'base', dict(HOTA=36.9)),
            alone=_row('alone', alone, 'base', {})),
        circumstances=[
            dict(
                machine=dict(
                    cpu='A CPU', device='cpu', cuda=None, torch_threads=1),
                versions=dict(torch='2.13.0'))
        ])


def _row(title, scores, against, paper):
    runs = {
        str(seed): dict(
            key=title,
            commit='abc',
            weights=None,
            seconds=1200.0,
            iterations=100,
            losses={},
            scores={
                test: dict(
                    HOTA=value, MOTA=value / 2, IDF1=value, DetA=value,
                    AssA=value, IDSW=10.0 + seed)
                for test, value in zip(('street', 'crowd', 'dance'), values)
                if value is not None
            })
        for seed, values in scores.items()
    }
    return dict(title=title, config='c.py', options={}, paper=paper,
                against=against, checkpoint_of=None, seeds=[0, 1, 2],
                runs=runs)
