"""One page: `bokeh serve server_app` runs this once for every GET."""

from bokeh.io import curdoc

from .admission import is_admitted, path_to_static, refuse
from .opening import open_page

doc = curdoc()
doc.template_variables["static"] = path_to_static(doc.session_context)
if is_admitted(doc.session_context):
    open_page(doc)
else:
    refuse(doc)
