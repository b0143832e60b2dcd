#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "files.h"
#include "folder_lock.h"
#include "interrupt.h"
#include "output.h"
#include "spec.h"
#include "train_run.h"

enum { VIEW_SEED = 1, IDENTITY_SIZE = 128, NOTE_SIZE = 240 };

bool run_resumes(const run *r)
{
    return r->options[RESUME].given;
}

bool run_keeps_chains(const run *r)
{
    const char *chains;
    or_die(lebm_trainer_get_str(r->trainer, LEBM_TRAINER_POSTERIOR_CHAINS, &chains), "trainer");
    return strcmp(chains, "kept") == 0;
}

int64_t run_last_step(const run *r)
{
    return r->options[EPOCHS].value.i64 * r->batches.per_epoch;
}

double run_things_per_second(const run *r)
{
    const int64_t steps = lebm_trainer_steps_done(r->trainer) - r->first_step;
    return r->step_seconds > 0 ? (double)(steps * r->batches.size) / r->step_seconds : 0;
}

char *run_epoch_path(const run *r, int64_t epoch)
{
    char name[48];
    snprintf(name, sizeof name, "epoch-%" PRId64 ".safetensors", epoch);
    return path_join(r->options[OUT].value.text, name);
}

static void make_paths(run *r)
{
    const char *out = r->options[OUT].value.text;
    r->checkpoint_path = path_join(out, "checkpoint.safetensors");
    r->model_path = path_join(out, "model.safetensors");
    r->metrics_path = path_join(out, "metrics.csv");
    for (int i = 0; i < TRAIN_VIEWS; i++) {
        const char *name = r->program->kind->view_names[i];
        r->view_paths[i] = name == NULL ? NULL : path_join(out, name);
    }
}

/* Takes the folder for the results if it is there: another training must neither be disturbed nor read half a result of
 * ours. */
static void take_folder(run *r)
{
    failure why;
    r->locked = folder_lock(r->options[OUT].value.text);
    const bool is_there = file_exists(r->checkpoint_path);
    if (run_resumes(r) && !is_there) die("--resume: there is no %s", r->checkpoint_path);
    if (is_there && output_check_file(r->checkpoint_path, &why) != 0) die("%s", why.text);
    if (!run_resumes(r) && is_there)
        die("%s is there from an earlier run: give --resume to go on with it, or another --out", r->checkpoint_path);
}

/* Makes sure that a file can be written which the library or this program writes. */
static void make_path_ready(const run *r, const char *path, bool of_library)
{
    failure why;
    if ((of_library ? output_check_file(path, &why) : output_check(path, &why)) != 0) die("%s", why.text);
    if (r->locked) output_clear_leftovers(path);
}

void run_claim_folder(run *r)
{
    make_folder(r->options[OUT].value.text);
    if (!r->locked) take_folder(r); /* it was not there before, and another training may have been faster */
}

/* Makes sure, before hours of work, that all results can be written. */
static void make_folder_ready(run *r)
{
    run_claim_folder(r);
    make_path_ready(r, r->checkpoint_path, true);
    make_path_ready(r, r->model_path, true);
    make_path_ready(r, r->metrics_path, false);
    if (r->program->models_kept > 0) {
        char *path = run_epoch_path(r, r->options[EPOCHS].value.i64);
        make_path_ready(r, path, true);
        free(path);
    }
    for (int i = 0; i < TRAIN_VIEWS; i++)
        if (r->view_paths[i] != NULL) make_path_ready(r, r->view_paths[i], false);
}

static void set_convolution(lebm_net *net, const argument *option)
{
    if (net != NULL && option->name != NULL)
        option_or_die(lebm_net_set_str(net, LEBM_NET_CONVOLUTION, option->value.text), option);
}

/* As the option says; of all parameters zero, which is no scheme of the library's, f is 0. */
static void init_prior(lebm_net *f, const argument *scheme, int64_t seed)
{
    if (strcmp(scheme->value.text, "zero") != 0) {
        option_or_die(lebm_net_init(f, scheme->value.text, (uint64_t)seed), scheme);
        return;
    }
    for (int64_t i = 0; i < lebm_net_param_count(f); i++) {
        const int64_t size = lebm_net_param_size(f, i);
        float *zeros = allocate((size_t)size, sizeof *zeros);
        for (int64_t k = 0; k < size; k++) zeros[k] = 0;
        or_die(lebm_net_set_param(f, i, zeros, size), "prior");
        free(zeros);
    }
}

