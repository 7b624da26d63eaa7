"""One page: `bokeh serve server_app` runs this once for every GET."""

from bokeh.io import curdoc

from .opening import open_page

open_page(curdoc())
