"""Extract a cohort from a MEDS dataset with ACES. Runs in the environment of the clients."""

import json
import sys
from pathlib import Path

from aces import config, predicates, query
from omegaconf import DictConfig

root, task = sys.argv[1:]
found = {}
for shard in sorted(Path(root).glob("data/*.parquet")):
    wanted = config.TaskExtractorConfig.load(task)  # a query changes it
    events = predicates.get_predicates_df(wanted, DictConfig({"path": str(shard), "standard": "meds"}))
    rows = query.query(wanted, events)
    found |= dict(rows.select("subject_id", "label").iter_rows()) if rows.height else {}
print(json.dumps(found))
