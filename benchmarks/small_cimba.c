/* The small course of small.py with cimba: a process for each patient, which holds the clocks of that patient itself, as
   that is quickest. The 300 patients of a site share one slot, which is busy about 80% of the time. */

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cimba.h>

enum { PER_SITE = 300, READINGS = 3, TAPER_STEPS = 6 };
enum { VISIT, READING, REMISSION, RELAPSE, DOSE, INFECTION, INFECTION_OVER };
static const double FOLLOW_UP = 730.0, BETWEEN_VISITS = 28.0, STEP_DAYS = 14.0, RELAPSE_MEAN = 120.0,
                    INFECTION_MEAN = 180.0, INFECTION_DAYS = 14.0, MEAN_VISIT_DAYS = 0.8 * 28.0 / 300.0;

typedef struct {
    int32_t patient;
    int16_t kind, code;
    int32_t number, detail;
    double time, value, second_value, third_value;
} row;

typedef struct {
    struct cmb_resource *slot;
    row *log;
    int64_t written;
} site;

typedef struct {
    site *at;
    int32_t number;
    double entered;
} patient;

static void write_row(patient *who, int kind, int number, double time, double value)
{
    who->at->log[who->at->written++] = (row){who->number, (int16_t)kind, 0, number, 0, time, value, 0.0, 0.0};
}

static double time_to_remission(void) { return cmb_random_lognormal(log(14.0), 0.5); }

static void *course(struct cmb_process *self, void *context)
{
    (void)self;
    patient *who = context;
    double visit = 0.0, remission = time_to_remission(), relapse = INFINITY, dose = 0.0;
    double infection = cmb_random_exponential(INFECTION_MEAN), infection_over = INFINITY;
    int visits = 0, step = 0;
    cmb_process_hold(who->entered);
    for (;;) {
        double next = fmin(fmin(fmin(visit, remission), fmin(relapse, dose)), fmin(infection, infection_over));
        if (next >= FOLLOW_UP)
            return NULL;
        double ahead = next - (cmb_time() - who->entered);
        if (ahead > 0.0)
            cmb_process_hold(ahead);
        if (next == visit) {
            cmb_resource_acquire(who->at->slot);
            double now = cmb_time() - who->entered;
            write_row(who, VISIT, visits, now, now - next);
            for (int k = 0; k < READINGS; k++)
                write_row(who, READING, visits, now, cmb_random_std_normal());
            cmb_process_hold(cmb_random_exponential(MEAN_VISIT_DAYS));
            cmb_resource_release(who->at->slot);
            visits++;
            visit = now + BETWEEN_VISITS;
        } else if (next == remission) {
            write_row(who, REMISSION, 0, next, 0.0);
            remission = INFINITY;
            relapse = next + cmb_random_exponential(RELAPSE_MEAN);
        } else if (next == relapse) {
            write_row(who, RELAPSE, 0, next, 0.0);
            relapse = INFINITY;
            remission = next + time_to_remission();
            dose = next;
            step = 0;
        } else if (next == dose) {
            write_row(who, DOSE, step, next, (double)step);
            dose = ++step < TAPER_STEPS ? next + STEP_DAYS : INFINITY;
        } else if (next == infection) {
            write_row(who, INFECTION, 0, next, 0.0);
            infection = INFINITY;
            infection_over = next + INFECTION_DAYS;
        } else {
            write_row(who, INFECTION_OVER, 0, next, 0.0);
            infection_over = INFINITY;
            infection = next + cmb_random_exponential(INFECTION_MEAN);
        }
    }
}

/* Simulate one site into a log with room for it; return the number of rows. */
static int64_t play_site(row *log, int32_t first, int32_t patients, uint64_t seed)
{
    struct cmb_process *processes[PER_SITE];
    patient who[PER_SITE];
    site here = {NULL, log, 0};
    cmb_random_initialize(seed);
    cmb_event_queue_initialize(0.0);
    here.slot = cmb_resource_create();
    cmb_resource_initialize(here.slot, "slot");
    for (int32_t i = 0; i < patients; i++) {
        who[i] = (patient){&here, first + i, cmb_random_uniform(0.0, BETWEEN_VISITS)};
        processes[i] = cmb_process_create();
        cmb_process_initialize(processes[i], "patient", course, &who[i], 0);
        cmb_process_start(processes[i]);
    }
    cmb_event_queue_execute();
    for (int32_t i = 0; i < patients; i++) {
        cmb_process_terminate(processes[i]);
        cmb_process_destroy(processes[i]);
    }
    cmb_resource_terminate(here.slot);
    cmb_resource_destroy(here.slot);
    cmb_event_queue_terminate();
    cmb_random_terminate();
    return here.written;
}

/* Simulate patients, site by site; return the number of rows, which stay in the order of time at their site. */
int64_t simulate(int32_t patients, uint64_t seed, double *mean_wait)
{
    int64_t rows = 0, visits = 0;
    double waited = 0.0;
    cmb_logger_flags_off(CMB_LOGGER_INFO);
    row *log = malloc(sizeof(row) * PER_SITE * 2000);
    for (int32_t first = 0; first < patients; first += PER_SITE) {
        int32_t here = patients - first < PER_SITE ? patients - first : PER_SITE;
        int64_t written = play_site(log, first, here, seed + (uint64_t)first);
        for (int64_t k = 0; k < written; k++)
            if (log[k].kind == VISIT) {
                waited += log[k].value;
                visits++;
            }
        rows += written;
    }
    free(log);
    *mean_wait = waited / (double)visits;
    return rows;
}
