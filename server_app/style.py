"""The page's look inside Bokeh's components: each takes its colours from the variables that `static/page.css` sets.

Bokeh keeps every component behind a shadow root, which a page's own rules do not enter but its variables do.
"""

from __future__ import annotations

WIDGET_STYLE = """
    :host {
      --color: var(--text);
      --background-color: var(--field);
      --hover-color: var(--hover);
      --border-color: var(--rule);
      --disabled-color: var(--quiet);
      --surface-background-color: var(--hover);
      --placeholder-color: var(--quiet);
      --input-focus-border-color: var(--accent);
      --input-focus-halo-color: transparent;
      --highlight-color: var(--accent);
      --border-radius: 6px;
      --padding-vertical: 5px;
      --padding-horizontal: 9px;
      color: var(--text);
      font-family: var(--font);
    }
    label, .bk-slider-title { color: var(--quiet); font-size: 12px; }
    .bk-input { color: var(--text); font-family: inherit; }
    .bk-input:focus-visible, .bk-btn:focus-visible, .noUi-handle:focus-visible {
      outline: 2px solid var(--accent); outline-offset: 1px; box-shadow: none;
    }
    .bk-slider-value { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
    .bk-slider-title { white-space: normal; }
    :host { --slider-size: 4px; --handle-width: 14px; --handle-height: 14px; }
    .noUi-target { background: var(--rule); border: none; box-shadow: none; }
    .noUi-handle {
      background: var(--field); border: 2px solid var(--accent); border-radius: 50%; box-shadow: none;
    }
    .noUi-tooltip { display: none !important; }
    select:not([multiple]).bk-input { background-color: var(--field); }
    .bk-btn {
      border-radius: 6px; font-weight: 600; border: 1px solid var(--rule); background: var(--field); color: var(--text);
    }
    .bk-btn:hover { background: var(--hover); }
    .bk-btn.bk-btn-primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
    .bk-btn.bk-btn-primary:hover { background: var(--accent-strong); }
    """
SOURCE_STYLE = ".bk-input { font-family: var(--mono); font-size: 13px; }"
ERROR_STYLE = """
    :host { color: var(--error); font: 12px/1.4 var(--font); overflow-wrap: anywhere; }
    """
NOTE_STYLE = ":host { color: var(--quiet); font: 12px/1.45 var(--font); overflow-wrap: anywhere; }"
HEADING_STYLE = """
    :host { color: var(--text); font: 600 12px/1.4 var(--mono); overflow-wrap: anywhere; }
    """
LEGEND_STYLE = """
    :host { color: var(--text); }
    .bk-item .bk-label, .bk-label { color: var(--text) !important; font: 12px/1.3 var(--font) !important; }
    .bk-grid { justify-content: start; column-gap: 18px !important; }
    """
READOUT_STYLE = """
    :host { color: var(--text); font-family: var(--font); }
    dl { display: flex; flex-wrap: wrap; gap: 2px 22px; margin: 0; }
    dl > div { display: flex; align-items: baseline; gap: 6px; }
    dt { color: var(--quiet); font-size: 12px; }
    dd { margin: 0; min-width: 4.2em; font: 600 13px/1.6 var(--font); font-variant-numeric: tabular-nums; }
    """
