"""The colours of the series of a chart: distinct in print, and for readers who see red and green alike."""

COLOURS = ("#1f5fa8", "#e08a1e", "#2a9d8f", "#7a5195", "#8a94a6", "#c8553d", "#5aa9e6", "#3d405b")
