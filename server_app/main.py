"""One session: `bokeh serve server_app` runs this once for every tab that opens."""

from bokeh.io import curdoc

from .session import open_page

open_page(curdoc())
