"""The fenced blocks of the pages, and what a page says about them.

A comment in the line before a fence tells a test what the block is:

* ``<!-- not run: needs a GPU -->``: neither run nor checked, and why.
* ``<!-- source: ipmot_mm/some.py -->``: lines of this file.
* ``<!-- config: synthmot/some.py -->``: a config on top of this one.

A python block whose first line is ``# some/file.py`` is written to that file.
"""
import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ('docs', 'configs', 'projects', 'checkpoints', 'demo', 'tools')
DEFAULT_BASE = 'ipmot/ipmot_dab_r50_8xb1-20e_dancetrack.py'
CONFIG_KEYS = {
    '_base_', 'auto_scale_lr', 'custom_hooks', 'custom_imports',
    'default_hooks', 'env_cfg', 'launcher', 'log_processor',
    'model', 'model_wrapper_cfg', 'optim_wrapper', 'param_scheduler',
    'randomness', 'test_cfg', 'test_dataloader', 'test_evaluator',
    'test_pipeline', 'train_cfg', 'train_dataloader', 'train_pipeline',
    'val_cfg', 'val_dataloader', 'val_evaluator', 'vis_backends', 'visualizer'
}
FENCE = re.compile(
    r'^(?:<!--\s*(?P<mark>(?:(?!-->).)*?)\s*-->[ ]*\n\s*)?'
    r'(?P<indent>[ ]*)```(?P<language>\w*)[^\n]*\n'
    r'(?P<text>.*?)^[ ]*```[ ]*$', re.DOTALL | re.MULTILINE)
FILE = re.compile(r'#\s*([\w./-]+\.py)\s*\n')
ALL_CALLED = {'dict', 'list', 'tuple'}


@dataclass(frozen=True)
class Block:
    """A fenced block; ``line`` is that of its fence, ``mark`` may be ''."""
    page: str
    line: int
    language: str
    text: str
    mark: str

    @property
    def place(self):
        return f'{self.page}:{self.line}'

    @property
    def reason(self):
        """Why it is not run, None where it is."""
        kind, colon, reason = self.mark.partition(':')
        return reason.strip() if colon and kind == 'not run' else None

    @property
    def source(self):
        """File that it quotes, or None."""
        kind, _, path = self.mark.partition(':')
        return path.strip() if kind == 'source' else None

    @property
    def file(self):
        """Where a reader would save it, or None."""
        match = FILE.match(self.text)
        return match and match[1]

    @property
    def base(self):
        """Config that it stands on."""
        kind, _, base = self.mark.partition(':')
        return base.strip() if kind == 'config' else DEFAULT_BASE

    @property
    def is_config(self):
        if self.language != 'python' or self.source:
            return False
        if self.mark.startswith('config:') or '{{_base_' in self.text:
            return True
        try:
            body = ast.parse(self.text).body
        except SyntaxError:
            return False
        names = {name for node in body for name in assigned(node)}
        return all(map(is_setting, body)) and bool(names & CONFIG_KEYS)


def assigned(node):
    """Names that a statement gives a value to."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [each.id for each in targets if isinstance(each, ast.Name)]


def is_setting(node):
    """Whether a statement is ``name = dict(...)`` or the like."""
    calls = [each.func for each in ast.walk(node)
             if isinstance(each, ast.Call)]
    return bool(assigned(node)) and all(
        isinstance(func, ast.Name) and func.id in ALL_CALLED
        for func in calls)


def find_pages(root=ROOT):
    """All pages of the repository."""
    return sorted([
        *root.glob('*.md'),
        *(page for folder in FOLDERS
          for page in (root / folder).glob('**/*.md'))
    ])


def read_blocks(page, root=ROOT):
    """The blocks of a page, in order."""
    text = page.read_text()
    blocks = []
    for match in FENCE.finditer(text):
        indent = match['indent']
        body = re.sub(f'^{indent}', '', match['text'], flags=re.MULTILINE)
        line = text.count('\n', 0, match.start('language')) + 1
        blocks.append(
            Block(
                page=page.relative_to(root).as_posix(),
                line=line,
                language=match['language'],
                text=body,
                mark=match['mark'] or ''))
    return blocks
