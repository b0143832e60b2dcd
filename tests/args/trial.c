#include "args/trial.h"

#include <limits.h>
#include <sys/mman.h>

#include "support/approx.h"

/* ---- memory for arguments ---- */

enum {
    ROOM = 1 << 16, /* of each argument: a multiple of any page */
    WATCHED = 256,  /* bytes before it */
    UNTOUCHED = 0xa5
};

static struct {
    unsigned char *end;        /* no memory from here on */
    size_t size;               /* of the argument; 0: it is none of those that lie here */
    unsigned char given[ROOM]; /* a copy of it */
} places[MOST_PARAMETERS];

/* `size` bytes for argument i, with `content` or, if that is NULL, what no function writes. */
static void *place(int i, const void *content, size_t size)
{
    ck_assert_uint_le(size + WATCHED, ROOM);
    if (!places[i].end) {
        unsigned char *memory = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(memory, MAP_FAILED);
        ck_assert_int_eq(mprotect(memory + ROOM, ROOM, PROT_NONE), 0);
        places[i].end = memory + ROOM;
    }
    unsigned char *begin = places[i].end - size;
    memset(begin - WATCHED, UNTOUCHED, WATCHED + size);
    if (content) memcpy(begin, content, size);
    memcpy(places[i].given, begin, size);
    places[i].size = size;
    return begin;
}

/* ---- functions and parameters ---- */

int is_type(const parameter *p, const char *type)
{
    return strcmp(p->type, type) == 0;
}

static int is_named(const parameter *p, const char *name)
{
    return strcmp(p->name, name) == 0;
}

/* A pointer to a function. */
static int is_function(const parameter *p)
{
    return is_type(p, "lebm_progress_fn") || is_type(p, "lebm_density_fn");
}

int is_pointer(const parameter *p)
{
    return p->type[strlen(p->type) - 1] == '*' || is_function(p);
}

int is_new_handle(const parameter *p)
{
    return strncmp(p->type, "lebm_", 5) == 0 && strstr(p->type, "**");
}

int is_handle(const parameter *p)
{
    return strstr(p->type, "lebm_") && is_pointer(p) && !is_new_handle(p) && !is_function(p);
}

int returns_status(const function *f)
{
    return strcmp(f->result, "int") == 0;
}

int name_ends(const function *f, const char *end)
{
    const size_t length = strlen(f->name), of_end = strlen(end);
    return length >= of_end && strcmp(f->name + length - of_end, end) == 0;
}

int is_step(const function *f)
{
    return name_ends(f, "_trainer_step") || name_ends(f, "_trainer_step_of");
}

int is_for_tokens(const function *f)
{
    static const char *const names[] = {
        "lebm_generator_draw_tempered", "lebm_generator_set_vocabulary", "lebm_generator_vocabulary",
        "lebm_generator_token",         "lebm_generator_token_unit",     "lebm_generator_token_count",
        "lebm_generator_text_to_x",     "lebm_generator_x_to_text",      "lebm_generator_search"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(f->name, names[i]) == 0) return 1;
    return 0;
}

struct world_kind trial_kind(const function *f, const struct world_kind *kind)
{
    struct world_kind of_f = *kind;
    if (is_for_tokens(f)) of_f.likelihood = LEBM_CATEGORICAL;
    of_f.anneals = strstr(f->name, "_annealing_") != NULL;
    return of_f;
}

int is_promised(const function *f, int64_t status)
{
    char word[64];
    snprintf(word, sizeof word, "%s ", lebm_status_name((int)status));
    return strstr(f->statuses, word) != NULL;
}

const value *argument_of(const trial *t, const char *name)
{
    for (int i = 0; i < t->f->count; i++)
        if (is_named(&t->f->parameters[i], name)) return &t->arguments[i];
    return NULL;
}

static void unknown(const trial *t, const parameter *p)
{
    ck_abort_msg("%s() has a parameter '%s %s' that tests/args/trial.c does not know: say there what it may be",
                 t->f->name, p->type, p->name);
}

/* ---- options ---- */