static void make_prior(run *r, const char *spec, double sigma0)
{
    const argument *o = r->options;
    lebm_net *f;
    option_or_die(lebm_net_create_from_spec(&f, spec), &o[PRIOR]);
    init_prior(f, &o[PRIOR_INIT], o[SEED].value.i64);
    set_convolution(f, &o[CONVOLUTION]);
    option_or_die(lebm_prior_create(&r->model.prior, f, sigma0), &o[PRIOR]);
    lebm_net_destroy(f); /* the prior holds it from here on */
}

/* Its seed is another one than the prior's: they must not start alike. */
static void make_generator(run *r, const char *spec, double sigma)
{
    const argument *o = r->options;
    const lexicon *l = &r->text.known;
    lebm_generator **g = &r->model.generator;
    option_or_die(lebm_generator_create_from_spec(g, spec, r->program->kind->likelihood, sigma), &o[GENERATOR]);
    option_or_die(lebm_generator_init(*g, o[GENERATOR_INIT].value.text, (uint64_t)o[SEED].value.i64 + 1),
                  &o[GENERATOR_INIT]);
    set_convolution(lebm_generator_net(*g), &o[CONVOLUTION]);
    if (l->words != NULL)
        option_or_die(lebm_generator_set_vocabulary(*g, l->characters ? LEBM_CHARACTERS : LEBM_WORDS, l->words),
                      &o[GENERATOR]);
}

/* Makes prior and generator: as the options say, and where they were not given, as the checkpoint says if there is
 * one. Parameters come from the checkpoint later. */
static void make_model(run *r)
{
    const argument *o = r->options;
    const bool of_text = r->program->kind->of_text;
    char *f_spec_of_sizes = spec_with_sizes(o[PRIOR].value.text, &r->sizes),
         *g_spec_of_sizes = spec_with_sizes(o[GENERATOR].value.text, &r->sizes);
    const char *f_spec = o[PRIOR].given ? o[PRIOR].value.text : f_spec_of_sizes;
    const char *g_spec = o[GENERATOR].given && !of_text ? o[GENERATOR].value.text : g_spec_of_sizes;
    double sigma0 = o[SIGMA0].value.f64, sigma = o[SIGMA].value.f64;
    lebm_prior *saved_prior = NULL;
    lebm_generator *saved_generator = NULL;
    if (run_resumes(r)) {
        or_die(lebm_model_load(r->checkpoint_path, &saved_prior, &saved_generator), "cannot resume");
        if (strcmp(lebm_generator_likelihood(saved_generator), r->program->kind->likelihood) != 0)
            die("cannot resume: %s was not written by %s", r->checkpoint_path, r->program->name);
        if (!o[PRIOR].given && !o[LATENT].given) f_spec = lebm_net_spec(lebm_prior_net(saved_prior));
        if (!o[SIGMA0].given) sigma0 = lebm_prior_sigma0(saved_prior);
        if (!o[GENERATOR].given && !o[WIDTH].given && !o[LATENT].given) g_spec = lebm_generator_spec(saved_generator);
        if (!o[SIGMA].given) sigma = lebm_generator_sigma(saved_generator);
    }
    make_prior(r, f_spec, sigma0);
    make_generator(r, g_spec, sigma);
    free(g_spec_of_sizes);
    free(f_spec_of_sizes);
    lebm_generator_destroy(saved_generator);
    lebm_prior_destroy(saved_prior);
}

