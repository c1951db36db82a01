"""The statements of bench/lake.bench.ts by chDB (ClickHouse in a process) over the same files, warm.

Reads what `npm run bench -- lake --peers=FILE` wrote; prints a line of JSON for each statement: its name, the median in
ms and the rows it found. A statement that ClickHouse cannot answer as it is says why instead.
"""

import json
import re
import statistics
import sys
import time

import chdb.session


def statement_of(sql: str, folder: str) -> str:
    """ClickHouse's spelling: files by their folder, comments gone, timestamps by its own function."""
    source = f"file('{folder}/*.parquet', Parquet)"
    text = re.sub(r"--.*", "", sql)
    text = re.sub(r"TIMESTAMP ('[^']+')", r"toDateTime64(\1, 3, 'UTC')", text)
    return re.sub(r"\bsource\b", source, text)


def main() -> None:
    wanted = json.load(open(sys.argv[1], encoding="utf-8"))
    session = chdb.session.Session()
    session.query("SET schema_inference_mode = 'union', max_threads = 2")
    for entry in wanted["statements"]:
        sql = statement_of(entry["sql"], wanted["folder"])
        times = []
        try:
            for _ in range(wanted["repeats"] + 1):
                started = time.perf_counter()
                result = session.query(sql, "JSONEachRow")
                times.append((time.perf_counter() - started) * 1000)
            rows = len(str(result).splitlines())
            found = {"name": entry["name"], "ms": round(statistics.median(times[1:])), "rows": rows}
        except Exception as error:  # noqa: BLE001 - whatever the peer says is the answer
            found = {"name": entry["name"], "error": str(error).splitlines()[0][:200]}
        print(json.dumps(found), flush=True)


main()