/* The function of that name of the same handle: lebm_<handle>_<what>(). */
static const function *of_handle(const trial *t, const char *what)
{
    const char *handle = t->f->name + strlen("lebm_");
    char name[64];
    snprintf(name, sizeof name, "lebm_%.*s_%s", (int)strcspn(handle, "_"), handle, what);
    for (int i = 0; i < function_count; i++)
        if (strcmp(functions[i].name, name) == 0) return &functions[i];
    ck_abort_msg("there is no %s(), which %s() needs here", name, t->f->name);
}

const char *option_of(const trial *t, int64_t number)
{
    return of_handle(t, "option_key")->call((value[]){t->arguments[0], {.integer = number}}).text;
}

static const char *type_of_option(const trial *t, const char *key)
{
    return of_handle(t, "option_type")->call((value[]){t->arguments[0], {.text = key}}).text;
}

/* The type that the function is for, which its name ends in; "" for any. */
static const char *type_of_options(const function *f)
{
    static const char *const types[] = {"i64", "f64", "str"};
    if (name_ends(f, "_option_choices")) return "str";
    for (int i = 0; i < 3; i++)
        if (name_ends(f, types[i])) return types[i];
    return "";
}

static const char *key_of(const trial *t, int number)
{
    static const char *const of_sampler[] = {
        LEBM_SAMPLER_LOG_DENSITY,    LEBM_SAMPLER_SCORE_NORM,   LEBM_SAMPLER_ACCEPTANCE, LEBM_SAMPLER_ACCEPTANCE_MIN,
        LEBM_SAMPLER_ACCEPTANCE_Q10, LEBM_SAMPLER_ENERGY_ERROR, LEBM_SAMPLER_STEP_SIZE,  NULL};
    static const char *const of_trainer[] = {LEBM_TRAINER_RECONSTRUCTION_MSE,
                                             LEBM_TRAINER_LOG_LIKELIHOOD,
                                             LEBM_TRAINER_F_POSITIVE,
                                             LEBM_TRAINER_F_NEGATIVE,
                                             LEBM_TRAINER_F_GAP,
                                             LEBM_TRAINER_PRIOR_GRAD_NORM,
                                             LEBM_TRAINER_GENERATOR_GRAD_NORM,
                                             LEBM_TRAINER_IMAGES_PER_SECOND,
                                             NULL};
    static const char *const of_annealing[] = {LEBM_ANNEALING_FORWARD,
                                               LEBM_ANNEALING_REVERSE,
                                               LEBM_ANNEALING_FORWARD_ERROR,
                                               LEBM_ANNEALING_REVERSE_GROUP_ERROR,
                                               LEBM_ANNEALING_FORWARD_ESS,
                                               LEBM_ANNEALING_REVERSE_LARGEST,
                                               LEBM_ANNEALING_FORWARD_INTEGRAL,
                                               LEBM_ANNEALING_REVERSE_INTEGRAL_ERROR,
                                               LEBM_ANNEALING_GROUPS_RHAT,
                                               LEBM_ANNEALING_RUNGS,
                                               NULL};
    if (strcmp(t->f->name, "lebm_sampler_metric") == 0) return of_sampler[number];
    if (strcmp(t->f->name, "lebm_trainer_metric") == 0) return of_trainer[number];
    if (strcmp(t->f->name, "lebm_annealing_result") == 0) return of_annealing[number];
    const char *type = type_of_options(t->f), *key;
    for (int64_t i = 0; (key = option_of(t, i)); i++)
        if ((*type == '\0' || strcmp(type_of_option(t, key), type) == 0) && number-- == 0) return key;
    return NULL;
}

/* ---- what arguments may be ---- */

