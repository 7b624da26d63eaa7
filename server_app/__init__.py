"""The page: a Bokeh app in a directory, and everything that knows Bokeh."""
