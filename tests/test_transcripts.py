"""What a user types and sees: each transcript says of which commit, and the index repeats it."""

import re

from programs import loaded
from test_docs import ROOT


def test_the_index_is_current_and_every_session_names_its_own_commit(tmp_path, monkeypatch):
    with loaded(ROOT / "docs/transcripts.py") as transcripts:
        assert (transcripts.FOLDER / "README.md").read_text("utf-8") == transcripts.index(), (
            "python docs/transcripts.py"
        )
        for name in transcripts.SESSIONS:
            assert re.fullmatch("[0-9a-f]{12}", transcripts.commit(name))
            assert transcripts.seconds(name) > 0
        monkeypatch.setattr(transcripts, "FOLDER", tmp_path)
        monkeypatch.setattr(transcripts, "git", lambda folder, *words: "0123456789ab")
        (tmp_path / "beside").mkdir()
        session = transcripts.Session("one command", ("echo said; exit 3",))
        transcripts.run("one", session, tmp_path / "beside/longlag", tmp_path / "one.txt")
        assert transcripts.commit("one") == "0123456789ab"
        assert re.search(
            r"^\$ echo said; exit 3\nsaid\n\[\d+\.\d s, exit code 3\]$", (tmp_path / "one.txt").read_text(), re.M
        )
