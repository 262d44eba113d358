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
# # What is in a labelled file, and can a model learn from it?
#
# **Data:** the corpus that comes with the product, 14 synthetic writers
# ([datasheet](../data/README.md)). For a file of your own, change the three names in the next cell:
# `COLUMNS = {"body": "Description"}` says what yours calls a column of ours,
# `LABELS = {"Urgent": Priority.P0}` what a label of yours stands for.

# %%
from dataclasses import replace
from datetime import UTC, datetime

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from rules import load_ruleset
from triage.frames import labelled_frame
from triage.labelled.check import check
from triage.labelled.corpus import SHIPPED
from triage.labelled.counts import FEWEST_TO_LEARN, counts, too_rare
from triage.labelled.file import read_labelled_file

DATA, COLUMNS, LABELS = SHIPPED, {}, {}

file = read_labelled_file(DATA, load_ruleset().schema, COLUMNS, LABELS)
tickets = labelled_frame(file)
print(f"Looked at on {datetime.now(UTC):%Y-%m-%d}: {file.name}")
print(f"{len(tickets):,} usable tickets, {len(file.faults)} rows that are none,")
print(
    f"received {tickets['received_at'].min():%Y-%m-%d} to {tickets['received_at'].max():%Y-%m-%d}"
)

# %% [markdown]
# ## How many tickets does each priority have?
#
# A priority needs tickets in every part: those of `train` teach, those of `test` measure. Whatever
# has fewer than `FEWEST_TO_LEARN` can be neither learnt nor measured: of twenty tickets, one more
# or less right is five points.

# %%
by_split = pd.crosstab(tickets["priority"], tickets["split"].replace("", "(no split)"))
axes = by_split.plot.barh(stacked=True, figsize=(7, 2.6), title="Tickets by label")
axes.invert_yaxis()
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()
display(by_split)

labelled = by_split.sum(axis="columns")
rarest, commonest = labelled.idxmin(), labelled.idxmax()
print(f"The rarest label is {rarest}, {labelled[rarest]:,} of {labelled.sum():,} tickets.")
print(f"Whoever always says {commonest} is right in {labelled[commonest] / labelled.sum():.0%}.")

# %% [markdown]
# ## Which facts go with which priority?
#
# The rules decide by facts, so facts should part the priorities. A row of one colour is a fact
# value that all but decides; a row of many colours needs the other facts beside it. A value of few
# tickets proves little, so the table below has their number.

# %%
shown = ("condition", "reach", "workaround", "harm")
figure, places = plt.subplots(2, 2, figsize=(9, 5), layout="constrained")
for fact, place in zip(shown, places.flat, strict=True):
    shares = pd.crosstab(tickets[f"facts.{fact}"], tickets["priority"], normalize="index")
    shares.plot.barh(stacked=True, ax=place, legend=False, colormap="plasma", title=fact)
    place.invert_yaxis()
    place.set(xlabel="share of its tickets", ylabel="", xlim=(0, 1))
figure.legend(list(tickets["priority"].cat.categories), loc="outside right upper")
plt.show()

# %% [markdown]
# The same as a table: for each value its tickets, and the commonest priority with its share.

# %%
rows = []
for fact in shown:
    table = pd.crosstab(tickets[f"facts.{fact}"], tickets["priority"])
    share = table.max(axis="columns") / table.sum(axis="columns")
    columns = {"tickets": table.sum(axis="columns"), "commonest": table.idxmax(axis="columns")}
    rows.append(pd.DataFrame({"fact": fact, **columns, "share": share.round(2)}))
telling = pd.concat(rows).rename_axis("value").reset_index().set_index(["fact", "value"])
display(telling)
(sure_fact, sure_value), sure = telling["share"].idxmax(), telling["share"].max()
print(f"The most telling value: {sure_fact} {sure_value}, of which {sure:.0%} have one label.")

# %% [markdown]
# ## Are urgent tickets longer, or shorter?
#
# If they were, a model could learn the length in place of the matter. The boxes should lie side by
# side.

# %%
lengths = [own["words"] for _, own in tickets.groupby("priority", observed=True)]
names = list(tickets["priority"].cat.remove_unused_categories().cat.categories)
figure, axes = plt.subplots(figsize=(7, 2.6))
axes.boxplot(lengths, tick_labels=names, orientation="horizontal", showfliers=False)
axes.set(xlabel="words", title="Length by label (without the longest)")
axes.invert_yaxis()
plt.show()
medians = pd.DataFrame(counts(file)["words"]).T
display(medians)
apart = medians.drop(index="all")["median"]
print(f"Medians lie between {apart.min()} and {apart.max()} words.")

# %% [markdown]
# ## Does anything give the label away, or stand twice?
#
# `triage data check` tries each column alone on tickets held out, looks for copies, and names
# labels that models which had not seen the ticket doubt. Here it looks at every fifth ticket, to be
# quick; `check(file)` looks at all. A column gives the label away when it is well above its chance.
# A model of few tickets doubts more labels than one of many.

# %%
report = check(replace(file, rows=file.rows[::5]))
by_column = pd.DataFrame(report["leaks"]["fields"]).T
axes = by_column[["macro_f1", "chance"]].plot.barh(figsize=(7, 3), title="What a column tells")
axes.set(xlabel="macro-F1", xlim=(0, 1))
axes.invert_yaxis()
plt.show()
display(by_column)

doubted = pd.DataFrame(report["suspicious_labels"])
copies = report["exact_copies"] + report["near_copies"]
print(
    f"{report['tickets']} tickets looked at: {len(copies)} groups of copies, {len(doubted)} labels"
)
print("in doubt. The most doubtful come first, to be read again (no verdict):")
display(doubted.head(5))

# %% [markdown]
# ## Answer

# %%
rare = pd.DataFrame(too_rare(counts(file)), columns=["kind", "value", "tickets"])
given_away = by_column.index[by_column["gives_away"].astype(bool)].tolist()
enough = rare[rare["kind"] == "priority"].empty
print("Every priority has" if enough else "Not every priority has", end=" ")
print(
    f"{FEWEST_TO_LEARN} tickets or more, so a model {'can' if enough else 'cannot'} learn them all."
)
print(f"Too rare to learn: {', '.join(rare['kind'] + ' ' + rare['value']) or 'nothing'}.")
print(f"Given away by a column: {', '.join(given_away) or 'nothing'}.")
print(f"Labels to read again: {len(doubted) / report['tickets']:.0%} of those looked at.")
