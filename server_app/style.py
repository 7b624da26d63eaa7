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
    select:not([multiple]).bk-input {
      background-color: var(--field); background-image: var(--arrow); text-overflow: ellipsis;
    }
    .bk-btn {
      border-radius: 6px; font-weight: 600; border: 1px solid var(--rule); background: var(--field); color: var(--text);
    }
    .bk-btn:hover { background: var(--hover); }
    .bk-btn:disabled, .bk-btn:disabled:hover { background: var(--field); color: var(--quiet); opacity: 0.55; }
    @media (max-width: 480px) { .bk-btn { padding-left: 4px; padding-right: 4px; } }
    .bk-btn.bk-btn-primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
    .bk-btn.bk-btn-primary:hover { background: var(--accent-strong); }
    """
SOURCE_STYLE = ".bk-input { font-family: var(--mono); font-size: 13px; }"
ERROR_STYLE = """
    :host { color: var(--error); font: 12px/1.4 var(--font); overflow-wrap: anywhere; }
    """
NOTE_STYLE = ":host { color: var(--quiet); font: 12px/1.45 var(--font); overflow-wrap: anywhere; }"
CHECKS_STYLE = """
    :host { color: var(--text); font: 12px/1.4 var(--font); }
    .bk-clearfix { display: block; width: 100%; }
    table { width: 100%; border-collapse: collapse; }
    th { color: var(--quiet); font-weight: 400; text-align: left; }
    td, th { padding: 2px 8px 2px 0; vertical-align: top; border-bottom: 1px solid var(--rule); }
    td:not(:first-child), th:not(:first-child) { text-align: right; padding-right: 0; padding-left: 8px; }
    td:not(:first-child) { font-variant-numeric: tabular-nums; white-space: nowrap; }
    small { display: block; color: var(--quiet); }
    p { margin: 6px 0 0; color: var(--quiet); }
    """
HEADING_STYLE = """
    :host { color: var(--text); font: 600 12px/1.4 var(--mono); overflow-wrap: anywhere; }
    """
WRAP_STYLE = ":host { flex-wrap: wrap; }"
LEGEND_STYLE = """
    :host { color: var(--text); font-family: var(--font); }
    .bk-clearfix { display: block; width: 100%; }
    .entries { display: flex; flex-wrap: wrap; gap: 2px 22px; }
    .entry { display: flex; align-items: baseline; gap: 7px; min-width: 0; font: 12px/1.5 var(--font); }
    .marker { flex: none; width: 10px; height: 10px; color: var(--light); fill: currentColor; }
    .spec { font: 600 12px/1.4 var(--mono); overflow-wrap: anywhere; }
    .quantity, .note { color: var(--quiet); }
    .note { font: 12px/1.5 var(--font); }
    output { min-width: 5em; font-weight: 600; font-variant-numeric: tabular-nums; }
    """
DARK_MARKERS = (
    "@media (prefers-color-scheme: dark) { .marker { color: var(--dark); } }"  # a file's page is always light
)
READOUT_STYLE = """
    :host { color: var(--text); font-family: var(--font); }
    .bk-clearfix { display: block; width: 100%; }
    .tick { color: var(--quiet); font-size: 12px; padding-left: 3px; }
    .entries { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 0 6px; }
    @media (min-width: 1200px) { .entries { grid-template-columns: repeat(3, max-content); } }
    button {
      display: flex; align-items: baseline; gap: 7px; min-width: 0; padding: 1px 3px; border: 0; border-radius: 4px;
      background: none; color: inherit; font: 12px/1.5 var(--font); text-align: left; cursor: pointer;
    }
    button:hover { background: var(--hover); }
    button:focus-visible { outline: 2px solid var(--accent); }
    button[aria-pressed="false"] .words, button[aria-pressed="false"] .marker { opacity: 0.35; }
    .marker { flex: none; width: 10px; height: 10px; color: var(--light); fill: currentColor; stroke-width: 1.8; }
    .marker path { stroke: currentColor; fill: none; }
    output { min-width: 5.4em; font-weight: 600; font-variant-numeric: tabular-nums; color: var(--text); }
    @media (prefers-color-scheme: dark) { .marker { color: var(--dark); } }
    """
