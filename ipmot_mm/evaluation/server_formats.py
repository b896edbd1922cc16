"""What the benchmark servers take, in one table."""
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Tuple


@dataclass(frozen=True)
class ServerFormat:
    """What one benchmark server takes.

    Attributes:
        test (Mapping[str, int]): Number of frames of each test video.
        train (Mapping[str, int]): The same of the training videos, where the
            server wants them, too. Defaults to none.
        suffixes (tuple[str]): What the names of a video's files end with;
            one file each. Defaults to one file without a suffix.
        folder (str): Folder of the files in the archive, with a slash at its
            end. Defaults to '', the top level.
    """
    test: Mapping[str, int]
    train: Mapping[str, int] = field(default_factory=dict)
    suffixes: Tuple[str, ...] = ('', )
    folder: str = ''

    def file_names(self, video: str) -> List[str]:
        """Names of the result files of a video, without folder."""
        return [f'{video}{suffix}.txt' for suffix in self.suffixes]

    def members(self, videos: Mapping[str, int]) -> Dict[str, int]:
        """Number of frames for each file of an archive of these videos."""
        return {
            self.folder + name: num_frames
            for video, num_frames in videos.items()
            for name in self.file_names(video)
        }


def _videos(prefix: str, **num_frames: int) -> Dict[str, int]:
    """Lengths by name; a keyword is a number of the video after ``_``."""
    return {prefix + key[1:]: count for key, count in num_frames.items()}


SERVER_FORMATS: Dict[str, ServerFormat] = {
    'MOT17': ServerFormat(
        test=_videos('MOT17-', _01=450, _03=1500, _06=1194, _07=500, _08=625,
                     _12=900, _14=750),
        train=_videos('MOT17-', _02=600, _04=1050, _05=837, _09=525, _10=654,
                      _11=900, _13=750),
        suffixes=('-DPM', '-FRCNN', '-SDP')),
    'MOT20': ServerFormat(
        test=_videos('MOT20-', _04=2080, _06=1008, _07=585, _08=806),
        train=_videos('MOT20-', _01=429, _02=2782, _03=2405, _05=3315)),
    'DanceTrack': ServerFormat(
        test=_videos('dancetrack0',
                     _003=1203, _009=1202, _011=1203, _013=1203, _017=1601,
                     _021=1203, _022=1202, _028=1243, _031=1202, _036=1203,
                     _038=1202, _040=1283, _042=803, _046=1003, _048=1202,
                     _050=1202, _054=843, _056=1203, _059=1203, _060=1202,
                     _064=1502, _067=1202, _070=1303, _071=603, _076=1202,
                     _078=1203, _084=1202, _085=1203, _088=603, _089=603,
                     _091=1203, _092=1203, _093=602, _095=403, _100=903),
        folder='tracker/')
}  # yapf: disable
"""Facts by benchmark.

MOT17 and MOT20: motchallenge.net/instructions wants one zip with the text
files in its root, named exactly like the sequences, ten values a line, frames
and ids from 1. The server counts the training videos, too: «7 results found
in archive, but 42 needed» for MOT17 (ifzhang/FairMOT, issue 301), eight files
for MOT20 (FoundationVision/ByteTrack, issue 439). Names and lengths: tables
of arXiv:1603.00831 and arXiv:2003.09003, seqmaps of TrackEval.

DanceTrack: README.md of DanceTrack/DanceTrack at 0a9d152, "Competition": the
archive holds the folder, which must be called tracker. Names: the test split
as public trackers list it. Lengths: the last frames of published results;
they add up to the 38551 test frames of arXiv:2111.14690.

Not known: whether MOTChallenge still insists on the training videos; what its
server does with a file without rows (TrackEval, which it runs, takes it); and
whether DanceTrack's move to CodaBench changed anything but the address.
SportsMOT is absent: the inside of its archive is described nowhere that we
know of, users report "not one-to-one matches" (MCG-NJU/SportsMOT, issue 17).
"""
