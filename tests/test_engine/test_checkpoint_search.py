"""Which checkpoint ``--resume`` takes, and which it says it does not."""
import os
import random
import shutil
from types import SimpleNamespace

import pytest
import torch
from line_training import make_runner, on_two_ranks

from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.engine.checkpoint_files import point_to
from ipmot_mm.engine.checkpoint_search import (TrainingState, check_given,
                                               choose_start, find_latest,
                                               read_state)
from ipmot_mm.user_errors import CommandError


def write(folder, name, epoch, iters, **content):
    path = str(folder / name)
    save_to_disk(
        dict(
            dict(
                meta=dict(epoch=epoch, iter=iters),
                state_dict=dict(weight=torch.rand(2000)),
                message_hub={},
                optimizer={}), **content), path)
    return path


def cut(path, size):
    with open(path, 'rb+') as file:
        file.truncate(size if size >= 0 else os.path.getsize(path) + size)


@pytest.fixture
def folder(tmp_path):
    """Epochs 1 and 2, and one and a half epochs between them."""
    write(tmp_path, 'epoch_1.pth', 1, 10)
    write(tmp_path, 'recovery.pth', 1, 15)
    point_to(str(tmp_path), write(tmp_path, 'epoch_2.pth', 2, 20))
    return tmp_path


def name_of(choice):
    return os.path.basename(choice.path)


def test_nothing_there(tmp_path):
    assert find_latest(str(tmp_path)).path is None
    assert find_latest(str(tmp_path / 'missing')).path is None


def test_the_named_one_even_if_another_is_further(folder):
    choice = find_latest(str(folder))
    assert name_of(choice) == 'epoch_2.pth' and choice.notes == ()
    assert choice.state == TrainingState(2, 20, True)
    point_to(str(folder), str(folder / 'epoch_1.pth'))
    assert name_of(find_latest(str(folder))) == 'epoch_1.pth'


@pytest.mark.parametrize('size', [0, 4, 5000, -1])
def test_cut_off_one_is_passed_over_for_the_next(folder, size):
    cut(folder / 'epoch_2.pth', size)
    choice = find_latest(str(folder))
    assert name_of(choice) == 'recovery.pth'
    note, = choice.notes
    assert note.startswith('passing over: checkpoint cannot be read: ')
    assert 'epoch_2.pth' in note and '\n' not in note


def test_missing_one_and_missing_pointer(folder):
    os.remove(folder / 'epoch_2.pth')
    note, = find_latest(str(folder)).notes
    assert 'epoch_2.pth, which last_checkpoint names, is not in' in note
    write(folder, 'epoch_10.pth', 10, 100)  # not the last by its name
    for text in (b'', b'\0\xff\0'):
        (folder / 'last_checkpoint').write_bytes(text)
        assert name_of(find_latest(str(folder))) == 'epoch_10.pth'
    os.remove(folder / 'last_checkpoint')
    choice = find_latest(str(folder))
    assert name_of(choice) == 'epoch_10.pth' and choice.notes == ()


def test_only_files_of_a_training_are_looked_at(tmp_path):
    for name in ('best_acc_epoch_9.pth', 'epoch_9-0a1b2c3d.pth', 'other.pth',
                 'epoch_9.pth.writing-0a1b2c3d'):
        write(tmp_path, name, 9, 90)
    assert find_latest(str(tmp_path)).path is None
    write(tmp_path, 'iter_50.pth', 0, 50)
    assert name_of(find_latest(str(tmp_path))) == 'iter_50.pth'


def test_all_damaged_is_refused(folder):
    for name in ('epoch_1.pth', 'epoch_2.pth', 'recovery.pth'):
        cut(folder / name, 3000)
    with pytest.raises(
            CommandError,
            match='--resume: no checkpoint in .* can be gone on from; .*'
            'epoch_2.pth.*epoch_1.pth.*recovery.pth.*Remove the files'):
        find_latest(str(folder))


def test_moved_and_copied_folders(folder, tmp_path_factory):
    copy = tmp_path_factory.mktemp('copies') / 'copy'
    shutil.copytree(folder, copy)
    assert find_latest(str(copy)).path == str(copy / 'epoch_2.pth')
    (copy / 'last_checkpoint').write_text(r'C:\runs\a\epoch_1.pth')
    assert find_latest(str(copy)).path == str(copy / 'epoch_1.pth')


def test_a_copy_with_checkpoints_does_not_reach_back(folder,
                                                     tmp_path_factory):
    copy = tmp_path_factory.mktemp('copies') / 'copy'
    shutil.copytree(folder, copy)
    latest = folder / 'epoch_2.pth'
    (copy / 'last_checkpoint').write_text(str(latest))
    os.remove(copy / latest.name)
    choice = find_latest(str(copy))
    assert os.path.dirname(choice.path) == str(copy)
    assert f'{latest}, which last_checkpoint names' in choice.notes[0]
    for file in copy.glob('*.pth'):  # as of a hook with an out_dir
        file.unlink()
    assert find_latest(str(copy)).path == str(latest)


def test_one_changed_byte_is_found(folder):
    path = folder / 'epoch_2.pth'
    content = bytearray(path.read_bytes())
    content[5000] ^= 1  # in the weights, which torch would load
    path.write_bytes(content)
    assert 'weight' in torch.load(path)['state_dict']
    with pytest.raises(ValueError, match='data/0 in it is damaged'):
        read_state(str(path))
    assert name_of(find_latest(str(folder))) == 'recovery.pth'


