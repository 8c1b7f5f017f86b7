def test_the_password_of_a_server_is_not_shown(tot):
    code, output = tot("ui", "--tracking-uri", "http://ada:secret-word@h:5000")
    assert (code, output) == (0, "http://[redacted]@h:5000 is already an MLflow server: open it in a browser\n")
