"""The code on the pages: python is run, configs are built, commands parsed.

``doc_blocks.py`` says how a page marks what cannot be run in a test, and
``doc_runner.py`` what is done with the rest.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import ROOT, Block, find_pages, read_blocks

RUNNER = Path(__file__).with_name('doc_runner.py')
PAGES = find_pages()
BLOCKS = [block for page in PAGES for block in read_blocks(page)]
MARKED = [block for block in BLOCKS if block.mark]
LANGUAGES = {'bash', 'python', 'text', 'bibtex', 'json', 'yaml', 'xml', 'ini'}

# What is wrong with a block, and the block.
PLANTED = {
    'unrecognized arguments: --wrok-dir': """```bash
python tools/train.py CONFIG --wrok-dir there
```""",
    'tools/trian.py: no such file': """```bash
OMP_NUM_THREADS=1 timeout 60 python tools/trian.py CONFIG
```""",
    "invalid choice: 'MOT18'": """```bash
for NAME in MOT17 MOT18; do
    python tools/analysis_tools/eval_results.py A B --benchmark $NAME
done
```""",
    'configs/ipmot/gone.py: no such config': """```bash
CONFIG=configs/ipmot/gone.py
bash tools/dist_train.sh $CONFIG 8
```""",
    "option model.traker.min_area: there is no 'traker'": """```bash
python tools/train.py CONFIG --cfg-options model.traker.min_area=3
```""",
    "option model.assigner.polizy: there is no 'polizy'": """```bash
mim train ipmot_mm ipmot_dab_r50_8xb1-20e_dancetrack.py \\
    --gpus 8 --launcher pytorch --cfg-options model.assigner.polizy=tala
```""",
    'there is no extra lightt': """```bash
pip install -e ".[lightt]"
```""",
    'unknown package opennmim': """```bash
python -m pip install opennmim
```""",
    'tools/quickstart.sh: unknown option --quick': """```bash
bash tools/quickstart.sh --quick
```""",
    'flie: unknown command': """```bash
flie CONFIG
```""",
    'syntax error': """```bash
for NAME in MOT17; do echo $NAME
```""",
    'ZeroDivisionError': """```python
one = 1
one / 0
```""",
    "IPMOT takes no 'trakker'": """```python
model = dict(trakker=dict(min_area=3))
```""",
    "there is no type 'GRU'": """```python
_base_ = '../_base_/models/ipmot_dab_tiny.py'
model = dict(updater=dict(_delete_=True, type='GRU'))
```""",
    'assigner.policy must be one of': """<!-- config: synthmot/\
ipmot_dab-tiny_2xb4-8e_synthmot-street.py -->
```python
model = dict(assigner=dict(policy='all'))
```""",
    "train_dataloader: there is no key 'num_wokers'": """```python
train_dataloader = dict(num_wokers=2)
```""",
}
RIGHT = """
<!-- not run: it would end the process -->
```python
raise SystemExit
```
```python
# parts/one.py
number = 41
```
```python
from parts.one import number
number += 1
```
1. In a list:

   ```python
   assert number == 42
   ```

```bash
cat > mine.py <<'END'
_base_ = 'ipmot_mm::ipmot/ipmot_dab_r50_8xb1-20e_dancetrack.py'
END
python tools/test.py mine.py CHECKPOINT --cfg-options model.tracker.min_area=3
python -c "import ipmot_mm"
```
"""


@pytest.fixture(scope='session')
def report(tmp_path_factory):
    """Problem of each block by its place; the planted pages included."""
    folder = tmp_path_factory.mktemp('pages')
    for i, text in enumerate([*PLANTED.values(), RIGHT]):
        (folder / f'planted{i}.md').write_text(f'{text}\n')
    job = [(str(ROOT), page.relative_to(ROOT).as_posix()) for page in PAGES]
    job += [(str(folder), page.name) for page in folder.glob('*.md')]
    (folder / 'job.json').write_text(json.dumps(job))
    subprocess.run([
        sys.executable, '-W', 'ignore', RUNNER, folder / 'job.json',
        folder / 'report.json'
    ],
                   check=True,
                   cwd=folder,
                   timeout=600,
                   env=dict(
                       os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'))
    return json.loads((folder / 'report.json').read_text())


@pytest.mark.parametrize(
    'block', [
        block for block in BLOCKS
        if block.language in ('bash', 'python') and block.reason is None
        and not block.source
    ],
    ids=lambda block: block.place)
def test_block_does_what_it_says(block, report):
    assert report['results'][block.place] == ''


@pytest.mark.parametrize('number', range(len(PLANTED)))
def test_planted_errors_are_found(number, report):
    expected, found = list(PLANTED)[number], [
        text for place, text in report['results'].items()
        if place.startswith(f'planted{number}.md:')
    ]
    assert len(found) == 1 and expected in found[0]


def test_right_blocks_pass(report):
    found = {
        place: text for place, text in report['results'].items()
        if place.startswith(f'planted{len(PLANTED)}.md:')
    }
    assert len(found) == 4 and not any(found.values()), found


def test_no_fence_is_overlooked():
    for page in PAGES:
        lines = page.read_text().splitlines()
        fences = [each for each in lines if each.lstrip().startswith('```')]
        assert len(fences) == 2 * len(read_blocks(page)), page


@pytest.mark.parametrize('block', MARKED, ids=lambda block: block.place)
def test_marks_say_why(block):
    if block.mark.startswith('config:'):
        assert (ROOT / 'configs' / block.base).is_file()
    elif block.source:
        assert is_quoted(block.text, (ROOT / block.source).read_text())
    else:
        assert block.reason and len(block.reason.split()) > 2, block.place


def is_quoted(quote, text):
    """Whether lines are in a text, one after the other.

    Indentation does not count; a line of dots stands for any others.
    """
    lines = [line.strip() for line in text.splitlines()]
    place = 0
    for part in re.split(r'^\s*\.\.\.\s*$', quote, flags=re.MULTILINE):
        part = [line.strip() for line in part.strip().splitlines()]
        starts = [i for i in range(place, len(lines))
                  if lines[i:i + len(part)] == part]
        if not starts:
            return False
        place = starts[0] + len(part)
    return True


def test_quotes_are_verbatim():
    text = 'def f():\n    a = 1\n    b = 2\n    return a\n'
    assert is_quoted('a = 1\nb = 2\n', text)
    assert is_quoted('def f():\n...\n    return a\n', text)
    assert not is_quoted('a = 1\nreturn a\n', text)
    assert not is_quoted('return a\n...\na = 1\n', text)


def test_most_blocks_are_run():
    code = [block for block in BLOCKS
            if block.language in ('bash', 'python')]
    skipped = [block.place for block in code if block.reason is not None]
    assert len(code) > 100
    assert len(skipped) < len(code) / 8, skipped


def test_every_block_names_its_language():
    for block in BLOCKS:
        assert block.language in LANGUAGES, block.place


def test_marks_are_read():
    block = Block('a.md', 1, 'python', 'x = 1\n', 'not run: needs a GPU')
    assert block.reason == 'needs a GPU' and not block.is_config
    block = Block('a.md', 1, 'python', 'model = init_tracker(1)\n', '')
    assert block.reason is None and not block.is_config
    block = Block('a.md', 1, 'python', 'model = dict(a=1)\n', 'config: b.py')
    assert block.is_config and block.base == 'b.py'
