// Plays cohorts as the worker of the page does: node cohorts.mjs MODULE ENGINE REQUESTS OUTPUT.
import { readFileSync, writeFileSync } from "node:fs";

import { Model } from "../../sim/nephrosyn/explore/page/model_with_changes.mjs";

const [module, engine, requests, output] = process.argv.slice(2);
const model = await Model.open(readFileSync(module), JSON.parse(readFileSync(engine)));
const columns = ["patient", "view", "applies", "category", "refractory", "first_met_days"];
const answers = [];
for (const { settings, patients, set = null, thresholds = {} } of JSON.parse(readFileSync(requests))) {
  const { labels, tables } = await model.simulate(settings, patients, set, thresholds);
  const numbers = Object.fromEntries(columns.map((name) => [name, Array.from(labels[name])]));
  answers.push({ ...numbers, criteria: labels.criteria, readings: tables.readings.patient.length });
}
writeFileSync(output, JSON.stringify(answers));