static const struct {
    const char *name;
    whole may_be;
} wholes[] = {
    {"in_features", {3, 1, 1 << 24, 1 << 24, LEBM_ERR_RANGE}},
    {"out_features", {5, 1, 1 << 24, 1 << 12, LEBM_ERR_RANGE}},
    {"out_channels", {2, 1, 1 << 24, 1 << 12, LEBM_ERR_RANGE}},
    {"kernel", {2, 1, 64, 64, LEBM_ERR_RANGE}},
    {"stride", {2, 1, 64, 64, LEBM_ERR_RANGE}},
    {"padding", {0, 0, 1, 1, LEBM_ERR_RANGE}}, /* less than the kernel */
    {"channels", {1, 1, 1 << 30, 1 << 30, LEBM_ERR_RANGE}},
    {"height", {1, 1, 1 << 30, 1 << 30, LEBM_ERR_RANGE}},
    {"width", {1, 1, 1 << 30, 1 << 30, LEBM_ERR_RANGE}},
    {"beam_width", {3, 1, 64, 64, LEBM_ERR_RANGE}},
    {"bias", {1, INT_MIN, INT_MAX, INT_MAX, 0}},
    {"status", {LEBM_ERR_SHAPE, INT_MIN, INT_MAX, INT_MAX, 0}},
    {"seed", {7, INT64_MIN, INT64_MAX, INT64_MAX, 0}},
    {"stream", {2, INT64_MIN, INT64_MAX, INT64_MAX, 0}},
    {"chains", {CHAINS, 1, INT32_MAX, CHAINS, LEBM_ERR_RANGE}},
    {"dims", {LATENT, 1, INT32_MAX, LATENT, LEBM_ERR_RANGE}},
    {"first_row", {3, 0, INT32_MAX, INT32_MAX, LEBM_ERR_RANGE}},
    {"superchains", {2, 2, INT32_MAX, INT32_MAX, LEBM_ERR_RANGE}},
    {"threads", {2, 0, 1024, 1024, LEBM_ERR_RANGE}},
    {"capacity", {3, 1, INT32_MAX, INT32_MAX, LEBM_ERR_RANGE}},
    {"every", {2, 1, INT32_MAX, INT32_MAX, LEBM_ERR_RANGE}},
    {"reverse", {1, INT_MIN, INT_MAX, INT_MAX, 0}},
    {"concurrent", {0, INT_MIN, INT_MAX, INT_MAX, 0}},
};

/* The tensors that the function means: those of the generator, or of the net. */

static int is_of_generator(const trial *t)
{
    return strncmp(t->f->name, "lebm_generator_", 15) == 0;
}

static int64_t tensors_of(const trial *t)
{
    return is_of_generator(t) ? lebm_generator_param_count(t->w->generator) : lebm_net_param_count(t->w->net);
}

static int64_t size_of_tensor(const trial *t)
{
    return is_of_generator(t) ? lebm_generator_param_size(t->w->generator, 0) : lebm_net_param_size(t->w->net, 0);
}

static int64_t axes_of_tensor(const trial *t)
{
    return is_of_generator(t) ? lebm_generator_param_ndim(t->w->generator, 0) : lebm_net_param_ndim(t->w->net, 0);
}

/* Bytes of the text of x, and room for it. */
enum { TEXT_ROOM = 1 << 14 };

static int64_t length_of_text(const trial *t)
{
    int64_t length;
    LEBM_ASSERT_OK(lebm_generator_x_to_text(t->w->generator, t->w->x, N, NULL, 0, &length));
    return length;
}

/* 0 to count - 1 */
static whole place_among(int64_t count, int status)
{
    return (whole){0, 0, count - 1, count - 1, status};
}

