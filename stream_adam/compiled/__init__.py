"""The compiled loops: a strategy's own rule over ticks, over components and over settings, by numba.

numba translates a Python function into machine code. It compiles the very function that the interpreter runs, so a rule
is written once; around it stands a loop that is written once for all rules (`templates`). Without fast-math and with
numpy's error model the bits are the interpreter's.

    templates    the three loops, as text with a rule's number of fields put in
    making       how numba is asked to compile such a text, and a rule with the functions that it calls
    keeping      the loops of the package's own strategies on disk, and how it is known that they are still right
    loops        one of these, or the same compiled in memory
    aside, quiet one compiled by another process; loading it while others run in this one
    ticks, components, settings        what the engine, `Descent` and `sweep` call
    work, singles                      a sweep's working array; arithmetic in float32

Importing numba takes a third of a second, so these modules are imported where they are first needed.
"""
