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
# # How sure must a suggestion be, to be applied unseen?
#
# **Data:** labelled tickets that the current model has not learnt from: those that training held
# out or, for a model of our own corpus, those that it was calibrated on, each read by a model
# without it. With a labelled file of your own, give `Source.named(PATH, COLUMNS, LABELS)`.
# Nothing is stored here: `triage thresholds` with the same targets does that.

# %%
from datetime import UTC, datetime

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from classifier import Reader
from classifier.decision import NEVER
from tickets import PRIORITIES, Priority
from triage.progress import progress_bar
from triage.thresholds.choice import choose, inspect
from triage.thresholds.precision import curve, figures
from triage.thresholds.targets import Wish, surely

READER, SOURCE = Reader.LIGHT, None
WISH = Wish(
    precision={Priority.P2: 0.85, Priority.P3: 0.85, Priority.P4: 0.9},
    recall={Priority.P0: 0.9},
    never_auto=frozenset({Priority.P0, Priority.P1}),
)

with progress_bar("reading") as bar:
    found = inspect("", READER, SOURCE, WISH, bar.reach)
names = [str(priority) for priority in PRIORITIES]
print(f"Run on {datetime.now(UTC):%Y-%m-%d}: model {found.model.version}, {READER} reader,")
print(f"{len(found.sample.labels):,} tickets {found.sample.name}")

# %% [markdown]
# ## What would each threshold give?
#
# The higher the threshold, the more of what is applied is right (precision) and the less is applied
# (coverage). A priority whose line is high from the start can be let go early; one whose line stays
# low should not be applied unseen at all. Of few tickets a precision says little.

# %%
points = pd.DataFrame(
    {
        "priority": name,
        "threshold": point.threshold,
        "precision": point.precision.value,
        "coverage": point.coverage.value,
        "applied": point.precision.total,
    }
    for name, priority in zip(names, PRIORITIES, strict=True)
    for point in curve(found.acted, priority)
)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), sharex=True, layout="constrained")
markers = dict(zip(names, "osd^v", strict=True))
for name, own in points.groupby("priority"):
    left.plot(own["threshold"], own["precision"], marker=markers[name], label=name)
    right.plot(own["threshold"], own["coverage"], marker=markers[name], label=name)
left.set(title="Precision", xlabel="threshold", ylabel="right, of those applied")
right.set(title="Coverage", xlabel="threshold", ylabel="applied, of those suggested")
right.legend()
plt.show()
display(points.pivot(index="threshold", columns="priority", values="precision").round(2))
display(points.pivot(index="threshold", columns="priority", values="coverage").round(2))
sharpest = points[points["applied"] >= 30].sort_values("precision").iloc[-1]
print(f"Surest with 30 tickets or more: {sharpest['priority']} from {sharpest['threshold']:.2f}")

# %% [markdown]
# ## Thresholds for the targets above
#
# A target must be reached with 95 % certainty, not only on average: `surely` is the bound that
# counts. A floor (here for P0) lifts what is suggested too low; it costs precision.

# %%
change = choose(found, WISH)
chosen = figures(change.acted)
table = pd.DataFrame(
    {
        "auto from": [t if t < NEVER else None for t in change.model.thresholds.auto],
        "coverage": [one.coverage.value for one in chosen.classes],
        "precision": [one.precision.value for one in chosen.classes],
        "surely": [surely(one.precision) for one in chosen.classes],
        "recall before": [one.recall.value for one in figures(found.acted).classes],
        "recall": [one.recall.value for one in chosen.classes],
    },
    index=names,
)
axes = table[["recall before", "recall"]].plot.bar(figsize=(7, 2.6), rot=0, title="Recall")
axes.set(ylabel="found of its tickets", ylim=(0, 1))
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()
display(table.astype(float).round(3))
print(f"P0 is suggested from a probability of {change.model.thresholds.floors[Priority.P0]:.4f} on")

# %% [markdown]
# ## Does it hold on tickets that the thresholds were not chosen on?
#
# Thresholds look better on the tickets that they were chosen on. Chosen on four fifths and tried on
# the last, in turn, they show what to expect.

# %%
tried = pd.DataFrame(
    {
        "target": [WISH.precision.get(priority) for priority in PRIORITIES],
        "precision tried": [one.precision.value for one in change.tried.classes],
        "coverage tried": [one.coverage.value for one in change.tried.classes],
        "recall tried": [one.recall.value for one in change.tried.classes],
    },
    index=names,
)
display(tried.astype(float).round(3))

# %% [markdown]
# ## Answer

# %%
for name, threshold in table["auto from"].dropna().items():
    applied, right = table.loc[name, "coverage"], table.loc[name, "precision"]
    print(
        f"{name}: from {threshold:.4f}, which applies {applied:.0%}, of which {right:.0%} are right"
    )
unseen = int(change.acted.is_auto.sum())
unreached = table.index[table["auto from"].isna() & tried["target"].notna()]
print(f"Target out of reach, so never unseen: {', '.join(unreached) or 'none'}")
print(f"{unseen / len(found.sample.labels):.0%} of the tickets would be applied unseen.")
before, after = (float(table[column].iloc[Priority.P0]) for column in ("recall before", "recall"))
print(f"P0 recall goes from {before:.3f} to {after:.3f}.", end=" ")
print(
    f"The gate refuses: {'; '.join(change.objections)}" if change.objections else "The gate agrees."
)
