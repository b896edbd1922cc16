"""Archives of results in the form that the benchmark servers take."""
import io
import os
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import (Collection, Dict, Iterator, List, Mapping, Optional,
                    Sequence, Tuple, Union)

from mmengine.logging import print_log

from ipmot_mm.atomic_files import write_atomically

from .result_problems import clean_results, find_result_problems
from .scored_sequence import ScoredSequence
from .server_formats import SERVER_FORMATS, ServerFormat

_DATE_OF_ALL = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
_UNIX = 3


def write_submission(result_dir: Union[str, Path],
                     path: Union[str, Path],
                     *,
                     benchmark: str,
                     require_train: bool = False,
                     names: Optional[Collection[str]] = None) -> Path:
    """Check result files and pack them for a benchmark server.

    Equal results give an equal archive, byte for byte. A byte order mark,
    blank lines and Windows line ends are taken out on the way. MOT17 shows
    every video under the names of three detectors; a private detector has one
    result for all of them, so names of a video that are absent get a copy of
    the one that is there. Files that the server does not ask for are left
    out.

    Results of the training videos are packed if there are any. The servers of
    MOT17 and MOT20 counted them when last seen; a warning says so where they
    are absent.

    Args:
        result_dir (str | Path): Holds ``<sequence>.txt``, as
            ``TrackEvalMetric`` writes them to ``outfile_prefix``.
        path (str | Path): The archive, ending in ``.zip``, replaced
            atomically. DanceTrack asks for the name ``tracker.zip``.
        benchmark (str): One of ``SERVER_FORMATS``.
        require_train (bool): Whether absent results of training videos are
            an error. Defaults to False.
        names (Collection[str], optional): Sequences whose results are
            looked at, as if there were no others in the folder, such as
            those of an earlier run. Defaults to None, for all.

    Returns:
        Path: The archive.

    Raises:
        FileNotFoundError: If ``result_dir`` is not a folder.
        ValueError: If ``benchmark`` is unknown, ``path`` does not end in
            ``.zip``, or the results have problems; all of them are listed.
    """
    server = _server_format(benchmark)
    result_dir, path = Path(result_dir), Path(path)
    if not result_dir.is_dir():
        raise FileNotFoundError(
            f'result_dir "{result_dir}" is not a folder. Name the folder with '
            '<sequence>.txt, which is outfile_prefix of the metric.')
    if path.suffix != '.zip':
        raise ValueError(f'The archive must end in .zip, got "{path}". The '
                         'servers take no other kind.')
    present = {
        file.name: file
        for file in result_dir.glob('*.txt')
        if names is None or file.stem in names
    }
    videos = _expected_videos(benchmark, present, require_train)
    contents: Dict[str, bytes] = {}
    problems: List[str] = []
    for video, num_frames in videos.items():
        wanted = server.file_names(video)
        found = [name for name in wanted if name in present]
        if not found:
            problems.append(f'missing: {" or ".join(wanted)}')
            continue
        texts = {
            name: clean_results(present[name].read_bytes())
            for name in found
        }
        if found != wanted and len(set(texts.values())) > 1:
            problems.append(f'{" and ".join(found)} differ, so none of them '
                            'can stand for the absent one')
        for name in found:
            problems += find_result_problems(present[name], num_frames)
        for name in wanted:
            contents[server.folder + name] = texts.get(name, texts[found[0]])
    _refuse(str(result_dir), benchmark, problems)
    _write_archive(path, contents)
    return path


def check_whole_videos(result_dir: Union[str, Path],
                       sequences: Sequence[ScoredSequence],
                       num_tracked: Mapping[str, int], *,
                       benchmark: str) -> None:
    """Refuse results of parts of videos, which files do not tell.

    Args:
        result_dir (str | Path): Where the results are, for the message.
        sequences (Sequence[:obj:`ScoredSequence`]): What was tracked. Those
            that the server does not ask for may be parts.
        num_tracked (Mapping[str, int]): Number of frames that were seen, by
            the name of the sequence.
        benchmark (str): One of ``SERVER_FORMATS``.

    Raises:
        ValueError: If ``benchmark`` is unknown, or not all frames of a video
            were tracked; all such videos are listed.
    """
    server = _server_format(benchmark)
    lengths = {
        f'{video}{suffix}': num_frames
        for video, num_frames in {**server.test, **server.train}.items()
        for suffix in server.suffixes
    }
    _refuse(str(result_dir), benchmark, [
        f'{each.name}: its frames 1 to {lengths[each.name]} are wanted, but '
        f'{num_tracked[each.name]} of {each.num_frames} frames from number '
        f'{each.first_frame} on were tracked; test whole videos (half=None), '
        'or set submission=None' for each in sequences
        if each.name in lengths and not (
            each.first_frame == 1 and num_tracked[each.name] ==
            each.num_frames == lengths[each.name])
    ])


