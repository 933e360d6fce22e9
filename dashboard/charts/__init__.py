"""Charts as plain functions: Plotly and Altair for the pages, matplotlib for the report, one palette for all."""
