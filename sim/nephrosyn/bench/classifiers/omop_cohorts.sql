-- Persons of three cohorts over OMOP CDM 5.4 tables, by the first exposure to prednisone (concept 1551099):
-- still nephrotic 77 to 98 days later, a further immunosuppressive agent, nephrotic again from day 120 on.
-- Nephrotic is a urine protein/creatinine ratio (concept 3001582) of at least 2000 mg/g.
WITH first_dose AS (
    SELECT person_id, MIN(drug_exposure_start_date) AS start_date
    FROM drug_exposure
    WHERE drug_concept_id = 1551099
    GROUP BY person_id
),
nephrotic AS (
    SELECT person_id, measurement_date
    FROM measurement
    WHERE measurement_concept_id = 3001582 AND value_as_number >= 2000
)
SELECT f.person_id AS person_id, 'treated' AS cohort
FROM first_dose AS f
UNION ALL
SELECT f.person_id AS person_id, 'resistant' AS cohort
FROM first_dose AS f INNER JOIN nephrotic AS n ON n.person_id = f.person_id
WHERE n.measurement_date >= f.start_date + INTERVAL '77 days' AND n.measurement_date <= f.start_date + INTERVAL '98 days'
UNION ALL
SELECT f.person_id AS person_id, 'agent' AS cohort
FROM first_dose AS f INNER JOIN drug_exposure AS d ON d.person_id = f.person_id
WHERE d.drug_exposure_start_date >= f.start_date
    AND d.drug_concept_id IN (1310317, 19014878, 19003999, 19010482, 950637, 1308290, 1314273)
UNION ALL
SELECT f.person_id AS person_id, 'relapse' AS cohort
FROM first_dose AS f INNER JOIN nephrotic AS n ON n.person_id = f.person_id
WHERE n.measurement_date >= f.start_date + INTERVAL '120 days'
