"""One table out of several tests, a row each.

Example:
    python tools/analysis_tools/compare_scores.py \
        street=work_dirs/street/scores.json crowd=work_dirs/crowd/scores.json
"""
import argparse
import json
import sys
from typing import Any, Dict, List

from ipmot_mm.evaluation import format_score_table
from ipmot_mm.evaluation.mot_scoring import COMBINED


def read_rows(arguments: List[str]) -> Dict[str, Dict[str, Any]]:
    """Read the scores over all sequences of each test.

    Args:
        arguments (list[str]): Each ``NAME=FILE``, the file being the
            ``scores.json`` in the ``outfile_prefix`` of a metric.

    Returns:
        dict[str, dict]: Scores as fractions by name.
    """
    rows = {}
    for argument in arguments:
        name, separator, path = argument.partition('=')
        if not separator:
            raise ValueError(f'expected NAME=FILE, got "{argument}"')
        if name in rows:
            raise ValueError(f'{name} names two files, of which the table '
                             'would show one; give each its own name')
        try:
            with open(path, encoding='utf-8') as file:
                scores = json.load(file)
        except ValueError:  # no JSON, or no text
            scores = None
        if not (isinstance(scores, dict)
                and isinstance(scores.get(COMBINED), dict)):
            raise ValueError(f'{path}: no scores over all sequences; give '
                             'the scores.json of a TrackEvalMetric')
        rows[name] = scores[COMBINED]
    return rows


def main() -> None:
    """Print the table, or say in one line why not."""
    parser = argparse.ArgumentParser(
        description='Print several tests as one table')
    parser.add_argument('tests', nargs='+', metavar='NAME=FILE')
    try:
        table = format_score_table(read_rows(parser.parse_args().tests))
    except (ValueError, OSError) as error:
        sys.stderr.write(f'compare_scores.py: {error}\n')
        sys.exit(2)
    sys.stdout.write(f'{table}\n')


if __name__ == '__main__':
    main()
