"""Ways to break a text file, and what every reader owes it."""
import re


def on_a_line(change):
    """Apply ``change`` to one line which is not empty."""

    def apply(random, text):
        lines = text.split('\n')
        filled = [k for k, line in enumerate(lines) if line] or [0]
        k = int(random.choice(filled))
        lines[k] = change(random, lines[k])
        return '\n'.join(lines)

    return apply


def put(random, text, new):
    """Insert ``new`` anywhere."""
    at = int(random.integers(len(text) + 1))
    return text[:at] + new + text[at:]


def junk(random):
    """Any 40 bytes, as characters of Latin 1."""
    return random.bytes(40).decode('latin-1')


def naive_lines(data):
    """Number and text of each line which is not blank."""
    text = data.decode('utf-8', 'replace')
    text = text[text.startswith('\ufeff'):]
    lines = re.split('\r\n|\n|\r', text)
    return [(k, line.strip()) for k, line in enumerate(lines, 1)
            if line.strip()]


def check(path, read, expected, wrong):
    """``read`` gives what is expected, or names one of the wrong lines.

    ``wrong`` has None where the whole file is wrong, so no line is named.
    """
    try:
        found = read(str(path))
    except (ValueError, FileNotFoundError) as error:
        message = str(error)
        assert type(error) in (ValueError, FileNotFoundError), repr(error)
        assert str(path) in message
        line = re.search(r'line (\d+)', message)
        assert (int(line[1]) if line else None) in wrong, message
        return 'refused'
    assert not wrong, sorted(wrong)
    assert found == expected
    return 'read'
