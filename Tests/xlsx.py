#!/usr/bin/env python3
"""Opens the workbook of a results folder with openpyxl and holds it against the tables beside it.

    musc run FOLDER with output.workbook: xlsx, then
    python3 Tests/xlsx.py FOLDER/_musc

Needs openpyxl (Debian: python3-openpyxl). Every number must be one, and every text the one of the CSV file.
"""
import csv
import pathlib
import sys

import openpyxl

results = pathlib.Path(sys.argv[1])
workbook = openpyxl.load_workbook(results / "scores.xlsx")
for name in ("scores", "regions"):
    with open(results / f"{name}.csv", newline="") as file:
        expected = list(csv.reader(file))
    found = list(workbook[name].iter_rows(values_only=True))
    assert len(found) == len(expected), name
    for cells, texts in zip(found, expected):
        for cell, text in zip(cells, texts):
            if isinstance(cell, (int, float)):
                assert float(text) == cell, (name, cell, text)
            else:
                # The CSV file alone has an apostrophe before what a spreadsheet would take for a formula.
                assert (cell or "") in (text, text.removeprefix("'")), (name, cell, text)
    print(f"{name}: {len(expected) - 1} rows as in the table")
