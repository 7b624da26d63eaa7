"""The one language of sources and hyperparameters: from text to a tree, from a tree to values and to derivatives.

- `tree`: the nodes, and how they are spelled.
- `grammar`: text to tree.
- `functions` and `signals`: the words that need nothing but their arguments and the tick.
- `evaluation`: a tree as a function of arrays, by numpy.
- `derivatives`: a tree's exact derivative, as a tree.

Sources add words that need more (noise, recordings, the weights); strategies take hyperparameters as trees of `t`. Both
stand on this package, and it knows neither.
"""
