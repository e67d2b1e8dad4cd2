"""Scripts that do more than compute: files, threads, logs, exits, state, models."""

from __future__ import annotations

import pickle

from scoring.comparing import Case, Difference
from scoring.text_scripts import post

FAILURES = """
    import json, sys, os
    class Own(Exception): pass
    def init(): pass
    def deep(n): return deep(n + 1)
    def run(data):
        how = json.loads(data)
        if how == "value": raise ValueError("no ü")
        if how == "own": raise Own()
        if how == "import": import nothing_of_this_name
        if how == "assert": assert False
        if how == "key": return {}["x"]
        if how == "recursion": return deep(0)
        if how == "stop": raise StopIteration
        if how == "timeout": raise TimeoutError("of its own")
        if how == "http":
            from werkzeug.exceptions import Forbidden
            raise Forbidden()
        if how == "chained":
            try: 1 / 0
            except Exception as failure: raise RuntimeError("next") from failure
        return how
"""
FAILURE_NAMES = (
    *("value", "own", "import", "assert", "key", "recursion", "stop", "http", "chained", "fine"),
)
EXITS = """
    import sys
    def init(): pass
    def run(data):
        if data == "exit": sys.exit(1)
        if data == "quit": raise KeyboardInterrupt
        return data
"""
SLOW = """
    import time
    def init():
        global asked
        asked = 0
    def run(data):
        global asked
        asked += 1
        time.sleep(float(data))
        return asked
"""
STATE = """
    def init():
        global count, seen
        count, seen = 0, []
    def run(data):
        global count
        count += 1
        seen.append(data)
        return {"count": count, "seen": seen[-3:]}
"""
THREADS = """
    import queue, threading
    from concurrent.futures import ThreadPoolExecutor
    def init():
        global pool, answers, asked
        pool = ThreadPoolExecutor(4)
        asked, answers = queue.Queue(), queue.Queue()
        threading.Thread(target=work, daemon=True).start()
    def work():
        while True:
            answers.put(asked.get() * 2)
    def run(data):
        asked.put(len(data))
        return [sum(pool.map(len, [data] * 8)), answers.get(), threading.current_thread().name]
"""
PROCESSES = """
    import subprocess, sys
    def init(): pass
    def run(data):
        code = "import sys; print(sys.stdin.read()[::-1])"
        done = subprocess.run([sys.executable, "-c", code], input=data.encode(), stdout=-1)
        return done.stdout.decode().strip()
"""
FILES = """
    import json, os
    from pathlib import Path
    def init():
        global labels, beside
        labels = json.loads(open("labels.json").read())
        beside = (Path(__file__).parent / "data" / "words.txt").read_text()
        os.makedirs("scratch", exist_ok=True)
    def run(data):
        with open("scratch/asked.txt", "a") as file:
            file.write(data + "\\n")
        return {
            "labels": labels, "beside": beside, "asked": open("scratch/asked.txt").read(),
            "here": sorted(name for name in os.listdir() if not name.startswith("__")),
            "root": os.path.samefile(os.environ["AML_APP_ROOT"], os.getcwd()),
            "missing": os.path.exists("missing.txt"),
        }
"""
PACKAGE = """
    from features.text import clean
    from features import VERSION
    import helpers
    def init(): helpers.ready = True
    def run(data): return [clean(data), VERSION, helpers.ready, __name__]
"""
LOGS = """
    import logging, sys, warnings
    logger = logging.getLogger(__name__)
    logging.basicConfig(level=logging.DEBUG)
    def init():
        print("init", flush=True)
        logging.getLogger("azmlinfsrv").info("told")
    def run(data):
        print("asked", data, file=sys.stderr)
        print("several", "words", sep=", ", end="")
        sys.stdout.write("written")
        logger.warning("warned %s", data)
        warnings.warn("deprecated")
        return logger.level, logging.getLogger().level
"""
LOG_FILE = """
    import logging
    def init(): pass
    def run(data):
        handlers = [type(each).__name__ for each in logging.getLogger("mine").handlers]
        formatter = type(logging.getLogger("azmlinfsrv").handlers[0].formatter).__name__
        return [handlers, logging.getLogger("mine").level, formatter]
"""
LOG_JSON = """{
    "version": 1,
    "formatters": {"own": {"class": "azureml_inference_server_http.log_config.AMLLogFormatter"}},
    "filters": {"root": {"()": "azureml_inference_server_http.log_config.RootAccessFilter"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "own",
                         "stream": "ext://sys.stdout", "filters": ["root"]}},
    "loggers": {"mine": {"level": "ERROR", "handlers": ["out"]},
                "azmlinfsrv": {"level": "INFO", "handlers": ["out"]}}
}"""
JOBLIB = """
    import json, os, joblib, numpy as np
    def init():
        global model
        model_path = os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.pkl")
        model = joblib.load(model_path)
    def run(raw_data):
        data = np.array(json.loads(raw_data)["data"])
        return (data * model["weight"] + model["bias"]).tolist()
"""
SEVERAL = """
    import os, pickle, glob
    def init():
        global models, folders
        root = os.environ["AZUREML_MODEL_DIR"]
        folders = sorted(os.listdir(root))
        models = {}
        for name, version in (("digits", "2"), ("ridge", "1")):
            with open(os.path.join(root, name, version, "model.pkl"), "rb") as file:
                models[name] = pickle.load(file)
    def run(data):
        return [folders, models[data]]
"""
MODEL = pickle.dumps({"weight": 2.0, "bias": 1.0}, protocol=2)
VARIABLES = """
    import os
    def init(): pass
    def run(data):
        return [os.environ.get(data), bool(os.environ.get("AZUREML_MODEL_DIR"))]
"""
SHADOWING = """
    import frames, front, server, keys, worker
    def init(): pass
    def run(data): return [frames.MINE, front.MINE, server.MINE, keys.MINE, worker.MINE]
"""
MINE = {f"{name}.py": "MINE = __name__" for name in ("frames", "front", "server", "keys", "worker")}
PATCHED = """
    import builtins, json
    def init():
        global real
        real = json.dumps
    def run(data):
        import signal, sys
        sys.setrecursionlimit(5000)
        return [signal.getsignal(signal.SIGINT) is not None, sys.getrecursionlimit()]
"""
BEHAVIOUR_CASES = [
    Case(
        "failures of all kinds",
        FAILURES,
        [
            *[post(name) for name in FAILURE_NAMES],
            post(
                "timeout",
                Difference("A TimeoutError of the script", "Scoring timeout", "in scoring script"),
            ),
        ],
    ),
    Case(
        "exits in run",
        EXITS,
        [post(b"a"), post(b"exit", Difference("Exits in `run`", None, "500\n"))],
    ),
    Case(
        "a script that takes too long",
        SLOW,
        [
            post(b"0"),
            post(b"60"),
            post(b"0", Difference("State after a timeout", "\n\n3", "\n\n1")),
        ],
        timeout=4.0,
    ),
    Case("state between requests", STATE, [post([n]) for n in range(5)]),
    Case("threads", THREADS, [post("abc"), post("")]),
    Case("processes of its own", PROCESSES, [post(b"abc"), post("ü".encode())]),
    Case(
        "files beside the script and written by it",
        FILES,
        [post(b"one"), post(b"two")],
        files={"labels.json": '["a", "b"]', "data/words.txt": "words"},
    ),
    Case(
        "packages beside the script",
        PACKAGE,
        [post(b" A ")],
        files={
            "features/__init__.py": "VERSION = 3",
            "features/text.py": "def clean(text): return text.strip().lower()",
            "helpers.py": "ready = False",
        },
    ),
    Case("prints, warnings and logs", LOGS, [post([1]), post("ü")]),
    Case("a file that configures logging", LOG_FILE, [post([1])], files={"logging.json": LOG_JSON}),
    Case(
        "one model, by joblib",
        JOBLIB,
        [post({"data": [1, 2]}), post({"data": "x"})],
        models={"ridge/3/model.pkl": MODEL},
    ),
    Case(
        "several models, by pickle",
        SEVERAL,
        [post(b"digits"), post(b"ridge"), post(b"none")],
        models={"digits/2/model.pkl": MODEL, "ridge/1/model.pkl": pickle.dumps([1], protocol=2)},
    ),
    Case(
        "variables",
        VARIABLES,
        [post(name.encode()) for name in ("MINE", "AZUREML_ENTRY_SCRIPT", "NOTHING")],
        variables={"MINE": "a, ü"},
    ),
    Case("modules with names of ours", SHADOWING, [post([1])], files=MINE),
    Case("a script that changes what is global", PATCHED, [post([1])]),
]
