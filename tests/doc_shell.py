"""The commands of bash blocks, as bash itself expands them, not run."""
import shutil
import subprocess

# Everything that would start a program is written down instead. Programs
# whose output a command line may contain answer with something like it.
HARNESS = r'''
record() {
    local IFS=$'\x1f'
    printf '%s\x1e' "$BLOCK"$'\x1f'"$*" >> "$RECORDS"
}
command_not_found_handle() { record "$@"; }
python() { record python "$@"; if [ "$1" = -c ]; then echo PRINTED; fi; }
bash() { record bash "$@"; }
cd() { :; }
source() { :; }
basename() { local base=${1##*/}; echo "${base%"${2:-}"}"; }
dirname() { echo "${1%/*}"; }
cat() {
    if [ $# -gt 0 ]; then echo PRINTED.pth; return; fi
    while IFS= read -r line; do printf '%s\n' "$line"; done
}
'''


def record_commands(blocks, folder):
    """Commands of the bash blocks of a page, which share variables.

    Args:
        blocks (list[Block]): In order.
        folder (Path): Where bash runs; files written by ``cat`` land here.

    Returns:
        tuple: ``{place: [argv]}`` and ``{place: what bash complains about}``.
    """
    bash, records = shutil.which('bash'), folder / 'records'
    records.touch()
    script, problems = [HARNESS], {}
    for block in blocks:
        checked = subprocess.run([bash, '-n'],
                                 input=block.text,
                                 capture_output=True,
                                 text=True)
        if checked.returncode:
            problems[block.place] = checked.stderr.strip()
        else:
            script += [f"BLOCK='{block.place}'", block.text]
    done = subprocess.run(
        [bash, '--norc', '-c', '\n'.join(script)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        env=dict(
            PATH='/nonexistent',
            RECORDS=str(records),
            IPMOT_DATA='data',
            IPMOT_SYNTHMOT='data/synthmot-study'))
    if 'No such file' in done.stderr:
        problems[blocks[0].place] = done.stderr.strip()
    commands = {}
    for record in records.read_text().split('\x1e')[:-1]:
        place, *argv = record.split('\x1f')
        commands.setdefault(place, []).append(argv)
    return commands, problems