whole whole_of(const trial *t, const parameter *p)
{
    const int status = returns_status(t->f) ? LEBM_ERR_RANGE : 0;
    if (is_named(p, "dims") && name_ends(t->f, "_target_create"))
        return (whole){LATENT, 1, 1 << 24, 1 << 24, LEBM_ERR_RANGE};
    if (is_named(p, "chains") && name_ends(t->f, "_traces_create"))
        return (whole){2, 0, INT32_MAX, INT32_MAX, LEBM_ERR_RANGE};
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        if (is_named(p, wholes[i].name)) return wholes[i].may_be;
    if (is_named(p, "n")) {
        if (name_ends(t->f, "_annealing_run_posterior")) return (whole){FEW, 1, INT32_MAX, FEW, status};
        if (name_ends(t->f, "_text_to_x")) return (whole){N, N, N, N, 0}; /* that many lines */
        const int least = strstr(t->f->name, "_run_") || strstr(t->f->name, "_suggest_") || is_step(t->f) ||
                                  name_ends(t->f, "_log_joint")
                              ? 1
                              : 0;
        return (whole){N, least, INT32_MAX, N, status};
    }
    if (is_named(p, "length")) { /* to halve chains it takes four draws, which only the raw nested R-hat does not */
        const value *ranked = argument_of(t, "ranked");
        return (whole){LENGTH, ranked && !ranked->pointer ? 1 : 4, INT32_MAX, LENGTH, status};
    }
    if (is_named(p, "count") && name_ends(t->f, "_set_variances"))
        return (whole){LATENT, 1, 1 << 24, LATENT, LEBM_ERR_RANGE};
    if (is_named(p, "count") && name_ends(t->f, "_get_variances"))
        return (whole){LATENT, LATENT, LATENT, LATENT, LEBM_ERR_SHAPE};
    if (is_named(p, "count") && name_ends(t->f, "_log_weights"))
        return (whole){ANNEALED, ANNEALED, ANNEALED, ANNEALED, LEBM_ERR_SHAPE};
    if (is_named(p, "row")) return place_among(lebm_annealing_row_count(t->w->of_x), status);
    if (is_named(p, "count")) {
        const int64_t count = size_of_tensor(t);
        return (whole){count, count, count, count, LEBM_ERR_SHAPE};
    }
    if (is_named(p, "axis")) return place_among(axes_of_tensor(t), status);
    if (is_named(p, "index")) {
        if (name_ends(t->f, "_layer_form")) return place_among(lebm_net_layer_count(t->w->net), status);
        if (name_ends(t->f, "_token")) return place_among(TOKENS, status);
        if (!name_ends(t->f, "_option_key")) return place_among(tensors_of(t), status);
        return place_among(of_handle(t, "option_count")->call(t->arguments).integer, status);
    }
    if (is_named(p, "size")) {
        const int64_t least = argument_of(t, "text")->pointer ? length_of_text(t) + 1 : 0;
        return (whole){TEXT_ROOM, least, INT64_MAX, INT64_MAX, 0};
    }
    if (is_named(p, "value")) {
        int64_t default_value, min, max;
        const value arguments[] = {
            t->arguments[0], *argument_of(t, "key"), {.pointer = &default_value}, {.pointer = &min}, {.pointer = &max}};
        LEBM_ASSERT_OK((int)of_handle(t, "option_bounds_i64")->call(arguments).integer);
        return (whole){default_value, min, max, max, status};
    }
    unknown(t, p);
    return (whole){0, 0, 0, 0, 0};
}

real real_of(const trial *t, const parameter *p)
{
    if (is_named(p, "temperature")) return (real){0.7, 1e-3, 1e3};
    if (is_named(p, "sigma0")) return (real){1.5, 1e-6, 1e6};
    if (is_named(p, "probability")) return (real){0.5, 1e-9, 1 - 1e-9};
    if (is_named(p, "sigma")) {
        const int is_gaussian = strcmp(argument_of(t, "likelihood")->text, LEBM_GAUSSIAN) == 0;
        return is_gaussian ? (real){0.3, 1e-6, 1e6} : (real){0, 0, 0};
    }
    if (is_named(p, "parameter")) {
        const int has_slope = strcmp(argument_of(t, "kind")->text, LEBM_LEAKY_RELU) == 0;
        return has_slope ? (real){0.1, 0, 1} : (real){0, 0, 0};
    }
    if (is_named(p, "value")) {
        double default_value, min, max;
        const value arguments[] = {
            t->arguments[0], *argument_of(t, "key"), {.pointer = &default_value}, {.pointer = &min}, {.pointer = &max}};
        LEBM_ASSERT_OK((int)of_handle(t, "option_bounds_f64")->call(arguments).integer);
        return (real){default_value, min, max};
    }
    unknown(t, p);
    return (real){0, 0, 0};
}

