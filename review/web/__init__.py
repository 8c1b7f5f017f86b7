"""The review page. Start at `app.make_app`; `guard` controls access."""
