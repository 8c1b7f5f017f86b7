"""The review page. The door is `app.make_app`; `guard` decides who may use it."""