static const struct {
    const char *name, *texts[9];
} texts[] = {
    {"spec", {"in 3; linear 16 nobias; mish; reshape 4 2 2; conv_transpose2d 2 4 2 1; leaky_relu 0.1"}},
    {"f_spec", {"in 3; linear 8; gelu; linear 1"}},
    {"kind", {LEBM_RELU, LEBM_LEAKY_RELU, LEBM_GELU, LEBM_SILU, LEBM_MISH, LEBM_TANH, LEBM_SIGMOID, LEBM_SOFTPLUS}},
    {"scheme", {LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL, LEBM_INIT_UNIFORM}},
    {"unit", {LEBM_WORDS, LEBM_CHARACTERS}},
    {"words", {vocabulary, "<unk>\na\n \n\xc3\xa4\n\t\n.\n"}},
    {"kernel", {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC}},
    {"role", {LEBM_TO_PRIOR, LEBM_TO_POSTERIOR}},
};

/* The likelihoods, and specs of decoders for each. Of a net that is given there are only some. */
static const char *decoder_of(const trial *t, const parameter *p, int number)
{
    static const char net[] = "in 3; linear 16; silu; reshape 4 2 2; conv_transpose2d 2 4 2 1; tanh";
    static const char *const likelihoods[] = {LEBM_GAUSSIAN, LEBM_BERNOULLI, LEBM_CATEGORICAL, NULL};
    static const char *const specs[] = {net, net, "in 3; embedding 4; lstm 5 2 noz; tokens 6 32", NULL};
    const int is_likelihood = is_named(p, "likelihood");
    if (number > 3 || (is_likelihood && name_ends(t->f, "_generator_create") && number > 1)) return NULL;
    return is_likelihood ? likelihoods[number] : specs[number];
}

/* A line for each row: none, one of words that are all there, or one with others. */
static const char *text_of_lines(void)
{
    static const char *const lines[] = {"\n", "the \xc3\xa4 thing .\n", " the  other  thing \n"};
    static char text[N * 32];
    size_t length = 0;
    for (int i = 0; i < N; i++) length += (size_t)snprintf(text + length, sizeof text - length, "%s", lines[i % 3]);
    return text;
}

const char *text_of(const trial *t, const parameter *p, int number)
{
    static char choice[64];
    const int is_spec = is_named(p, "g_spec") || (is_named(p, "spec") && is_of_generator(t));
    if (is_spec || is_named(p, "likelihood")) return decoder_of(t, p, number);
    if (is_named(p, "kernel") && name_ends(t->f, "_annealing_create")) /* not the one without a test */
        return number > 1 ? NULL : number == 0 ? LEBM_HMC : LEBM_MALA;
    if (is_named(p, "text")) return number > 0 ? NULL : text_of_lines();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (is_named(p, texts[i].name)) return texts[i].texts[number];
    if (is_named(p, "key")) return key_of(t, number);
    if (is_named(p, "path")) return number > 0 ? NULL : strstr(t->f->name, "_load") ? checkpoint_path : saved_path;
    if (is_named(p, "value")) { /* the first of the choices, or any text */
        const value arguments[] = {t->arguments[0], *argument_of(t, "key")};
        const char *choices = of_handle(t, "option_choices")->call(arguments).text;
        snprintf(choice, sizeof choice, "%.*s", (int)strcspn(choices, "|"), choices);
        return number > 0 ? NULL : *choices ? choice : "a note: \xc3\xa4";
    }
    unknown(t, p);
    return NULL;
}

int64_t floats_of(const trial *t, const parameter *p)
{
    static const struct {
        const char *name;
        int64_t count;
    } arrays[] = {{"in", N * LATENT}, {"z", N * LATENT}, {"score", N * LATENT}, {"grad_in", N * LATENT},
                  {"x", N * DATA},    {"out", N},        {"grad_out", N},       {"variances", LATENT}};
    if (is_named(p, "x") && name_ends(t->f, "_annealing_run_posterior")) return FEW * DATA;
    if (is_named(p, "z") && name_ends(t->f, "_log_joint")) return CHAINS * N * LATENT;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (is_named(p, arrays[i].name)) return arrays[i].count;
    if (is_named(p, "grad_params")) return lebm_net_param_total(t->w->net);
    if (is_named(p, "src") || is_named(p, "dst")) return size_of_tensor(t);
    unknown(t, p);
    return 0;
}

