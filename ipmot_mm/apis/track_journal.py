"""What lets a long run go on after it was killed."""
import hashlib
import os
import shutil
from itertools import islice
from pathlib import Path
from typing import IO, Any, Dict, Iterator, Optional, Sequence, Union

import torch
from mmengine.structures import InstanceData

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.datasets.frame_source import FrameSource, list_images

from .frame_tracker import FrameTracker, find_test_pipeline
from .track_formats import from_record, to_record

TRACKS, STATE = 'tracks.jsonl', 'state.pth'


class TrackJournal:
    """Keeps the tracks of all frames and, now and then, the tracker's state.

    A run that goes on gets the tracks of the frames before from here, without
    the model, and all others from the tracker in the state that it had. So
    what is written from them, be it text or video, is what a run without a
    break would have written; nothing has to be cut or joined.

    Args:
        folder (str | Path): Where it is kept: ``tracks.jsonl``, a line of
            :func:`to_record` for each frame, and ``state.pth``.
        save_every (int): Frames between two states, which is what a killed
            run loses at most. Defaults to 200.
        resume (bool): Whether to go on where the folder holds a state; else
            what is in there is replaced. Defaults to False.

    Attributes:
        num_frames (int): Frames in the journal; after construction, those
            that are not tracked again.

    Raises:
        ValueError: If ``save_every`` is not positive or the state is damaged.
    """

    def __init__(self,
                 folder: Union[str, Path],
                 *,
                 save_every: int = 200,
                 resume: bool = False) -> None:
        if save_every < 1:
            raise ValueError(
                f'save_every must be 1 frame or more, got {save_every}')
        self.folder = Path(folder)
        self.save_every = save_every
        self._saved = self._read_state() if resume else None
        self.num_frames = self._saved['num_frames'] if self._saved else 0
        self._marks: Dict[str, str] = {}
        self._file: Optional[IO[str]] = None

    def check(self, tracker: FrameTracker, source: FrameSource,
              look_ahead: int) -> None:
        """See whether the run can go on, before anything is replaced.

        Args:
            tracker (FrameTracker): The tracker.
            source (FrameSource): What is tracked.
            look_ahead (int): Frames that are encoded together.

        Raises:
            ValueError: If the input ends of itself at no time, the model
                keeps its tracks, or the journal is of another run.
        """
        if source.is_live:
            raise ValueError(
                f'input {source.source!r} is live: its frames come once, so '
                'that no run goes on with it; leave the journal out')
        tracker.state_dict()  # or an error at the beginning
        self._marks = _marks(tracker, source, look_ahead)
        if self._saved is not None:
            self._compare(self._saved['marks'])

    def begin(self, tracker: FrameTracker, source: FrameSource,
              look_ahead: int) -> Iterator[InstanceData]:
        """Bring the tracker to the state from which the run goes on.

        Args:
            tracker (FrameTracker): The tracker.
            source (FrameSource): What is tracked.
            look_ahead (int): Frames that are encoded together.

        Returns:
            Iterator: The tracks of the frames before, to be used up before
            the next call.

        Raises:
            ValueError: As of :meth:`check`.
        """
        self.check(tracker, source, look_ahead)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / TRACKS
        if self._saved is None:
            self.num_frames = 0
            (self.folder / STATE).unlink(missing_ok=True)
            self._file = open(path, 'w', encoding='utf-8')
            return iter(())
        _cut(path, self.num_frames)
        state, self._saved = self._saved['tracker'], None
        tracker.load_state_dict(state)
        self._file = open(path, 'a', encoding='utf-8')
        return _read(path, self.num_frames)

    def append(self, found: Sequence[InstanceData],
               tracker: FrameTracker) -> None:
        """Note the tracks of further frames.

        Args:
            found (sequence[InstanceData]): Of each frame.
            tracker (FrameTracker): In the state after these frames.
        """
        before = self.num_frames
        for tracks in found:
            self.num_frames += 1
            self._file.write(to_record(self.num_frames, 0.0, tracks) + '\n')
        if before // self.save_every < self.num_frames // self.save_every:
            self.save(tracker)

    def save(self, tracker: FrameTracker) -> None:
        """Save the state; the frames before are on the disk by then.

        Args:
            tracker (FrameTracker): In the state after the last frame noted.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        content = dict(
            num_frames=self.num_frames,
            marks=self._marks,
            tracker=tracker.state_dict())
        write_atomically(self.folder / STATE,
                         lambda file: torch.save(content, file))

    def close(self) -> None:
        """Close the files; what was saved stays."""
        if self._file is not None:
            self._file.close()

    def remove(self) -> None:
        """Delete it, once all that is made of it is complete."""
        self.close()
        for name in (TRACKS, STATE):
            (self.folder / name).unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            shutil.rmtree(self.folder)

    def _read_state(self) -> Optional[Dict[str, Any]]:
        path = self.folder / STATE
        if not path.is_file():
            return None
        try:
            saved = torch.load(path, map_location='cpu', weights_only=True)
            # a run that came to no frame has nothing to go on with
            return saved if saved['num_frames'] else None
        except Exception as error:  # of many kinds, of pickle and of zip
            reason = (str(error).splitlines() or ['no content'])[0]
            raise ValueError(
                f'{path} cannot be read ({reason}); delete the folder, or '
                'begin anew without resuming') from None

    def _compare(self, marks: Dict[str, str]) -> None:
        other = [key for key, mark in self._marks.items()
                 if marks.get(key) != mark]
        if other:
            raise ValueError(
                f'{self.folder} is of a run with another '
                f'{" and another ".join(other)}; give the same as then, or '
                'begin anew without resuming')


def _marks(tracker: FrameTracker, source: FrameSource,
           look_ahead: int) -> Dict[str, str]:
    """What must be the same in a run that goes on, and how to tell."""
    weights = hashlib.sha256()
    for name, value in tracker.model.state_dict().items():
        weights.update(name.encode())
        data = value.detach().cpu().contiguous().reshape(-1)
        weights.update(data.view(torch.uint8).numpy())
    cfg = tracker.model.cfg.to_dict()
    return dict(
        input=_mark_of_input(source),
        config=repr((cfg['model'], find_test_pipeline(tracker.model.cfg))),
        weights=weights.hexdigest(),
        look_ahead=str(look_ahead))


def _mark_of_input(source: FrameSource) -> str:
    """It may be moved; folders often have one name and length, as img1."""
    path = Path(str(source.source))
    if path.is_dir():
        first = hashlib.sha256(list_images(path)[0].read_bytes())
        return f'{source.num_frames_hint} {first.hexdigest()}'
    size = path.stat().st_size if path.is_file() else source.num_frames_hint
    return f'{path.name} {size}'


def _cut(path: Path, num_lines: int) -> None:
    """Drop the frames after the state; they are tracked again."""
    path.touch()  # it may be gone, as its lines may be
    with open(path, 'rb+') as file:
        num_found = sum(1 for _ in islice(iter(file.readline, b''), num_lines))
        if num_found < num_lines:
            raise ValueError(
                f'{path} holds {num_found} frames, its state says '
                f'{num_lines}; begin anew without resuming')
        file.truncate(file.tell())


def _read(path: Path, num_lines: int) -> Iterator[InstanceData]:
    with open(path, encoding='utf-8') as file:
        yield from map(from_record, islice(file, num_lines))
