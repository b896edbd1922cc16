"""All videos together: totals, a table, a JSON file."""
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Set, Tuple

import numpy as np
from mmengine.config import Config

from ipmot_mm.engine.hooks.track_book_hook import FLOATS_PER_NUMBER
from ipmot_mm.evaluation.score_table import align_columns

from .dataset_part import DatasetPart
from .problems import ProblemGroup, group_problems
from .video_report import VideoReport, check_video, distribution

BYTES_PER_FLOAT = 4
COLUMNS = ('video', 'frames', 'size', 'objects', 'ids', 'per frame', 'p95',
           'max', 'empty', 'ignored', 'cut', 'gaps', 'errors', 'warnings')
MAX_VIDEO_ROWS = 200


@dataclass(frozen=True)
class ModelNeeds:
    """What the numbers of a data set are compared with.

    Attributes:
        num_queries (int): Detect queries. Defaults to 300.
        num_context_tokens (int): M, tokens of an identity. Defaults to 4.
        token_dims (int): Width of a token, 512 in the text tower of CLIP
            ViT-B. Defaults to 512.
        with_track_book (bool): Whether the model has a TrackBook. Defaults
            to True.
    """
    num_queries: int = 300
    num_context_tokens: int = 4
    token_dims: int = 512
    with_track_book: bool = True

    @classmethod
    def from_config(cls, cfg: Config) -> 'ModelNeeds':
        """Read them from the model of a config; defaults where it is silent.

        Args:
            cfg (:obj:`Config`): May have no model.

        Returns:
            :obj:`ModelNeeds`: The numbers.
        """
        model = cfg.get('model') or {}
        queries = model.get('detector', {}).get('num_queries', 300)
        if 'track_book' in model and model.track_book is None:
            return cls(num_queries=queries, with_track_book=False)
        book = model.get('track_book', {})
        text = (book.get('clip', {}).get('model_cfg') or {}).get(
            'text_cfg', {})
        return cls(
            num_queries=queries,
            num_context_tokens=book.get('num_context_tokens', 4),
            token_dims=text.get('width', 512))

    def track_book_bytes(self, num_identities: int) -> int:
        """Memory of the TrackBook: float32 tokens and the optimiser's state.

        Args:
            num_identities (int): Rows.

        Returns:
            int: Bytes, as :obj:`TrackBookHook` reports them.
        """
        if not self.with_track_book:
            return 0
        return (num_identities * self.num_context_tokens * self.token_dims *
                BYTES_PER_FLOAT * FLOATS_PER_NUMBER)