/* Doubles of an array. */
static int64_t doubles_of(const trial *t, const parameter *p)
{
    if (is_named(p, "log_weights")) return ANNEALED;
    if (is_named(p, "log_likelihood") || is_named(p, "log_prior")) return N;
    if (strncmp(t->f->name, "lebm_diagnostics_", 17) != 0) return 1;
    if (is_named(p, "draws")) return CHAINS * LENGTH * LATENT;
    if (is_named(p, "energies")) return CHAINS * LENGTH;
    return is_named(p, "e_bfmi") ? CHAINS : LATENT;
}

/* Strides of the axes of row-major draws, or energies. */
static const int64_t *strides_of(const trial *t)
{
    static const int64_t of_draws[3] = {LENGTH * LATENT, LATENT, 1}, of_energies[3] = {LENGTH, 1};
    return argument_of(t, "energies") ? of_energies : of_draws;
}

static void *handle_of(const trial *t, const parameter *p)
{
    const struct world *w = t->w;
    if (strstr(p->type, "lebm_net ")) return w->net;
    if (strstr(p->type, "lebm_prior ")) return w->prior;
    if (strstr(p->type, "lebm_generator ")) return w->generator;
    if (strstr(p->type, "lebm_sampler ")) return is_named(p, "to_posterior") ? w->to_posterior : w->to_prior;
    if (strstr(p->type, "lebm_annealing ")) return is_named(p, "of_prior") ? w->of_prior : w->of_x;
    if (strstr(p->type, "lebm_trainer ")) return w->trainer;
    if (strstr(p->type, "lebm_target ")) return w->target;
    if (strstr(p->type, "lebm_traces ")) return w->traces;
    unknown(t, p);
    return NULL;
}

/* ---- calls ---- */

static value argument(const trial *t, int i, int number)
{
    const parameter *p = &t->f->parameters[i];
    const char *text;
    places[i].size = 0;
    if (is_handle(p)) return (value){.pointer = handle_of(t, p)};
    if (is_new_handle(p)) return (value){.pointer = place(i, NULL, sizeof(void *))};
    if (is_type(p, "const float *")) {
        const int is_positive = is_named(p, "x") || is_named(p, "grad_out") || is_named(p, "variances");
        const float *content = is_positive ? t->w->x : t->w->z;
        return (value){.pointer = place(i, content, (size_t)floats_of(t, p) * sizeof(float))};
    }
    if (is_type(p, "const double *"))
        return (value){.pointer = place(i, t->w->draws, (size_t)doubles_of(t, p) * sizeof(double))};
    if (is_named(p, "strides")) {
        const size_t axes = argument_of(t, "energies") ? 2 : 3;
        return (value){.pointer = place(i, strides_of(t), axes * sizeof(int64_t))};
    }
    if (is_type(p, "const int64_t *")) return (value){.pointer = place(i, t->w->ids, sizeof t->w->ids)};
    if (is_type(p, "float *")) return (value){.pointer = place(i, NULL, (size_t)floats_of(t, p) * sizeof(float))};
    if (is_type(p, "int64_t *") && is_named(p, "chw")) return (value){.pointer = place(i, NULL, 3 * sizeof(int64_t))};
    if (is_type(p, "int64_t *")) return (value){.pointer = place(i, NULL, sizeof(int64_t))};
    if (is_type(p, "char *")) return (value){.pointer = place(i, NULL, TEXT_ROOM)};
    if (is_type(p, "double *")) return (value){.pointer = place(i, NULL, (size_t)doubles_of(t, p) * sizeof(double))};
    if (is_type(p, "const char **")) return (value){.pointer = place(i, NULL, sizeof(char *))};
    if (is_type(p, "const char *")) {
        text = text_of(t, p, number);
        return (value){.text = text ? text : text_of(t, p, 0)};
    }
    if (is_type(p, "double")) return (value){.real = real_of(t, p).good};
    if (is_type(p, "lebm_progress_fn")) return (value){.progress = go_on};
    if (is_type(p, "lebm_density_fn")) return (value){.density = world_density};
    if (is_type(p, "void *")) return (value){.pointer = t->w};
    return (value){.integer = whole_of(t, p).good};
}

