"""The text of a config is code that gives it again."""
import copy

from mmengine.config import Config

from ipmot_mm.study.training import QuickConfig


def test_the_text_is_the_config(tmp_path):
    content = dict(
        a=dict(b=[1, (2, 3)], c=None, d=dict(e='it\'s', f=1e-5)), g=['x'] * 40)
    cfg = copy.deepcopy(QuickConfig(content))
    path = tmp_path / 'config.py'
    cfg.dump(path)
    assert Config.fromfile(path).to_dict() == content
    assert path.read_text() == cfg.pretty_text
    assert max(map(len, cfg.pretty_text.splitlines())) <= 79