@dataclass(frozen=True)
class DatasetReport:
    """The reports of all videos of one or more data sets.

    Attributes:
        videos (tuple[:obj:`VideoReport`]): At least one.
        needs (:obj:`ModelNeeds`): What they are compared with.
        num_track_book_rows (int): Identities of the data sets that use the
            TrackBook.
    """
    videos: Tuple[VideoReport, ...]
    needs: ModelNeeds
    num_track_book_rows: int

    @property
    def num_errors(self) -> int:
        """int: Problems that have to be corrected."""
        return sum(video.problems.num_errors for video in self.videos)

    @property
    def num_warnings(self) -> int:
        """int: Suspicious findings."""
        return sum(video.problems.num_warnings for video in self.videos)

    def pooled(self, name: str) -> np.ndarray:
        """An array of all videos, such as ``'objects_per_frame'``."""
        return np.concatenate([getattr(video, name) for video in self.videos])

    def classes(self) -> Dict[int, int]:
        """Rows of each class number over all videos, conf 0 left out."""
        total: Dict[int, int] = {}
        for video in self.videos:
            for number, count in video.classes.items():
                total[number] = total.get(number, 0) + count
        return dict(sorted(total.items()))

    def problem_groups(self) -> List[ProblemGroup]:
        """All problems by kind, errors first."""
        return group_problems(video.problems for video in self.videos)

    def summary(self) -> List[str]:
        """What the table cannot say, a line each."""
        rows = self.num_track_book_rows
        size = self.needs.track_book_bytes(rows) / 2**20
        most = int(self.pooled('objects_per_frame').max(initial=0))
        return [
            f'classes (rows): {self.classes()}',
            *self._untrained(),
            f'detect queries: {self.needs.num_queries}, objects in a frame: '
            f'at most {most}',
            f'TrackBook: {rows} identities x {self.needs.num_context_tokens} '
            f'tokens x {self.needs.token_dims}, {size:.1f} MiB with optimizer '
            'state' if self.needs.with_track_book else 'TrackBook: none',
            f'{self.num_errors} errors, {self.num_warnings} warnings',
        ]

    def _untrained(self) -> List[str]:
        """A line about the boxes of classes that nobody asked for."""
        counts: Dict[int, int] = {}
        asked: Set[int] = set()
        for video in self.videos:
            others = set(video.classes).difference(video.class_ids)
            asked.update(video.class_ids if others else ())
            for number in others:
                counts[number] = counts.get(number, 0) + video.classes[number]
        if not counts:
            return []
        listed = ', '.join(f'{counts[number]} boxes of class {number}'
                           for number in sorted(counts))
        numbers = ' '.join(map(str, sorted(asked | set(counts))))
        return [f'{listed} are not trained on (--class-ids {numbers} would; '
                'a config has class_ids)']

    def to_dict(self) -> Dict[str, Any]:
        """The report as plain numbers and texts, for a JSON file."""
        counts = self.pooled('objects_per_frame')
        rows = self.num_track_book_rows
        return dict(
            num_errors=self.num_errors,
            num_warnings=self.num_warnings,
            num_queries=self.needs.num_queries,
            track_book=dict(
                num_identities=rows,
                num_context_tokens=self.needs.num_context_tokens,
                token_dims=self.needs.token_dims,
                num_bytes=self.needs.track_book_bytes(rows)),
            total=dict(
                num_videos=len(self.videos),
                num_frames=len(counts),
                num_objects=int(counts.sum()),
                num_identities=sum(v.num_identities for v in self.videos),
                classes={str(k): n for k, n in self.classes().items()},
                frames_without_objects=int((counts == 0).sum()),
                objects_per_frame=distribution(counts),
                box_height=distribution(self.pooled('heights')),
                visibility=distribution(self.pooled('visibilities'))),
            videos=[video.to_dict() for video in self.videos])

    def table(self) -> List[Tuple[str, ...]]:
        """Header, one row for each video and a total, as texts."""
        shown = self.videos[:MAX_VIDEO_ROWS]
        rows = [_table_row(video) for video in shown]
        if len(self.videos) > len(shown):
            rest = len(self.videos) - len(shown)
            rows.append((f'... {rest} more', *[''] * (len(COLUMNS) - 1)))
        return [COLUMNS, *rows, self._total_row()]

    def _total_row(self) -> Tuple[str, ...]:
        counts = self.pooled('objects_per_frame')
        videos = self.videos
        return (f'total ({len(videos)})', str(len(counts)), '',
                str(int(counts.sum())),
                str(sum(video.num_identities for video in videos)),
                *_crowd(counts),
                str(sum(video.num_ignored for video in videos)),
                str(sum(v.counts['partly_outside'] for v in videos)),
                str(sum(v.counts.get('gaps', 0) for v in videos)),
                str(self.num_errors), str(self.num_warnings))


def _table_row(video: VideoReport) -> Tuple[str, ...]:
    size = '?' if video.size is None else f'{video.size[0]}x{video.size[1]}'
    return (video.name, str(len(video.objects_per_frame)), size,
            str(len(video.heights)), str(video.num_identities),
            *_crowd(video.objects_per_frame), str(video.num_ignored),
            str(video.counts['partly_outside']),
            str(video.counts.get('gaps', 0)), str(video.problems.num_errors),
            str(video.problems.num_warnings))


def _crowd(counts: np.ndarray) -> Tuple[str, ...]:
    """Mean, 95 %, maximum and zeros of objects per frame."""
    if len(counts) == 0:
        return ('', '', '', '')
    return (f'{counts.mean():.1f}', f'{np.percentile(counts, 95):.0f}',
            str(int(counts.max())), str(int((counts == 0).sum())))


def check_parts(parts: Sequence[DatasetPart],
                needs: ModelNeeds,
                *,
                decode: bool = False,
                seed: int = 0) -> DatasetReport:
    """Check all videos of all data sets, and go on after problems.

    Args:
        parts (Sequence[:obj:`DatasetPart`]): At least one.
        needs (:obj:`ModelNeeds`): What to compare with.
        decode (bool): Whether to decode all images. Defaults to False.
        seed (int): Chooses the images that are decoded. Defaults to 0.

    Returns:
        :obj:`DatasetReport`: Numbers and problems.
    """
    videos: List[VideoReport] = []
    num_rows = 0
    for part in parts:
        reports = [
            check_video(
                video,
                part=part.name,
                class_ids=part.class_ids,
                num_queries=needs.num_queries,
                decode=decode,
                seed=seed) for video in part.videos()
        ]
        if part.with_identities:
            num_rows += sum(report.num_identities for report in reports)
        videos.extend(reports)
    return DatasetReport(tuple(videos), needs, num_rows)


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Align texts in columns: the first to the left, numbers to the right.

    Args:
        rows (Sequence[Sequence[str]]): Header and rows, of one length.

    Returns:
        str: Lines.
    """
    lines = align_columns(rows)
    lines.insert(1, '-' * len(lines[0]))
    return '\n'.join(lines)