static void make_trainer(run *r)
{
    model *m = &r->model;
    or_die(lebm_sampler_create(&m->to_prior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_create(&m->to_posterior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_trainer_create(&r->trainer, m->prior, m->generator, m->to_prior, m->to_posterior), "trainer");
    if (run_resumes(r)) or_die(lebm_trainer_load(r->trainer, r->checkpoint_path), "cannot resume");
    train_options_apply(r->options, r->trainer, m->to_prior, m->to_posterior, run_resumes(r));
}

/* A checkpoint's note says what else must be the same for the training to go on exactly: the options that are not the
 * library's, and the data. */
#define NOTE_FORMAT(number, text)                                                                                      \
    "epochs=%" number "; batch=%" number "; train-images=%" number "; eval-images=%" number "; data=" text

static void write_note(run *r, const char *identity)
{
    const argument *o = r->options;
    char note[NOTE_SIZE];
    snprintf(note, sizeof note, NOTE_FORMAT(PRId64, "%s"), o[EPOCHS].value.i64, o[BATCH].value.i64,
             o[TRAIN_IMAGES].value.i64, o[EVAL_IMAGES].value.i64, identity);
    or_die(lebm_trainer_set_str(r->trainer, LEBM_TRAINER_NOTE, note), "note");
}

/* Takes the options that were not given from the checkpoint's note, and the identity of its data. */
static void read_note(run *r, char identity[IDENTITY_SIZE])
{
    argument *o = r->options;
    const char *note;
    int64_t epochs, batch, train_images, eval_images;
    or_die(lebm_trainer_get_str(r->trainer, LEBM_TRAINER_NOTE, &note), "note");
    if (sscanf(note, NOTE_FORMAT(SCNd64, "%127[^\n]"), &epochs, &batch, &train_images, &eval_images, identity) != 5 ||
        epochs < 1 || batch < 1 || train_images < 0 || eval_images < 0)
        die("cannot resume: %s was not written by %s", r->checkpoint_path, r->program->name);
    if (o[BATCH].given && o[BATCH].value.i64 != batch)
        die("cannot resume with --batch %" PRId64 ": %s was trained with --batch %" PRId64, o[BATCH].value.i64,
            r->checkpoint_path, batch);
    o[BATCH].value.i64 = batch;
    if (!o[EPOCHS].given) o[EPOCHS].value.i64 = epochs;
    if (!o[TRAIN_IMAGES].given) o[TRAIN_IMAGES].value.i64 = train_images;
    if (!o[EVAL_IMAGES].given) o[EVAL_IMAGES].value.i64 = eval_images;
}

static void read_data(run *r)
{
    const argument *o = r->options;
    char saved_identity[IDENTITY_SIZE] = "", identity[IDENTITY_SIZE];
    failure why;
    if (run_resumes(r)) read_note(r, saved_identity);
    if (r->program->kind->read(r, TRAIN_PART, &r->train, &why) != 0 ||
        r->program->kind->read(r, EVAL_PART, &r->held_out, &why) != 0)
        die("%s", why.text);
    if (r->train.missing > 0 || r->held_out.missing > 0) model_skip_missing(&r->model);
    dataset_keep(&r->train, o[TRAIN_IMAGES].value.i64);
    dataset_keep(&r->held_out, o[EVAL_IMAGES].value.i64);
    model_must_fit(&r->model, &r->train);
    model_must_fit(&r->model, &r->held_out);
    if (o[BATCH].value.i64 > r->train.count)
        die("--batch %" PRId64 " is more than the %" PRId64 " training %s", o[BATCH].value.i64, r->train.count,
            r->program->kind->things);

    snprintf(identity, sizeof identity, "%" PRId64 " %s of %" PRId64 "x%" PRId64 "x%" PRId64 ", crc32 %08" PRIx32,
             r->train.count, r->train.name, r->train.channels, r->train.height, r->train.width,
             dataset_checksum(&r->train));
    if (run_resumes(r) && strcmp(saved_identity, identity) != 0)
        die("cannot resume: %s was trained on %s, and this is %s: give the same --data (%s--%s) as at the first start",
            r->checkpoint_path, saved_identity, identity,
            o[TRAIN].name != NULL      ? "--train, --eval, "
            : o[ANOMALY].name != NULL  ? "--held-out, --validate, --seed, "
            : o[HELD_OUT].name != NULL ? "--eval, --held-out, --axes, "
                                       : "",
            o[TRAIN_IMAGES].name);
    write_note(r, identity);
}

static void start_batches(run *r)
{
    int64_t seed;
    if (run_keeps_chains(r))
        or_die(lebm_trainer_set_i64(r->trainer, LEBM_TRAINER_OBSERVATIONS, r->train.count), r->program->kind->things);
    or_die(lebm_trainer_get_i64(r->trainer, LEBM_TRAINER_SEED, &seed), "seed");
    batches_start(&r->batches, &r->train, model_pixel_range(&r->model), r->options[BATCH].value.i64, (uint64_t)seed);
    r->first_step = lebm_trainer_steps_done(r->trainer);
    if (lebm_trainer_epochs_done(r->trainer) != r->first_step / r->batches.per_epoch)
        die("cannot resume: the numbers of steps and epochs in %s do not fit together", r->checkpoint_path);
}

static int stop_if_interrupted(double done, void *user)
{
    (void)done;
    (void)user;
    return interrupt_signal() != 0;
}

static lebm_sampler *make_view_sampler(const run *r, const lebm_sampler *training)
{
    lebm_sampler *sampler;
    or_die(lebm_sampler_copy(&sampler, training), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, VIEW_SEED), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, r->options[THREADS].value.i64), "sampler");
    or_die(lebm_sampler_set_progress(sampler, stop_if_interrupted, NULL), "sampler");
    return sampler;
}

