# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Can a desk's own export become the current model, and what does it take?
#
# **Data:** a raw export as a desk might hand it over, with its own column names and labels, dates
# without zone and some rows that are no use. It is made here from the held-out writers of the
# corpus ([datasheet](../data/README.md)), so it is synthetic; put your own file in its place.
# Everything is stored in a temporary folder: the models of this installation are not touched.

# %%
import json
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from classifier import Reader
from rules import load_ruleset
from tickets import Priority
from triage.batch import RowForm
from triage.batch_files import batch_to_file
from triage.labelled.check import check_file
from triage.labelled.corpus import SHIPPED
from triage.progress import progress_bar
from triage.retraining.comparison import COMPARED
from triage.retraining.models import train_models
from triage.retraining.promotion import compare_versions, promote_version, stored_models
from triage.retraining.source import Source
from triage.settings import HOME_VARIABLE

folder = Path(tempfile.mkdtemp(prefix="triage-notebook-"))
home = folder / "home"
os.environ[HOME_VARIABLE] = str(home)  # of this notebook alone
READER = Reader.LIGHT
print(f"Run on {datetime.now(UTC):%Y-%m-%d}, rules {load_ruleset().version}; all files in {folder}")

# %% [markdown]
# ## The raw export
#
# Urgency is written in words, `Opened` has no offset, and nobody labelled facts. One row has no
# text, one has an urgency that means nothing. The first export is there now; the later one, which
# holds its tickets too, will come in some months.

# %%
WORDS = {"P0": "Blocker", "P1": "Critical", "P2": "High", "P3": "Medium", "P4": "Low"}
corpus = pd.DataFrame(map(json.loads, Path(SHIPPED).read_text("utf-8").splitlines()))
desk_rows = corpus[corpus["split"] == "test"].sort_values("received_at")
export = pd.DataFrame(
    {
        "Number": desk_rows["id"],
        "Title": desk_rows["subject"],
        "Description": desk_rows["body"],
        "Plan": desk_rows["tier"].str.title(),
        "Opened": desk_rows["received_at"].str[:19],
        "Urgency": desk_rows["priority"].map(WORDS),
    }
)
export.iloc[5, [1, 2]] = ""
export.iloc[9, 5] = "tbd"
early, late, rest = folder / "first.csv", folder / "later.csv", folder / "next.csv"
export[:180].to_csv(early, sep=";", index=False)
export[:320].to_csv(late, sep=";", index=False)
export[320:350].drop(columns="Urgency").to_csv(rest, sep=";", index=False)
display(export[:180].drop(columns=["Title", "Description"]).head(3))
print(f"{early.name}: 180 rows, {late.name}: 320 rows, columns {', '.join(export.columns)}")

# %% [markdown]
# ## `triage data check`: what is usable?
#
# Two mappings say what their words mean, and nothing in the file has to be changed. Rows that are
# no use are named with a remedy, and left out of everything below.

# %%
COLUMNS = {
    "id": "Number",
    "subject": "Title",
    "body": "Description",
    "tier": "Plan",
    "received_at": "Opened",
    "priority": "Urgency",
}
LABELS = {word: Priority.parse(name) for name, word in WORDS.items()}
report = check_file(str(early), COLUMNS, LABELS)
per_label = pd.Series(report["counts"]["priority"], name="tickets")
axes = per_label.plot.barh(figsize=(6, 2), title="Usable tickets of the first export, by label")
axes.invert_yaxis()
plt.show()
display(per_label.to_frame())
display(pd.DataFrame(report["unusable"]))
print(f"{report['tickets']} of 180 rows are usable.")

# %% [markdown]
# ## `triage train`: the first model of their own
#
# The latest fifth is held out. There is no current model in this folder, so the first becomes
# current without a rival. Facts are learnt through the rules, as the labels are priorities alone.

# %%
source = Source.named(str(early), COLUMNS, LABELS)
with progress_bar("training") as bar:
    first = train_models(source.tickets(), home, bar.reach, source=source)[READER]
print(f"{READER} reader: model {first.model.version}, current: {first.is_current}")
print(f"because {', '.join(first.why)}")
display(pd.Series(first.model.description["metrics"], name="on what was held out").to_frame())

# %% [markdown]
# ## `triage train --no-promote` and `triage compare`: some months later
#
# The later export is longer. Its model is stored as a candidate, and both models answer the
# tickets that neither has learnt from. The interval says what may be chance.

# %%
later = Source.named(str(late), COLUMNS, LABELS)
with progress_bar("training") as bar:
    train_models(later.tickets(), home, bar.reach, source=later, promote=False)
with progress_bar("comparing") as bar:
    match = compare_versions("", "", READER, None, bar.reach)
compared = pd.DataFrame({name: getattr(match.comparison, name).as_record() for name in COMPARED}).T
axes = compared[["current", "candidate"]].plot.bar(figsize=(6, 2.6), rot=0, title="Two models")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()
display(compared.astype(float).round(3))
print(f"{match.comparison.tickets} tickets, {match.comparison.p0_tickets} of them P0;")
print("for expected_cost, less is better.")

# %% [markdown]
# ## `triage promote`: through the gate
#
# The gate refuses a candidate that misses one more P0, or whose suggestions cost more. Whoever
# knows better can overrule it with a reason (`--force --why`), which is kept in the history.

# %%
refused = match.objections
if refused:
    print(f"The gate refuses {match.candidate.version}: {'; '.join(refused)}")
else:
    with progress_bar("comparing") as bar:
        print(promote_version(match.candidate.version, None, bar.reach, force=False, why=""))
listed = [
    {"version": one.version, "reader": str(one.reader), "is_current": one.is_current}
    for one in stored_models()
]
display(pd.DataFrame(listed))

# %% [markdown]
# ## `triage batch`: what it makes of tickets that come next
#
# Thirty tickets that no model has seen, in the columns of the export. `Opened` is read in the zone
# that is named; the deadline comes from the support policy.

# %%
given = {ours: theirs for ours, theirs in COLUMNS.items() if ours != "priority"}
form = RowForm(columns=given, timezone=ZoneInfo("America/Los_Angeles"))
done = batch_to_file(str(rest), str(folder / "assessed.csv"), form, READER)
assessed = pd.read_csv(folder / "assessed.csv")
display(assessed[["id", "priority", "confidence", "action", "response.due_at"]].head())
print(f"{done.done} assessed, {done.failed} failed; to be looked at by a person:", end=" ")
print(f"{(assessed['action'] == 'review').mean():.0%}")

# %% [markdown]
# ## Answer

# %%
now, cost = match.current if refused else match.candidate, match.comparison.expected_cost
print(f"Yes, with {report['tickets']} usable rows to begin with.")
print(f"The {READER} reader's current model is {now.version}.")
print(f"The gate {'refused' if refused else 'let pass'} the candidate of the later export:")
print(f"cost {cost.current:.3f} to {cost.candidate:.3f}, {cost.verdict(less_is_better=True)}.")
shutil.rmtree(folder)