/* Number of right texts that the function's arguments may be; 1 if it has no texts. */
static int text_variants(const trial *t)
{
    int most = 1;
    for (int i = 0; i < t->f->count; i++) {
        const parameter *p = &t->f->parameters[i];
        int number = 0;
        while (is_type(p, "const char *") && text_of(t, p, number)) number++;
        if (number > most) most = number;
    }
    return most;
}

int trial_make(trial *t, const function *f, int variant, struct world *w)
{
    *t = (trial){.f = f, .w = w};
    for (int i = 0; i < MOST_PARAMETERS; i++) places[i].size = 0;
    if (name_ends(f, "_destroy") && !name_ends(f, "_trainer_destroy")) {
        lebm_trainer_destroy(w->trainer);
        w->trainer = NULL;
    }
    for (int i = 0; i < f->count; i++) t->arguments[i] = argument(t, i, 0);
    const int texts_ = text_variants(t);
    if (variant < texts_) {
        for (int i = 0; i < f->count; i++) t->arguments[i] = argument(t, i, variant);
        return 1;
    }
    variant -= texts_;
    for (int i = 0; i < f->count; i++) {
        if (f->parameters[i].may_be_null && variant-- == 0) {
            t->arguments[i].pointer = NULL;
            return 1;
        }
    }
    return 0;
}

void trial_fill(const trial *t)
{
    for (int i = 0; i < t->f->count; i++)
        if (places[i].size > 0) memcpy(places[i].given, places[i].end - places[i].size, places[i].size);
}

value trial_call(trial *t)
{
    const value result = t->f->call(t->arguments);
    for (int i = 0; i < t->f->count; i++) {
        const parameter *p = &t->f->parameters[i];
        if (places[i].size == 0) continue;
        const unsigned char *begin = places[i].end - places[i].size;
        for (int j = 1; j <= WATCHED; j++)
            LEBM_ASSERT_MSG(begin[-j] == UNTOUCHED, "%s() wrote to byte -%d of %s", t->f->name, j, p->name);
        const int is_read =
            is_type(p, "const float *") || is_type(p, "const double *") || is_type(p, "const int64_t *");
        LEBM_ASSERT_MSG(!is_read || memcmp(begin, places[i].given, places[i].size) == 0,
                        "%s() wrote to %s, which is const", t->f->name, p->name);
    }
    return result;
}

void trial_check_untouched(const trial *t, const char *call)
{
    for (int i = 0; i < t->f->count; i++) {
        const parameter *p = &t->f->parameters[i];
        const void *argument = t->arguments[i].pointer;
        if (places[i].size == 0 || !argument) continue;
        if (strstr(p->type, "**")) {
            LEBM_ASSERT_MSG(*(void *const *)argument == NULL, "%s failed, but %s is not NULL", call, p->name);
        } else {
            LEBM_ASSERT_MSG(memcmp(argument, places[i].given, places[i].size) == 0, "%s failed, but wrote to %s", call,
                            p->name);
        }
    }
}

/* A hash of what a new object is; releases it. */
static void settle_new(uint64_t *hash, const parameter *p, void *object)
{
    int64_t steps;
    if (is_type(p, "lebm_net **")) {
        hash_net(hash, object);
        lebm_net_destroy(object);
    } else if (is_type(p, "lebm_prior **")) {
        hash_net(hash, lebm_prior_net(object));
        lebm_prior_destroy(object);
    } else if (is_type(p, "lebm_generator **")) {
        hash_generator(hash, object);
        lebm_generator_destroy(object);
    } else if (is_type(p, "lebm_sampler **")) {
        LEBM_ASSERT_OK(lebm_sampler_get_i64(object, LEBM_SAMPLER_STEPS, &steps));
        hash_bytes(hash, &steps, sizeof steps);
        lebm_sampler_destroy(object);
    } else if (is_type(p, "lebm_annealing **")) {
        hash_text(hash, lebm_annealing_kernel(object));
        lebm_annealing_destroy(object);
    } else if (is_type(p, "lebm_target **")) {
        const int64_t dims = lebm_target_dims(object);
        hash_bytes(hash, &dims, sizeof dims);
        lebm_target_destroy(object);
    } else if (is_type(p, "lebm_traces **")) {
        hash_traces(hash, object);
        lebm_traces_destroy(object);
    } else {
        ck_assert_str_eq(p->type, "lebm_trainer **");
        lebm_trainer_destroy(object);
    }
}

