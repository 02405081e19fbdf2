"""Check a MEDS dataset by the schemas of the standard. Runs in the environment of the clients."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
from meds import (
    CodeMetadataSchema,
    DataSchema,
    DatasetMetadataSchema,
    LabelSchema,
    SubjectSplitSchema,
    code_metadata_filepath,
    dataset_metadata_filepath,
    subject_splits_filepath,
)
from meds_testing_helpers.dataset import MEDSDataset


def check(schema, file: Path) -> None:
    """Check one file; `align` puts columns in order and widens text, as every client does."""
    schema.validate(schema.align(pq.read_table(file)))


root = Path(sys.argv[1])
shards = sorted((root / "data").glob("*.parquet"))
for shard in shards:
    check(DataSchema, shard)
check(CodeMetadataSchema, root / code_metadata_filepath)
check(SubjectSplitSchema, root / subject_splits_filepath)
labels = sorted((root / "labels").rglob("*.parquet"))
for file in labels:
    check(LabelSchema, file)
DatasetMetadataSchema.validate(json.loads((root / dataset_metadata_filepath).read_text("utf-8")))
dataset = MEDSDataset(root_dir=root)
rows = sum(table.num_rows for table in dataset.data_shards.values())
known = set(dataset.code_metadata["code"].to_pylist())
used = {code for table in dataset.data_shards.values() for code in table["code"].to_pylist()}
print(json.dumps({"shards": len(shards), "labels": len(labels), "rows": rows, "unknown": sorted(used - known)}))
