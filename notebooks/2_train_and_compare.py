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
# # Do more labelled tickets make a better model, or is the difference chance?
#
# **Data:** the corpus that comes with the product ([datasheet](../data/README.md)). Models learn
# from the writers of `train` and are judged on those of `development`, whom they have never seen;
# `test` is kept for reports. For a file of your own without splits, write
# `parts = part(file.tickets)` (from `triage.retraining.held_out`), and take `parts.learnt` and
# `parts.held_out`. The light reader is quick; `Reader.FULL` understands more and takes minutes.

# %%
import random
from datetime import UTC, datetime

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from classifier import Reader, load_recipe
from classifier.encoder import load_encoder
from classifier.evaluation import agreement
from classifier.intervals import intervals
from classifier.training import Material, train
from rules import load_ruleset
from tickets import PRIORITIES
from triage.desk import Desk
from triage.labelled.corpus import SHIPPED
from triage.labelled.file import read_labelled_file
from triage.progress import progress_bar
from triage.retraining.comparison import (
    COMPARED,
    compare,
    labels_of,
    measures,
    suggested_priorities,
)
from triage.retraining.gate import objections
from triage.retraining.training import current_rules
from triage.suggest import cost_array

DATA, COLUMNS, LABELS = SHIPPED, {}, {}
READER = Reader.LIGHT
SIZES = (200, 400, 800)  # more take longer

file = read_labelled_file(DATA, load_ruleset().schema, COLUMNS, LABELS)
learnt = [one for one in file.tickets if one.split == "train"]
judged = [one for one in file.tickets if one.split == "development"]
random.Random(20261122).shuffle(learnt)  # each size holds the smaller ones, of all writers
print(f"Run on {datetime.now(UTC):%Y-%m-%d}: {file.name}, reader {READER},")
print(f"rules {current_rules().version}")
print(f"{len(learnt):,} tickets to learn from, {len(judged)} to judge by")

# %% [markdown]
# ## Training, with more and more tickets
#
# This is what `triage train` does, but for storing the model.

# %%
rules, recipe = current_rules(), load_recipe(READER)
encoder = load_encoder() if READER is Reader.FULL else None
costs, labels = cost_array(load_ruleset()), labels_of(judged)
suggested = {}
for size in SIZES:
    with progress_bar(f"{size} tickets") as bar:
        model = train(Material.of(learnt[:size], recipe), rules, recipe, bar.reach, encoder)
        suggested[size] = suggested_priorities(Desk.of(model), judged, bar.reach)

# %% [markdown]
# ## How much does each doubling bring?
#
# The bars are 95 % intervals of the drawn tickets. Where two of them overlap widely, the difference
# may be chance; the comparison below, of both models on the same tickets, is the sharper test.

# %%
curve = pd.DataFrame(
    {size: measures(labels, answers, costs) for size, answers in suggested.items()}
).T.rename_axis("tickets")
bounds = pd.DataFrame(
    {size: intervals(labels, answers)["macro_f1"] for size, answers in suggested.items()},
    index=["low", "high"],
).T
off = [curve["macro_f1"] - bounds["low"], bounds["high"] - curve["macro_f1"]]
figure, axes = plt.subplots(figsize=(7, 3))
axes.errorbar(curve.index, curve["macro_f1"], yerr=off, marker="o", capsize=4)
axes.set(xscale="log", xlabel="tickets learnt from", ylabel="macro-F1", title="Learning curve")
axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
axes.minorticks_off()
plt.show()
display(curve.join(bounds.add_prefix("macro_f1 ")).round(3))
gains = curve["macro_f1"].diff().dropna()
for size, gain in gains.items():
    print(f"From {size // 2:,} to {size:,} tickets: macro-F1 {gain:+.3f}")

# %% [markdown]
# ## The last doubling, ticket by ticket
#
# Both models answer the same tickets, so the luck of the draw falls on both. `expected_cost` is
# the mean cost by the matrix in `rules/priority.yaml`, where calling a P0 a P4 is dearest; less is
# better.

# %%
smaller, larger = SIZES[-2:]
comparison = compare(labels, suggested[larger], suggested[smaller], costs)
compared = {
    name: {
        **getattr(comparison, name).as_record(),
        "verdict": getattr(comparison, name).verdict(less_is_better=name == "expected_cost"),
    }
    for name in COMPARED
}
display(pd.DataFrame(compared).T)
refused = objections(comparison)
print(f"The gate would {'refuse it: ' + '; '.join(refused) if refused else 'let it pass.'}")

# %% [markdown]
# ## Where the larger model is still wrong
#
# Rows are labels, columns what is suggested. What lies left of the diagonal is more urgent than the
# label (over-triage), what lies right of it less (under-triage, the dear side).

# %%
names = [str(priority) for priority in PRIORITIES]
confusion = pd.crosstab(
    pd.Categorical.from_codes(labels, names),
    pd.Categorical.from_codes(suggested[larger], names),
    rownames=["label"],
    colnames=["suggested"],
    dropna=False,
)
figure, axes = plt.subplots(figsize=(3.6, 3.2))
axes.imshow(
    confusion.div(confusion.sum(axis="columns"), axis="index"), cmap="Blues", vmin=0, vmax=1
)
axes.set_xticks(range(len(names)), names)
axes.set_yticks(range(len(names)), names)
axes.set(xlabel="suggested", ylabel="label", title=f"Learnt from {larger:,}")
plt.show()
display(confusion)
per_class = pd.DataFrame(agreement(labels, suggested[larger])["per_class"]).T
display(per_class.round(2))
weakest = per_class["f1"].idxmin()
under, over = int((suggested[larger] > labels).sum()), int((suggested[larger] < labels).sum())
print(f"{under} tickets under-triaged, {over} over-triaged; weakest is {weakest}.")

# %% [markdown]
# ## Answer

# %%
macro, cost = comparison.macro_f1, comparison.expected_cost
print(f"From {smaller:,} to {larger:,} tickets, judged on {comparison.tickets} unseen ones:")
print(f"macro-F1 {macro.current:.3f} to {macro.candidate:.3f}: {macro.verdict()};")
print(f"cost {cost.current:.3f} to {cost.candidate:.3f}: {cost.verdict(less_is_better=True)}.")
still = macro.low > 0 or cost.high < 0
print(
    "More labels still pay." if still else "Another doubling did not clearly pay on these tickets."
)
