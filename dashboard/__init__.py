"""The page: Streamlit app, charts, report and texts."""
