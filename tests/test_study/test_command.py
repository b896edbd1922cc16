"""``run_study.py`` as it is called, with runs that only pretend."""
import json

import pytest
from evidence_samples import make_evidence
from study_samples import pretend, read_log, write_study

from ipmot_mm.study import execution
from ipmot_mm.study.command import run_study
from ipmot_mm.study.table import render_tables
from ipmot_mm.user_errors import CommandError, run_tool


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """``call(*args)``: exit code and standard output."""
    monkeypatch.setattr(execution, 'load_work', lambda: pretend)
    path = write_study(tmp_path)

    def run(*args):
        folder = tmp_path / 'studies'
        code = run_study([str(path), '--work-dir', str(folder), *args])
        return code, capsys.readouterr().out

    return run


def test_runs_and_tables(call, tmp_path):
    code, out = call('--jobs', '2')
    assert code == 0 and '| deep | 2 | 60.5 ± 0.7 |' in out
    assert len(read_log(tmp_path)) == 4 * 3
    folder = tmp_path / 'studies' / 'sample'
    assert (folder / 'tables.md').read_text() == out
    assert json.loads((folder / 'tables.json').read_text())[0]['HOTA'] == 50.5
    assert (folder / 'tables.csv').read_text().startswith('group,row,')
    assert call('--table') == (0, out) and read_log(tmp_path) == []


def test_filters_and_the_whole_table(call, tmp_path):
    _, out = call('--rows', 'deep', '--seeds', '1')
    assert len(read_log(tmp_path)) == 3
    # rows that were not asked for are in the table as well
    assert '| the base | 0 |' in out and '| deep | 1 | 61.0 |' in out


def test_a_dry_run_does_nothing(call, tmp_path):
    code, out = call('--dry-run')
    assert code == 0 and out.endswith('4 of 4 runs to do\n')
    assert not (tmp_path / 'studies').exists()


def test_export_plot_and_page(call, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('<!-- study: sample same -->\n<!-- end -->\n')
    evidence = tmp_path / 'evidence' / 'sample.json'
    plot = tmp_path / 'hota.svg'
    _, out = call('--export', str(evidence), '--plot', str(plot),
                  '--write-docs', str(page))
    assert 'svg' in plot.read_text()
    assert '60.5 ± 0.7' in page.read_text()
    assert '**Cross-domain' not in page.read_text()
    assert call('--from', str(evidence)) == (0, out)


def test_a_page_without_a_table_is_told(call, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('nothing')
    with pytest.raises(CommandError, match='page.md has no table of sample; '
                       'expected lines "<!-- study: sample table -->"'):
        call('--table', '--write-docs', str(page))


def test_tables_of_a_file_need_no_study(tmp_path, capsys):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(make_evidence()))
    assert run_study(['gone', '--from', str(path), '--table']) == 0
    assert capsys.readouterr().out == f'{render_tables(make_evidence())}\n'


def test_an_unknown_study_is_one_line(capsys):
    assert run_tool(run_study, ['gone']) == 2
    assert capsys.readouterr().err.startswith('error: study not found: gone')


def test_tables_are_printed_where_they_cannot_be_written(call, tmp_path,
                                                         capsys):
    call()
    folder = tmp_path / 'studies' / 'sample'
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.touch()
    with pytest.raises(OSError, match='tables.md was not written'):
        call('--table')
    assert '| deep | 2 | 60.5 ± 0.7 |' in capsys.readouterr().out


def test_a_plot_of_no_format_is_refused_before_the_runs(call, tmp_path):
    for args in (['--table'], [], ['--from', 'missing.json']):
        with pytest.raises(CommandError, match='a.xyz cannot be written'):
            call('--plot', 'a.xyz', *args)
    assert not (tmp_path / 'studies').exists()