@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
@pytest.mark.parametrize('is_zip', [True, False])
def test_any_damage_is_a_value_error(folder, is_zip):
    path = folder / 'epoch_2.pth'
    torch.save(torch.load(path), path, _use_new_zipfile_serialization=is_zip)
    assert read_state(str(path)).epoch == 2
    whole = path.read_bytes()
    draw = random.Random(0)
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(3):
            place = draw.choice([draw.randrange(900), -draw.randrange(1, 500)])
            content[place] = draw.randrange(256)
        path.write_bytes(content)
        try:
            read_state(str(path))
        except ValueError as error:
            assert '\n' not in str(error)


class Intruder:
    """Writes a file where its pickle is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, 'w')


def test_code_is_not_executed(folder):
    trace = folder / 'trace'
    path = write(folder, 'epoch_2.pth', 2, 20, extra=Intruder(trace))
    choice = find_latest(str(folder))
    assert name_of(choice) == 'recovery.pth' and 'refused' in choice.notes[0]
    with pytest.raises(CommandError, match='--resume: checkpoint refused'):
        check_given(path)
    assert not trace.exists()


def test_given_one(folder):
    path = str(folder / 'epoch_1.pth')
    assert check_given(path).state == TrainingState(1, 10, True)
    assert check_given('https://example.org/a.pth').state is None
    cut(folder / 'epoch_1.pth', 100)
    with pytest.raises(
            CommandError,
            match='--resume: checkpoint cannot be read: .*epoch_1.pth.*the '
            'newest intact one beside it: --resume .*epoch_2.pth'):
        check_given(path)
    with pytest.raises(CommandError, match='not found: .*epoch_7.pth.*beside'):
        check_given(str(folder / 'epoch_7.pth'))


def test_weights_alone_are_no_training(tmp_path):
    path = str(tmp_path / 'weights.pth')
    save_to_disk(dict(state_dict={}), path)
    with pytest.raises(
            CommandError,
            match='is not a checkpoint of a training, it has no meta, '
            'message_hub; to start from its weights, use --cfg-options '
            'load_from=.*no other checkpoint beside it is intact'):
        check_given(path)
    write(tmp_path, 'weights.pth', 'last', None)
    with pytest.raises(CommandError, match='it has no epoch and iteration'):
        check_given(path)


def fake_runner(work_dir,
                load_from=None,
                resume=True,
                val_cfg=None,
                **train_cfg):
    lines = []
    return SimpleNamespace(
        work_dir=str(work_dir),
        _load_from=load_from,
        _resume=resume,
        _train_loop=train_cfg,
        _val_loop=val_cfg,
        lines=lines,
        logger=SimpleNamespace(info=lines.append, warning=lines.append))


def test_start_without_resume_is_as_it_was(folder):
    runner = fake_runner(folder, 'w.pth', resume=False)
    assert choose_start(runner) and runner._load_from == 'w.pth'
    assert runner.lines == []


def test_start_from_the_beginning(tmp_path):
    runner = fake_runner(tmp_path)
    assert choose_start(runner, 'coco.pth')
    assert (runner._resume, runner._load_from) == (False, 'coco.pth')
    line, = runner.lines
    assert 'starts from the beginning with the weights of coco.pth' in line


def test_start_from_a_checkpoint(folder):
    cut(folder / 'epoch_2.pth', -1)
    runner = fake_runner(folder, max_epochs=3)
    assert choose_start(runner, 'coco.pth')
    assert runner._resume and runner._load_from.endswith('recovery.pth')
    first, second = runner.lines
    assert first.startswith('passing over')
    assert second.endswith('recovery.pth (epoch 1, iteration 15)')
    path = write(folder, 'best_acc.pth', 1, 10)
    checkpoint = torch.load(path)
    del checkpoint['optimizer']
    save_to_disk(checkpoint, path)
    runner = fake_runner(folder, path, max_iters=30)
    assert choose_start(runner)
    assert 'no state of the optimiser' in runner.lines[0]


@pytest.mark.parametrize('limit', [dict(max_epochs=2), dict(max_iters=20)])
def test_finished_training(folder, limit):
    runner = fake_runner(folder, **limit)
    assert not choose_start(runner)
    name, total = next(iter(limit.items()))
    line, = runner.lines
    assert f'epoch_2.pth holds {total} of {total} {name[4:]}' in line
    assert f'raise train_cfg.{name}' in line and '--val' not in line
    runner = fake_runner(folder, val_cfg={}, **limit)
    assert not choose_start(runner)
    assert runner.lines[0].endswith(
        'score this checkpoint with tools/test.py and --val if the last '
        'validation was interrupted')


def test_second_rank_takes_what_the_first_sees(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp('another_node')

    def choose(rank):
        runner = fake_runner([folder, elsewhere][rank], max_epochs=3)
        assert choose_start(runner)
        assert runner._load_from == str(folder / 'epoch_2.pth')
        cut(folder / 'epoch_1.pth', 9)
        with pytest.raises(CommandError, match='epoch_1.pth'):
            choose_start(
                fake_runner(folder, str([folder / 'epoch_1.pth', ''][rank])))

    assert on_two_ranks(elsewhere, choose) == [0, 0]


def test_runner_of_mmengine_has_these_parts(tmp_path):
    make_runner(tmp_path, 1).train()
    runner = make_runner(tmp_path, 2, extra=dict(resume=True))
    assert choose_start(runner)
    runner.train()
    assert runner.iter == 6
    assert not choose_start(make_runner(tmp_path, 2, extra=dict(resume=True)))