def check_submission(path: Union[str, Path],
                     *,
                     benchmark: str,
                     require_train: bool = False) -> None:
    """Refuse an archive that the server would refuse.

    Checked are the names and places of the files, and of every line: ten
    columns separated by commas, finite numbers, a whole frame of the video, a
    whole id of at least 1 that occurs once in its frame, a box with an area,
    and no class but pedestrian in column 8 (-1 stands for none). The score
    only has to be finite: the server's own example writes -1. A file without
    rows passes.

    Args:
        path (str | Path): The archive.
        benchmark (str): One of ``SERVER_FORMATS``.
        require_train (bool): Whether the training videos must be there. If
            one of them is, all must be. Defaults to False.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If ``benchmark`` is unknown or the archive has problems;
            all of them are listed, with file and line.
    """
    server = _server_format(benchmark)
    if not Path(path).is_file():
        raise FileNotFoundError(f'"{path}" is missing, expected an archive as '
                                'write_submission makes it. Write it first.')
    with tempfile.TemporaryDirectory(prefix='ipmot_check_') as folder:
        names, files, problems = _extract(path, Path(folder))
        wanted = server.members(
            _expected_videos(benchmark,
                             {os.path.basename(name)
                              for name in names}, require_train))
        problems += _name_problems(names, wanted, server.folder)
        for name in wanted.keys() & files.keys():
            problems += find_result_problems(
                files[name], wanted[name], name=name, strict=True)
    _refuse(str(path), benchmark, sorted(problems))


def _server_format(benchmark: str) -> ServerFormat:
    if benchmark not in SERVER_FORMATS:
        raise ValueError(
            f'benchmark must be one of {", ".join(SERVER_FORMATS)}, got '
            f'{benchmark!r}. Other servers are not known here.')
    return SERVER_FORMATS[benchmark]


def _expected_videos(benchmark: str, names: Collection[str],
                     require_train: bool) -> Dict[str, int]:
    """Lengths of the videos that must be there, given the files that are."""
    server = SERVER_FORMATS[benchmark]
    every = {**server.test, **server.train}
    if require_train or any(
            name in names for video in server.train
            for name in server.file_names(video)):
        return every
    if server.train:
        print_log(
            f'There are no results of the training videos of {benchmark}. '
            'When last seen, the server counted them: it wanted '
            f'{len(server.members(every))} files. Track them, too, if it '
            'refuses the archive.',
            logger='current',
            level=30)
    return dict(server.test)


def _refuse(path: str, benchmark: str, problems: Sequence[str]) -> None:
    if problems:
        raise ValueError(
            f'"{path}" is not what the server of {benchmark} takes. Correct ' +
            '\n- '.join([f'{len(problems)} problem(s):', *problems]))


def _write_archive(path: Path, contents: Dict[str, bytes]) -> None:
    """Write members in the order of their names, all of one date."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, _DATE_OF_ALL)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = 0o644 << 16
            archive.writestr(info, contents[name])
    write_atomically(path, file.getvalue())


def _extract(path: Union[str, Path],
             folder: Path) -> Tuple[List[str], Dict[str, Path], List[str]]:
    """All names in an archive, its files unpacked, what could not be."""
    files: Dict[str, Path] = {}
    problems = []
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for number, member in enumerate(members):
                if member.is_dir():
                    continue
                try:
                    data = archive.read(member)
                # Of any type, depending on what is damaged: those of zlib,
                # lzma and struct among others.
                except Exception as error:
                    problems.append(f'{member.filename} is damaged or '
                                    f'encrypted: {error!r}')
                    continue
                # under a name of ours: theirs may lead out of the folder
                files[member.filename] = folder / f'{number}.txt'
                files[member.filename].write_bytes(data)
    # Of another version of the format, or with names that are no text.
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ValueError(f'"{path}" is not a zip archive: {error}. Write it '
                         'again.') from None
    return [member.filename for member in members], files, problems


def _name_problems(names: Sequence[str], wanted: Collection[str],
                   folder: str) -> Iterator[str]:
    """Absent, surplus and repeated files."""
    place = f'the folder {folder}' if folder else 'the top level'
    missing = [name for name in wanted if name not in names]
    surplus = sorted(set(names) - {folder} - set(wanted))
    if missing:
        yield f'missing: {", ".join(missing)}'
    if surplus:
        yield (f'not asked for: {", ".join(surplus)} (the server wants '
               f'{len(wanted)} files in {place})')
    for name, count in Counter(names).items():
        if count > 1:
            yield f'{name} is there {count} times'
