"""The three loops as text: one template each, for a strategy of the package's own and for a user's rule alike.

A rule is a plain function of numbers. To run it over a million ticks, numba must compile a loop that calls it, and the
loop must spell out the rule's state field by field: ``State(states[at + 0], states[at + 1], …)``. numba compiles plain
module-level functions best, and it keeps on disk only what stands in a file. So each loop is written as the text of a
small module: the template with the number of fields and of hyperparameters put in. The module finds ``rule``,
``State``, ``Hyper`` and what else is named here among its globals.

``if True:`` and ``if False:`` in these texts are choices that were made when the text was written. Python's own
compiler leaves the dead branch out, so numba never sees it.
"""

from __future__ import annotations

from stream_adam.compiled.work import WIDTH, Work


def each(form: str, count: int, join: str = ", ") -> str:
    """The form for 0, 1, … with the number in the place of ``#``; a comma after the last makes a tuple of one.

    >>> each("state[#]", 2)
    'state[0], state[1], '
    """
    return "".join(form.replace("#", str(k)) + join for k in range(count))


def ticks(fields: int, settings: int, *, closed: bool, moves: bool) -> str:
    """The loop over ticks, whose arguments `stream_adam.compiled.ticks.loop_of` describes.

    A closed loop walks the source's program, `value_at`, for its gradient. Several components of a closed loop go tick
    by tick, since each gradient looks at all weights. Otherwise each component goes through all ticks at once, which
    leaves its state in registers.
    """
    return f"""\
def loop(states, weights, table, parts, codes, constants, ends, stack, low, high, out):
    _, ticks, components = out.shape
    together = {closed} and components > 1
    moving = table.shape[0] > {settings}
    span = 1 if together or moving else max(ticks, 1)
    for first in range(0, ticks, span):
        row = first * {settings} if moving else 0
        h = Hyper({each("table[row + #]", settings)})
        if {closed}:
            if together:
                for c in range(components):
                    start = ends[c - 1] if c > 0 else 0
                    out[0, first, c] = value_at(codes, constants, start, ends[c], stack, parts, first, weights)
        for c in range(components):
            at = c * {fields}
            state = State({each("states[at + #]", fields)})
            theta = weights[c]
            for i in range(first, first + span):
                if {closed}:
                    if not together:
                        out[0, i, c] = value_at(codes, constants, 0, ends[0], stack, parts, i, (theta,))
                else:
                    out[0, i, c] = parts[c if parts.shape[0] > 1 else 0, i]
                state = rule(out[0, i, c], state, h)
                if {moves}:
                    theta = state[{fields - 1}]
                else:
                    theta = theta - h.alpha * state.direction
                if theta < low:
                    theta = low
                elif theta > high:
                    theta = high
                if {moves}:
                    state = State({each("state[#]", fields - 1)}theta)
                {each("out[1 + #, i, c] = state[#]", fields, "; ")}
                out[{fields + 1}, i, c] = theta
            weights[c] = theta
            {each("states[at + #] = state[#]", fields, "; ")}
"""


def components(
    fields: int, settings: int, slots: tuple[int, ...], shared: tuple[int, ...], *, moves: bool, one_part: int
) -> str:
    """One tick over many components, whose arguments `stream_adam.compiled.components.step_of` describes.

    `number` makes of a stored value what the rule computes with, and `plain` makes of the result what is stored. Each
    thread works on parts of the arrays, in a function of its own: LLVM vectorises the loop over components there, which
    it does not where a thread begins.
    """
    known = {k: f"number(rows[{j}][c])" for j, k in enumerate(slots)} | {
        k: f"numbers[{j}]" for j, k in enumerate(shared)
    }
    alone = {k: f"numbers[{j}]" for j, k in enumerate(shared)}
    before = known | ({fields - 1: "before"} if moves else {})
    cut = each("rows[#][low:high]", len(slots))
    return f"""\
def part(g, theta, rows, numbers, setting):
    h = Hyper({each("setting[#]", settings)})
    for c in range(g.shape[0]):
        before = number(theta[c])
        state = rule(number(g[c]), State({_state(before, fields)}), h)
        {"".join(f"rows[{j}][c] = plain(state[{k}]); " for j, k in enumerate(slots))}
        if {moves}:
            theta[c] = plain(state[{fields - 1}])
        else:
            theta[c] = plain(before - h.alpha * state.direction)


def loop(g, theta, rows, numbers, setting, parts):
    n = g.shape[0]
    if n <= {one_part}:
        part(g, theta, rows, numbers, setting)
    else:
        for p in prange(parts):
            low, high = p * n // parts, (p + 1) * n // parts
            part(g[low:high], theta[low:high], ({cut}), numbers, setting)
    state = rule(0.0, State({_state(alone, fields)}), Hyper({each("setting[#]", settings)}))
    return ({"".join(f"state[{k}], " for k in shared)})
"""


def settings(fields: int, count: int, *, moves: bool) -> str:
    """Many settings over the same ticks, whose arguments `stream_adam.compiled.settings.sweep_of` describes."""
    rows = Work.sized(fields, count)
    state_at, theta_at, hyper_at = rows.state * WIDTH, rows.theta * WIDTH, rows.hyper * WIDTH
    total, squares, least, most = (WIDTH * (rows.statistics + k) for k in range(4))
    return f"""\
def group(work, table, scheduled, parts, codes, constants, ends, stack, low, high):
    for i in range(parts.shape[1]):
        for k in scheduled:
            for c in range({WIDTH}):
                work[{hyper_at} + {WIDTH} * k + c] = table[k, i if table.shape[1] > 1 else 0]
        for c in range({WIDTH}):
            if codes.shape[0] > 0:
                work[c] = value_at(codes, constants, 0, ends[0], stack, parts, i, (work[{theta_at} + c],))
            else:
                work[c] = parts[0, i]
        for c in range({WIDTH}):
            h = Hyper({"".join(f"work[{hyper_at + WIDTH * k} + c], " for k in range(count))})
            state = rule(work[c], State({"".join(f"work[{state_at + WIDTH * k} + c], " for k in range(fields))}), h)
            if {moves}:
                theta = state[{fields - 1}]
            else:
                theta = work[{theta_at} + c] - h.alpha * state.direction
            if theta < low:
                theta = low
            elif theta > high:
                theta = high
            {"".join(f"work[{state_at + WIDTH * k} + c] = state[{k}]; " for k in range(fields))}
            if {moves}:
                work[{theta_at - WIDTH} + c] = theta
            work[{theta_at} + c] = theta
            work[{total} + c] += state.direction
            work[{squares} + c] += state.direction * state.direction
            work[{least} + c] = np.minimum(work[{least} + c], theta)
            work[{most} + c] = np.maximum(work[{most} + c], theta)


def loop(work, table, scheduled, parts, codes, constants, ends, stack, low, high):
    for p in prange(work.shape[0]):
        group(work[p], table, scheduled, parts, codes, constants, ends, np.empty_like(stack), low, high)
"""


def _state(known: dict[int, str], fields: int) -> str:
    """The values of a state, of which these are known and the others are 0."""
    return ", ".join(known.get(k, "0.0") for k in range(fields))
