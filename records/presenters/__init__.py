"""Presenters: names, versions and differences as text, as one actor reads them. Templates run no queries."""