/* Looking begins at noise, as a first visit does. */
static void make_view(run *r)
{
    int64_t first_visit;
    r->view = (model){.prior = r->model.prior,
                      .generator = r->model.generator,
                      .to_prior = make_view_sampler(r, r->model.to_prior),
                      .to_posterior = make_view_sampler(r, r->model.to_posterior)};
    r->watcher = make_view_sampler(r, r->model.to_prior);
    or_die(lebm_trainer_get_i64(r->trainer, LEBM_TRAINER_FIRST_VISIT_STEPS, &first_visit), "trainer");
    if (run_keeps_chains(r) && first_visit > 0)
        or_die(lebm_sampler_set_i64(r->view.to_posterior, LEBM_SAMPLER_STEPS, first_visit), "sampler");
}

/* Back to the nets that learn. */
static void drop_averages(run *r)
{
    if (r->view.prior != r->model.prior) {
        lebm_prior_destroy(r->view.prior);
        lebm_generator_destroy(r->view.generator);
    }
    r->view.prior = r->model.prior;
    r->view.generator = r->model.generator;
}

/* Chains that look at the model go by the step sizes that those of the training have now: they change with sigma. */
static void take_step_sizes(run *r)
{
    static const char *const keys[] = {LEBM_SAMPLER_STEP_SIZE, LEBM_SAMPLER_LAST_STEP_SIZE};
    for (int i = 0; i < 2; i++) {
        double size;
        or_die(lebm_sampler_get_f64(r->model.to_posterior, keys[i], &size), keys[i]);
        or_die(lebm_sampler_set_f64(r->view.to_posterior, keys[i], size), keys[i]);
    }
}

void run_refresh_view(run *r)
{
    lebm_prior *prior;
    lebm_generator *generator;
    const int status = lebm_trainer_average(r->trainer, &prior, &generator);
    drop_averages(r);
    take_step_sizes(r);
    if (status == LEBM_ERR_STATE) return; /* there are none */
    or_die(status, "averages");
    r->view.prior = prior;
    r->view.generator = generator;
    if (r->train.missing > 0 || r->held_out.missing > 0) model_skip_missing(&r->view);
}

void run_set_up(run *r, const train_program *program, int argc, char *const *argv)
{
    *r = (run){.program = program, .command = argv[0]};
    train_options_read(r->options, program, argc, argv);
    r->source = program->kind->source(r->options);
    r->sizes.width = r->options[WIDTH].value.i64;
    make_paths(r);
    take_folder(r);
    program->kind->prepare(r);
    make_model(r);
    make_trainer(r);
    read_data(r);
    start_batches(r);
    make_view(r);
    make_folder_ready(r);
    metrics_open(&r->metrics, r->metrics_path, program->kind->of_text, r->first_step);
}

void run_free(run *r)
{
    metrics_close(&r->metrics);
    drop_averages(r);
    batches_free(&r->batches);
    lebm_sampler_destroy(r->view.to_posterior);
    lebm_sampler_destroy(r->view.to_prior);
    lebm_sampler_destroy(r->watcher);
    lebm_trainer_destroy(r->trainer);
    model_free(&r->model);
    dataset_free(&r->held_out);
    dataset_free(&r->train);
    lexicon_free(&r->text.known);
    anomaly_split_free(&r->anomalies.split);
    free(r->checkpoint_path);
    free(r->model_path);
    free(r->metrics_path);
    for (int i = 0; i < TRAIN_VIEWS; i++) free(r->view_paths[i]);
}
