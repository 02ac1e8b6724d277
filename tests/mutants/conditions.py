"""SQL conditions with one of their parts taken away."""

import re
from collections.abc import Iterator


def weakened(condition: str) -> Iterator[tuple[str, str]]:
    """Each part of a condition, at whatever depth, and the condition without it: an operand of AND becomes true, one of
    OR false. The condition as a whole is no part."""
    text = " ".join(condition.split())
    for begin, end in groups(text):
        choices = list(split(text, begin, end, "OR"))
        for choice in choices:
            operands = list(split(text, *choice, "AND"))
            if len(operands) > 1:
                for start, stop in operands:
                    yield text[start:stop].strip(), f"{text[:start]} true {text[stop:]}"
            if len(choices) > 1:
                yield text[slice(*choice)].strip(), f"{text[: choice[0]]} false {text[choice[1] :]}"


def groups(text: str) -> Iterator[tuple[int, int]]:
    """Where each condition in the text begins and ends: the whole, what stands in parentheses, after a WHERE."""
    opened = [0]
    for place, char in enumerate(text):
        if char == "(":
            opened.append(place + 1)
        elif char == ")":
            yield after_where(text, opened.pop(), place)
    yield 0, len(text)


def after_where(text: str, begin: int, end: int) -> tuple[int, int]:
    where = re.match(r"SELECT\b.*? WHERE ", text[begin:end])
    return begin + (where.end() if where else 0), end


def split(text: str, begin: int, end: int, word: str) -> Iterator[tuple[int, int]]:
    """The operands of `word` between two places, those in parentheses left whole."""
    depth, start = 0, begin
    for found in re.finditer(rf"[()]|\b{word}\b", text[begin:end]):
        if found[0] == word:
            if depth == 0:
                yield start, begin + found.start()
                start = begin + found.end()
        else:
            depth += 1 if found[0] == "(" else -1
    yield start, end
