"""What a machine that cannot print says about it."""

from common.pdf import checks


def test_a_machine_that_has_everything_says_nothing():
    assert checks.check_pdf_libraries() == []


def test_a_missing_library_is_named_with_the_package_that_brings_it(monkeypatch):
    monkeypatch.setattr(checks, "LIBRARIES", (("libnothing-1.0.so.0", "libnothing-1.0.dylib"),))
    [warning] = checks.check_pdf_libraries()
    assert warning.id == "common.W001"
    assert "libnothing-1.0.so.0" in warning.msg
    assert "apt-get install libpango-1.0-0" in warning.hint


def test_missing_fonts_are_told_with_the_command_that_brings_them(settings, tmp_path):
    settings.PDF_FONTS = tmp_path
    [warning] = checks.check_pdf_libraries()
    assert warning.id == "common.W002"
    assert "npm ci" in warning.hint
