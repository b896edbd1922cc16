"""Make a file for others, or to start from, of a training's checkpoint.

Keeps the tracker, its detector or all parameters, and drops the rest of the
training. Writes NAME-<8 digits of its SHA-256>.pth, a model card
NAME-<digits>.md beside it and, with --metafile, an entry for a metafile.yml.
With --plain it writes exactly the file named, the weights alone.

Example:
    python tools/model_converters/publish_model.py epoch_20.pth out/ipmot.pth \
        --config CONFIG --scores MOT20=work_dirs/mot20/scores.json
    python tools/model_converters/publish_model.py epoch_20.pth tracker.pth \
        --plain
    python tools/train.py CONFIG --cfg-options load_from=tracker.pth
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List, Mapping, Optional

import yaml

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.checkpoint_layouts.model_card import (NOT_STATED, describe_file,
                                                    describe_training,
                                                    metafile_entry, write_card)
from ipmot_mm.checkpoint_layouts.release import (PARTS, Release, differing,
                                                 pack, select)
from ipmot_mm.compat.checkpoint import load_from_local
from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.evaluation.mot_scoring import COMBINED
from ipmot_mm.user_errors import CommandError, run_tool


def publish_model(args: argparse.Namespace) -> None:
    """Write the files.

    Args:
        args (Namespace): See :func:`main`.

    Raises:
        ValueError: Nothing is written, but for a file that does not load
            again.
    """
    checkpoint = load_from_local(args.src, map_location='cpu')
    release = select(checkpoint, args.keep, with_config=args.with_config)
    count = f'{len(release.weights)} of ' \
        f'{len(release.weights) + release.num_dropped} tensors'
    if args.plain:
        save_to_disk(dict(state_dict=dict(release.weights)), args.dst)
        sys.stdout.write(f'{args.dst}: {count} ({args.keep})\n')
        return
    scores = _read_scores(args.scores)
    content, sha256 = pack(release)
    stem = Path(args.dst)
    if stem.suffix in ('.pth', '.pt'):  # not the one of a name like v1.2
        stem = stem.with_suffix('')
    path = stem.with_name(f'{stem.name}-{sha256[:8]}.pth')
    write_atomically(path, content)
    _load_again(release, path, args.config)
    facts = {
        # no folders of the publisher
        'Config': f'`{Path(args.config).name}`' if args.config else NOT_STATED,
        **describe_training(checkpoint),
        **describe_file(release, path, sha256),
        'Licence of the weights': args.licence,
    }
    card = path.with_suffix('.md')
    write_atomically(
        card, write_card(stem.name, facts, args.keep, scores, args.limit))
    sys.stdout.write(f'{path}: {count} ({args.keep})\n{card}: model card\n')
    if args.metafile:
        entry = metafile_entry(stem.name, args.config or NOT_STATED, facts,
                               scores, path.name)
        file = path.with_suffix('.yml')
        write_atomically(file, yaml.safe_dump([entry], sort_keys=False))
        sys.stdout.write(f'{file}: entry for Models in a metafile.yml\n')


def _read_scores(arguments: List[str]) -> Dict[str, Mapping[str, float]]:
    """Scores over all sequences of each test, ``NAME=FILE``."""
    rows = {}
    for argument in arguments:
        name, separator, file = argument.partition('=')
        if not separator:
            raise CommandError(f'--scores expects NAME=FILE, got {argument}')
        try:
            rows[name] = json.loads(Path(file).read_text())[COMBINED]
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f'{file} has no scores over all sequences; give the '
                'scores.json of a TrackEvalMetric') from error
    return rows


def _load_again(release: Release, path: Path, config: Optional[str]) -> None:
    """Read the file as its users will, and compare."""
    if config is None or release.part == 'detector':
        loaded = load_from_local(
            str(path), map_location='cpu')['state_dict']
    else:
        from ipmot_mm.apis import init_tracker
        loaded = {
            **release.weights,  # of the TrackBook, which is not built
            **init_tracker(config, path).state_dict()
        }
    broken = differing(release, loaded)
    if broken:
        raise CommandError(
            f'{path} does not give back {len(broken)} of its tensors, such '
            f'as {broken[0]}; the disk or the memory may be faulty')


def main(argv: Optional[List[str]] = None) -> int:
    """Publish a file, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of a training')
    parser.add_argument('dst', help='file to write, e.g. out/ipmot.pth')
    parser.add_argument(
        '--keep',
        choices=PARTS,
        default='tracker',
        help='tracker: all but the TrackBook (default); all: with it')
    parser.add_argument(
        '--plain',
        action='store_true',
        help='write exactly DST with the weights alone, for load_from')
    parser.add_argument(
        '--config', help='config of the training; the file has to fit it')
    parser.add_argument(
        '--with-config',
        action='store_true',
        help='keep the text of the config in the file; it may name folders')
    parser.add_argument(
        '--scores',
        nargs='+',
        default=[],
        metavar='NAME=FILE',
        help='scores.json of tests, for the card; no other scores enter it')
    parser.add_argument(
        '--licence', default=NOT_STATED, help='of the weights')
    parser.add_argument(
        '--limit',
        nargs='+',
        default=[],
        help='further sentences for the limits in the card')
    parser.add_argument(
        '--metafile',
        action='store_true',
        help='also write the entry of a metafile.yml')
    return run_tool(publish_model, parser.parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