/* The world has this object no more. */
static void forget(struct world *w, const void *object)
{
    if (object == w->net) w->net = NULL;
    if (object == w->prior) w->prior = NULL;
    if (object == w->generator) w->generator = NULL;
    if (object == w->to_prior) w->to_prior = NULL;
    if (object == w->to_posterior) w->to_posterior = NULL;
    if (object == w->of_x) w->of_x = NULL;
    if (object == w->of_prior) w->of_prior = NULL;
    if (object == w->trainer) w->trainer = NULL;
    if (object == w->target) w->target = NULL;
    if (object == w->traces) w->traces = NULL;
}

uint64_t trial_results(trial *t, value result)
{
    const function *f = t->f;
    uint64_t hash = hash_start();
    const value *key = argument_of(t, "key");
    const int is_speed = key && key->text && strcmp(key->text, LEBM_TRAINER_IMAGES_PER_SECOND) == 0;
    if (strcmp(f->result, "const char *") == 0) {
        if (!name_ends(f, "_last_error")) hash_text(&hash, result.text);
    } else if (strcmp(f->result, "lebm_net *") == 0) {
        hash_net(&hash, result.pointer);
    } else if (strcmp(f->result, "const double *") == 0 || strcmp(f->result, "const int64_t *") == 0) {
        hash_traces(&hash, t->w->traces); /* into which it points, or there are no draws */
        LEBM_ASSERT_MSG((result.pointer != NULL) == (lebm_traces_length(t->w->traces) > 0), "%s() returns %p", f->name,
                        result.pointer);
    } else {
        hash_bytes(&hash, &result, sizeof result);
    }
    for (int i = 0; i < f->count; i++) {
        const parameter *p = &f->parameters[i];
        void *argument = t->arguments[i].pointer;
        if (name_ends(f, "_destroy")) forget(t->w, argument);
        if (places[i].size == 0 || !argument || is_speed) continue;
        if (is_new_handle(p)) {
            void *object = *(void **)argument;
            LEBM_ASSERT_MSG(object, "%s() succeeded, but %s is NULL", f->name, p->name);
            settle_new(&hash, p, object);
        } else if (is_type(p, "const char **")) {
            hash_text(&hash, *(const char **)argument);
        } else {
            hash_bytes(&hash, argument, places[i].size);
        }
    }
    return hash;
}

uint64_t trial_outcome(trial *t, value result)
{
    const uint64_t hashes[] = {trial_results(t, result), world_look(t->w), world_use(t->w)};
    uint64_t hash = hash_start();
    hash_bytes(&hash, hashes, sizeof hashes);
    return hash;
}

/* The hash of a right call and of all that comes after. */
static uint64_t good_call(const function *f, int variant, struct world *w, int64_t *status)
{
    trial t;
    ck_assert_int_eq(trial_make(&t, f, variant, w), 1);
    const value result = trial_call(&t);
    *status = returns_status(f) ? result.integer : LEBM_OK;
    return *status == LEBM_OK ? trial_outcome(&t, result) : 0;
}

uint64_t trial_of_fresh_world(const function *f, int variant, const struct world_kind *kind, int64_t *status)
{
    struct world w;
    world_make(&w, kind);
    const uint64_t hash = good_call(f, variant, &w, status);
    world_free(&w);
    return hash;
}

void trial_check_same(const function *f, int variant, struct world *w, uint64_t expected, const char *after)
{
    int64_t status;
    const uint64_t hash = good_call(f, variant, w, &status);
    LEBM_ASSERT_MSG(status == LEBM_OK, "after %s, %s() as it should be returns %s: %s", after, f->name,
                    lebm_status_name((int)status), lebm_last_error());
    LEBM_ASSERT_MSG(hash == expected, "after %s, %s() as it should be gives something else than without", after,
                    f->name);
}
