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
# # Where do rules and labels disagree, and which rule is overridden most?
#
# **Data:** the corpus that comes with the product ([datasheet](../data/README.md)): tickets with a
# priority and with facts, labelled one after the other. A person who changes a suggested priority
# overrides the rule that decided; here the label takes that person's place. Of a desk's own
# history, `triage rules diff` reads past tickets with their final priority.

# %%
from datetime import UTC, datetime

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

from classifier import Reader
from rules import load_engine, load_ruleset
from rules.health import PastDecision, rule_health
from tickets import PRIORITIES
from triage.desk import Desk
from triage.labelled.corpus import SHIPPED
from triage.labelled.file import read_labelled_file
from triage.labelled.ruled_labels import ruled_labels
from triage.progress import progress_bar
from triage.retraining.comparison import suggestions

DATA, COLUMNS, LABELS = SHIPPED, {}, {}
READER = Reader.LIGHT
FEWEST = 20  # tickets that a rule must have decided before its share of overrides means anything

engine = load_engine(load_ruleset())
file = read_labelled_file(DATA, engine.ruleset.schema, COLUMNS, LABELS)
names = engine.ruleset.schema.names
rows = [row for row in file.rows if set(names) <= set(row.labelled.facts)]
print(f"Run on {datetime.now(UTC):%Y-%m-%d}: {file.name}, rules {engine.ruleset.version}")
print(f"{len(rows):,} of {len(file.rows):,} tickets have all {len(names)} facts labelled")

# %% [markdown]
# ## How often do labelled facts, put through the rules, give the label?
#
# Here nothing is read from text: a disagreement is one between two judgements of a person, or a
# place where the rules do not say what the policy means. It bounds what any model can reach.

# %%
report = ruled_labels(rows, engine)
splits = pd.json_normalize(list(report["splits"].values())).set_axis(list(report["splits"]))
display(splits.round(3))
disagreements = pd.DataFrame(
    report["disagreements"], columns=["id", "split", "labelled", "by_rules", "rules", "facts"]
)
priorities = [str(priority) for priority in PRIORITIES]
moves = pd.crosstab(disagreements["labelled"], disagreements["by_rules"]).reindex(
    index=priorities, columns=priorities, fill_value=0
)
figure, axes = plt.subplots(figsize=(3.6, 3.2))
axes.imshow(moves, cmap="Oranges")
axes.set_xticks(range(len(priorities)), priorities)
axes.set_yticks(range(len(priorities)), priorities)
axes.set(xlabel="by the rules", ylabel="label", title="Disagreements")
plt.show()
display(moves)
distance = np.abs(np.subtract.outer(range(len(priorities)), range(len(priorities))))
far = moves.to_numpy()[distance > 1].sum()
print(f"{len(disagreements)} of {len(rows):,} disagree, {far} of them by more than one priority.")

# %% [markdown]
# ## Which rule do labels override?
#
# For each rule: the tickets that it decided, and how many of them a label makes more urgent
# (raised) or less (lowered). Many raised tickets say that the rule is too mild, many lowered ones
# that it is too strict; a few of both are the usual doubt between neighbours.

# %%
by_label = [
    PastDecision(row.labelled.facts, row.labelled.priority, row.labelled.ticket.received_at)
    for row in rows
]
health = pd.DataFrame([vars(one) for one in rule_health(engine, by_label)]).set_index("rule_id")
health["overridden"] = (health["raised"] + health["lowered"]) / health["support"]
decided = health[health["support"] >= FEWEST].sort_values("overridden", ascending=False)
shown = decided.head(10)
shares = shown[["raised", "lowered"]].div(shown["support"], axis="index")
axes = shares.plot.barh(stacked=True, figsize=(7, 3.6), title="Labels other than the rule's")
axes.set(xlabel="share of the tickets that it decided", ylabel="")
axes.invert_yaxis()
plt.show()
display(decided.drop(columns="last_fired_at").round(3))
idle = health.index[health["support"] == 0].tolist()
print(
    f"{len(decided)} rules decided {FEWEST} tickets or more; these none: {', '.join(idle) or '-'}"
)

# %% [markdown]
# ## And with the facts as a model reads them?
#
# Now the same rules get what the current model reads from the texts, of writers that it has not
# learnt from (the `test` split; nothing is tuned here). What a rule loses against the table above
# is misreading, not policy: it is mended with labelled tickets, not in `rules/priority.yaml`.

# %%
desk = Desk.load(reader=READER)
unseen = [row.labelled for row in rows if row.labelled.split == "test"]
with progress_bar("reading") as bar:
    read = [
        PastDecision({name: fact.value for name, fact in found.facts.items()}, labelled.priority)
        for labelled, found in zip(unseen, suggestions(desk, unseen, bar.reach), strict=True)
    ]
health_read = pd.DataFrame([vars(one) for one in rule_health(engine, read)]).set_index("rule_id")
health_read["overridden"] = (health_read["raised"] + health_read["lowered"]) / health_read[
    "support"
]
kept = ["support", "overridden"]
beside = health[kept].add_suffix(" labelled").join(health_read[kept].add_suffix(" read"))
beside = beside[(beside["support labelled"] >= FEWEST) & (beside["support read"] >= FEWEST)]
beside["by misreading"] = beside["overridden read"] - beside["overridden labelled"]
beside = beside.sort_values("by misreading", ascending=False)
axes = beside[["overridden labelled", "overridden read"]].plot.barh(
    figsize=(7, 4.5), title=f"Overrides with labelled and with read facts ({READER} reader)"
)
axes.set(xlabel="share of the tickets that it decided", ylabel="")
axes.invert_yaxis()
plt.show()
display(beside.round(3))
print(
    f"Model {desk.rooms.model.version}, {len(unseen)} tickets, rules with {FEWEST} or more in both"
)

# %% [markdown]
# ## Answer

# %%
agreed = 1 - len(disagreements) / len(rows)
print(f"Rules and labels agree on {agreed:.1%} of {len(rows):,} tickets when facts are labelled.")
most, figures = decided.index[0], decided.iloc[0]
side = "raised" if figures["raised"] > figures["lowered"] else "lowered"
print(
    f"Most overridden: {most}, {figures['overridden']:.1%} of {figures['support']:.0f} tickets,"
    f" mostly {side}."
)
if len(beside):
    print(
        f"Most misread: {beside.index[0]}, {beside['by misreading'].iloc[0]:+.0%} when facts are"
        " read."
    )
