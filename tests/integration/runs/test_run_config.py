"""`amlplan run NAME`: what a run_config says, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.masking import MASK
from command_line import READY
from local_workbench import is_running

if TYPE_CHECKING:
    from command_line import CommandLine

SECRET, KEY, TOKEN = "s3cret/with+odd", "k3y-in-a-file", "t0ken-of-the-environment"


def test_everything_that_a_configuration_says_is_done(line: CommandLine) -> None:
    line.configure(
        """
variable "alpha" {
  default = "1"
}
run_config "train" {
  description = "All of it."
  source      = "src"
  script      = "jobs/train.py"
  target      = compute.here
  environment = environment.mine
  history     = "digits"
  arguments   = ["first", "second"]
  parameters  = { alpha = var.alpha, beta = "2" }
  env         = { COLOUR = "blue", PYTHONPATH = "/nowhere" }

  input "in-side" { path = "src/data" }
  input "outside" { path = "other/file" }
  input "snapped" { path = "src/kept.txt" }
  resources {
    cpus   = 1
    memory = "1MiB"
    disk   = "1MiB"
  }
  collect {
    include = ["results/**", "*.txt"]
    max_size = "100B"
  }
  max_run_duration = "1m"
}
""".replace(' { path = "', ' {\n    path = "').replace('" }\n', '"\n  }\n')
    )
    line.change("user_managed", 'variables = { COLOUR = "red", W = "w" }\n  user_managed')
    line.project.run("apply", "-auto-approve")
    line.write("src/.gitignore", "/data/\n")
    line.write("src/data/x", "in")
    line.write("src/kept.txt", "kept")
    line.write("other/file", "out")
    line.write(
        "src/jobs/train.py",
        "import os, sys, amlplan_run\n"
        "print(sys.argv[1:], os.environ['COLOUR'], os.environ['W'])\n"
        "print(open('data/x').read(), open(amlplan_run.input('in-side') + '/x').read())\n"
        "print(os.path.islink('data'), os.path.islink('kept.txt'), os.path.exists('file'))\n"
        "print(open(amlplan_run.input('outside')).read(), open('kept.txt').read())\n"
        "os.mkdir('results')\n"
        "open('results/small', 'w').write('1')\n"
        "open('results/large', 'w').write('1' * 1000)\n"
        "open('outputs/other', 'w').write('1')\n",
    )
    result = line.run("run", "-p", "beta=3", "-var=alpha=7", "--", "third")
    assert "['first', 'second', 'third', '--alpha', '7', '--beta', '3'] blue w\n" in result.out
    assert "\nin in\nTrue False False\nout kept\n" in result.out
    run = line.last()
    assert (run.summary.history, run.summary.name) == ("digits", "train")
    assert set(run.outputs) == {"results/small", "kept.txt"}
    assert set(run.left_out) == {"results/large"}
    assert run.definition["target"] == "compute.here"
    assert run.definition["parameters"] == {"alpha": "7", "beta": "3"}
    assert run.definition["configuration"]["arguments"] == ["first", "second", "third"]
    assert run.definition["inputs"]["outside"]["size"] == 3
    assert (line.root / "src/data/x").read_text() == "in"


def test_a_command_in_place_of_a_script(line: CommandLine) -> None:
    line.configure(
        'run_config "shell" {\n  command = ["sh", "-c", "echo $0 $COLOUR; exit 4"]\n'
        '  env = { COLOUR = "red" }\n}\n'
    )
    assert "/sh red\n" in line.run("run", "shell", code=4).out
    assert "\nmore red\n" in line.run("run", "shell", "more", code=4).out


def test_secrets_reach_the_script_and_nothing_else(line: CommandLine) -> None:
    line.write("key", KEY)
    line.configure(
        'run_config "train" {\n  script = "train.py"\n  environment = environment.mine\n'
        '  env = { SECRET = env_secret("SECRET"), KEY = file_secret("key") }\n'
        '  tags = { hidden = env_secret("SECRET") }\n}\n',
        apply=False,
    )
    text = (line.root / "main.hcl").read_text()
    text = text.replace(
        "user_managed", 'variables = { TOKEN = env_secret("TOKEN") }\n  user_managed'
    )
    line.project.hcl(text)
    line.write(".gitignore", "/key\n")
    line.write(
        "train.py",
        "import glob, os\n"
        f"assert os.environ['SECRET'] == {SECRET[::-1]!r}[::-1]\n"
        f"assert os.environ['KEY'] == {KEY[::-1]!r}[::-1]\n"
        f"assert os.environ['TOKEN'] == {TOKEN[::-1]!r}[::-1]\n"
        "print('now', os.environ['SECRET'], os.environ['KEY'], os.environ['TOKEN'])\n"
        "for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: told = open(path, 'rb').read().decode(errors='replace')\n"
        "    except OSError: continue\n"
        "    for name in ('SECRET', 'KEY', 'TOKEN'): assert os.environ[name] not in told, told\n",
    )
    given = {"SECRET": SECRET, "TOKEN": TOKEN}
    line.run("apply", "-auto-approve", environment=given)
    result = line.run("run", "train", environment=given)
    assert f"now {MASK} {MASK} {MASK}\n" in result.out
    shown = line.run("runs", "show", "-json", environment=given)
    found = [
        path
        for folder in (line.base, line.root)
        for path in folder.rglob("*")
        if path.is_file() and path != line.root / "key"
        for secret in (SECRET, KEY, TOKEN)
        if secret.encode() in path.read_bytes()
    ]
    assert not found
    assert SECRET not in shown.out
    result = line.run("run", "train", code=125, environment={"TOKEN": TOKEN})
    assert "SECRET" in result.err


def test_a_target_that_lacks_something_is_refused(line: CommandLine) -> None:
    line.configure(
        'run_config "train" {\n  script = "train.py"\n  target = compute.here\n'
        '  resources {\n    cpus = 10000\n    memory = "1000TiB"\n  }\n}\n'
    )
    line.write("train.py", "")
    result = line.run("run", "train", code=125)
    assert "cores: 10000 asked for" in result.err
    assert "memory: 1024000.0 GiB asked for" in result.err
    assert not line.folders()


def test_limits_of_the_snapshot(line: CommandLine) -> None:
    line.configure(
        'run_config "few" {\n  script = "train.py"\n  snapshot {\n    max_files = 1\n  }\n}\n'
        'run_config "small" {\n  script = "train.py"\n  snapshot {\n    max_size = "1B"\n  }\n}\n'
    )
    line.write("train.py", "print('hi')\n")
    assert "Too many files for a snapshot" in line.run("run", "few", code=125).err
    assert "Too large for a snapshot" in line.run("run", "small", code=125).err
    assert not line.folders()


def test_a_run_that_takes_too_long_is_ended(line: CommandLine) -> None:
    line.configure('run_config "t" {\n  script = "t.py"\n  max_run_duration = "3s"\n}\n')
    line.write("t.py", READY + "import os, time\nprint(os.getpid())\ntime.sleep(600)\n")
    result = line.run("run", code=143)
    assert "took longer than max_run_duration, 3 s" in result.out
    assert not is_running(int(result.out.splitlines()[1]))


def test_what_was_never_applied_is_named_with_the_remedy(line: CommandLine) -> None:
    block = 'run_config "t" {\n  script = "t.py"\n  environment = environment.mine\n}\n'
    line.configure(block, apply=False)
    line.write("t.py", "")
    result = line.run("run", "t", code=125)
    assert "Run: amlplan apply" in result.err
    assert not line.data.exists()


def test_what_was_changed_and_not_applied_is_noted_and_not_used(line: CommandLine) -> None:
    block = 'run_config "t" {\n  script = "t.py"\n  environment = environment.mine\n}\n'
    line.configure(block)
    line.change("user_managed", 'variables = { X = "new" }\n  user_managed')
    line.write("t.py", "import os\nprint(os.environ.get('X'))\n")
    result = line.run("run", "t")
    assert "Note: environment.mine was changed and not applied" in result.out
    assert "\nNone\n" in result.out


def test_a_target_has_to_be_one(line: CommandLine) -> None:
    block = 'run_config "t" {\n  script = "t.py"\n  target = environment.mine\n}\n'
    line.configure(apply=True)
    line.project.hcl((line.root / "main.hcl").read_text() + block)
    line.write("t.py", "")
    result = line.run("run", "t", code=125)
    assert "main.hcl line" in result.err
    assert "compute" in result.err


def test_names_that_would_hide_each_other_are_refused(line: CommandLine) -> None:
    line.configure()
    plain = (line.root / "main.hcl").read_text()
    inputs = '  input "a-b" {\n    path = "x"\n  }\n  input "a_b" {\n    path = "y"\n  }\n'
    line.project.hcl(f'{plain}run_config "t" {{\n  script = "t.py"\n{inputs}}}\n')
    assert "AMLPLAN_INPUT_A_B" in line.run("run", "t", code=125).err
    env = '  env = { AMLPLAN_RUN_ID = "x" }\n'
    line.project.hcl(f'{plain}run_config "t" {{\n  script = "t.py"\n{env}}}\n')
    assert "AMLPLAN_RUN_ID" in line.run("run", "t", code=125).err
    assert line.run("validate", code=10).err.count("AMLPLAN_RUN_ID") >= 1


def test_history_names_are_checked_on_the_command_line_too(line: CommandLine) -> None:
    line.configure('run_config "t" {\n  script = "t.py"\n}\n')
    line.write("t.py", "")
    for name in ("", "a b", "../x", "-x"):
        for what in ("t", "t.py"):
            result = line.run("run", what, f"-history={name}", code=125)
            assert "No name for a history" in result.err
    assert not line.folders()


def test_an_environment_is_not_needed(line: CommandLine) -> None:
    line.configure('run_config "t" {\n  script = "t.py"\n}\n')
    line.write("t.py", "import sys\nprint(sys.executable)\n")
    line.run("run")
    assert Path(line.last().definition["program"][0]).name == "python"
