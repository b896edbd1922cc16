"""Sentences that are true of a person of SynthMOT.

Two forms, both with as many of the attributes as are asked for. The long one
is the caption of ``persons.json`` or a part of it. The short one has the
place of its words where the TrackBook has its learned tokens, so that prompts
look like something the text tower has read::

    A photo of a person in a red T-shirt and navy trousers.
    A photo of a red top navy trousers person.
"""
import zlib
from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence

from ipmot_mm.datasets.synthmot.appearance import TOP_NAMES

Person = Dict[str, Any]
"""Attributes of one person, of ``read_persons``."""

TOPICS = ('hair', 'top', 'pattern', 'bottom', 'hat', 'bag')
FORMS = ('long', 'short')
TOPIC_FACTS = dict(
    hair=('hair_length', 'hair'),
    top=('top_color', 'sleeves'),
    pattern=('pattern', 'pattern_color'),
    bottom=('bottom_color', 'bottom'),
    hat=('hat_color', 'hat'),
    bag=('bag_color', 'bag'))
"""Keys of a person that each topic of a long caption states."""

FACTS = tuple(key for keys in TOPIC_FACTS.values() for key in keys)
PATTERN_WORDS = dict(
    plain='plain', stripes='striped', dots='dotted', checks='checked')
HELD_OUT_KEYS = ('top_color', 'bottom_color')


@dataclass(frozen=True)
class Caption:
    """A sentence and what it claims.

    Attributes:
        text (str): The sentence.
        facts (dict[str, str]): Value of each key of :data:`FACTS` that it
            states.
    """
    text: str
    facts: Dict[str, str]

    def is_true_of(self, person: Person) -> bool:
        """Whether a person has all that is stated.

        Args:
            person (dict): Attributes.

        Returns:
            bool: True for the person it was made from.
        """
        return all(person[key] == value for key, value in self.facts.items())


def is_held_out(person: Person,
                share: float = 0.2,
                keys: Sequence[str] = HELD_OUT_KEYS) -> bool:
    """Whether a combination of attributes is kept out of training.

    Args:
        person (dict): Attributes.
        share (float): Of the combinations, about. Defaults to 0.2.
        keys (Sequence[str]): What is combined. Defaults to the colours of
            top and bottom.

    Returns:
        bool: The same for all persons with these values, in any process.
    """
    values = '/'.join(str(person[key]) for key in keys)
    return zlib.crc32(values.encode()) % 1000 < 1000 * share


def long_caption(person: Person, topics: Sequence[str]) -> Optional[Caption]:
    """The caption of ``persons.json`` with some of its parts.

    A pattern is named with its top only, a plain one never. All topics give
    the whole caption.

    Args:
        person (dict): Attributes.
        topics (Sequence[str]): Of :data:`TOPICS`, in any order.

    Returns:
        Caption: None if there is nothing to say.
    """
    said = [topic for topic in TOPICS if topic in topics]
    if person['pattern'] == 'plain' or 'top' not in said:
        said = [topic for topic in said if topic != 'pattern']
    said = [t for t in said if t not in ('hat', 'bag') or person[t]]
    if not said:
        return None
    phrases = dict(
        hair=' with {hair_length} {hair} hair',
        top=' in a {top_color} ' + TOP_NAMES[person['sleeves']],
        pattern=' with {pattern_color} {pattern}',
        bottom=(' and' if 'top' in said else ' in') +
        ' {bottom_color} {bottom}',
        hat=', wearing a {hat_color} {hat}',
        bag=', carrying a {bag_color} {bag}')
    text = ''.join(phrases[topic] for topic in said).format(**person)
    return Caption(f'A photo of a person{text}.', {
        key: person[key]
        for topic in said for key in TOPIC_FACTS[topic]
    })


def short_caption(person: Person, topics: Sequence[str]) -> Optional[Caption]:
    """A few words between "A photo of a" and "person.".

    Args:
        person (dict): Attributes.
        topics (Sequence[str]): Of :data:`TOPICS`; their order is that of the
            words.

    Returns:
        Caption: None if there is nothing to say.
    """
    words, facts = [], {}
    for topic in topics:
        if topic in ('hat', 'bag') and not person[topic]:
            continue
        if topic == 'pattern':
            words.append(PATTERN_WORDS[person['pattern']])
            facts['pattern'] = person['pattern']
        elif topic in ('top', 'hair'):
            key = dict(top='top_color', hair='hair')[topic]
            words.append(f'{person[key]} {topic}')
            facts[key] = person[key]
        else:
            keys = TOPIC_FACTS[topic]
            words += [person[key] for key in keys]
            facts.update({key: person[key] for key in keys})
    if not words:
        return None
    return Caption(f'A photo of a {" ".join(words)} person.', facts)


def caption(person: Person, form: str,
            topics: Sequence[str]) -> Optional[Caption]:
    """A caption of one of the :data:`FORMS`.

    Args:
        person (dict): Attributes.
        form (str): ``'long'`` or ``'short'``.
        topics (Sequence[str]): Of :data:`TOPICS`.

    Returns:
        Caption: None if there is nothing to say.
    """
    return dict(long=long_caption, short=short_caption)[form](person, topics)
