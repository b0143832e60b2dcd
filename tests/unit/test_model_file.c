/* Model files: what is saved comes back bit for bit, and no file, however made, does harm. */
#include <locale.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/nets.h"

static const char f_spec[] = "in 3; linear 4; gelu; linear 1 nobias";
static const char g_spec[] = "in 3; conv_transpose2d 2 2 1 0; leaky_relu 0.1; reshape 8; linear 5; tanh";

/* ---- Models ---- */

typedef struct {
    lebm_prior *prior;
    lebm_generator *generator;
} model;

static model make_model(const char *f, const char *g, double sigma0, const char *likelihood, double sigma)
{
    model m;
    m.prior = make_prior(make_net(f, 1), sigma0);
    m.generator = make_generator(make_net(g, 2), likelihood, sigma);
    return m;
}

static model make_standard(void)
{
    return make_model(f_spec, g_spec, 1.5, LEBM_GAUSSIAN, 0.3);
}

static void free_model(model *m)
{
    lebm_prior_destroy(m->prior);
    lebm_generator_destroy(m->generator);
}

static void save_standard(void)
{
    model m = make_standard();
    LEBM_ASSERT_OK(lebm_model_save(path, m.prior, m.generator));
    free_model(&m);
}

static void assert_same_models(const model *a, const model *b)
{
    assert_same_nets(lebm_prior_net(a->prior), lebm_prior_net(b->prior));
    assert_same_nets(lebm_generator_net(a->generator), lebm_generator_net(b->generator));
    ck_assert_double_eq(lebm_prior_sigma0(a->prior), lebm_prior_sigma0(b->prior));
    ck_assert_double_eq(lebm_generator_sigma(a->generator), lebm_generator_sigma(b->generator));
    ck_assert_str_eq(lebm_generator_likelihood(a->generator), lebm_generator_likelihood(b->generator));
}

/* Load both parts; on failure both must be NULL and the error one line that names the file. */
static int load(model *m)
{
    *m = (model){(lebm_prior *)m, (lebm_generator *)m};
    const int status = lebm_model_load(path, &m->prior, &m->generator);
    if (status != LEBM_OK) {
        ck_assert_ptr_null(m->prior);
        ck_assert_ptr_null(m->generator);
        ck_assert_ptr_null(strchr(lebm_last_error(), '\n'));
        if (status != LEBM_ERR_NOMEM) LEBM_ASSERT_ERROR_NAMES(path);
    }
    return status;
}

static void round_trip(model saved)
{
    model loaded;
    LEBM_ASSERT_OK(lebm_model_save(path, saved.prior, saved.generator));
    LEBM_ASSERT_OK(load(&loaded));
    assert_same_models(&saved, &loaded);
    LEBM_ASSERT_OK(lebm_model_save(other_path, loaded.prior, loaded.generator));
    assert_same_files(path, other_path);
    free_model(&saved);
    free_model(&loaded);
}

/* ---- Saving ---- */

START_TEST(comes_back_bit_for_bit)
{
    round_trip(make_standard());
    round_trip(make_model("in 2; linear 7; silu; linear 1", "in 2; linear 3", 1, LEBM_BERNOULLI, 0));
    round_trip(make_model("in 1", "in 1; sigmoid", 1, LEBM_GAUSSIAN, 1)); /* no parameters at all */
}
END_TEST

START_TEST(keeps_numbers_exactly)
{
    static const double numbers[] = {1e-6, 1e6, 1.0 / 3.0, 0.1, 0.1 + 0.2, 0x1.fffffffffffffp0, 123456.789};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        round_trip(make_model("in 1", "in 1", numbers[i], LEBM_GAUSSIAN, numbers[i]));
    }
}
END_TEST

/* A program may have set any locale; the file is the same. */
START_TEST(is_the_same_in_every_locale)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF", "ps_AF.UTF-8"};
    save_standard();
    ck_assert_int_eq(rename(path, other_path), 0);
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL) continue; /* most machines have few */
        save_standard();
        setlocale(LC_ALL, "C");
        assert_same_files(path, other_path);
    }
}
END_TEST

START_TEST(has_the_documented_header)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"liblatentebm\",\"format_version\":\"1\",\"library_version\":\"%s\","
        "\"f.spec\":\"in 3; linear 4; gelu; linear 1 nobias\","
        "\"g.spec\":\"in 3; conv_transpose2d 2 2 1 0; leaky_relu 0.1; reshape 8; linear 5; tanh\","
        "\"prior.sigma0\":\"1.5\",\"generator.likelihood\":\"gaussian\",\"generator.sigma\":\"0.3\"},"
        "\"f.0.weight\":{\"dtype\":\"F32\",\"shape\":[4,3],\"data_offsets\":[0,48]},"
        "\"f.0.bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[48,64]},"
        "\"f.2.weight\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[64,80]},"
        "\"g.0.weight\":{\"dtype\":\"F32\",\"shape\":[3,2,2,2],\"data_offsets\":[80,176]},"
        "\"g.0.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[176,184]},"
        "\"g.3.weight\":{\"dtype\":\"F32\",\"shape\":[5,8],\"data_offsets\":[184,344]},"
        "\"g.3.bias\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[344,364]}}";
    char expected[2048];
    size_t size;
    snprintf(expected, sizeof expected, header, lebm_version());
    save_standard();
    unsigned char *bytes = read_bytes(path, &size);
    ck_assert_msg(strncmp((char *)bytes + 8, expected, strlen(expected)) == 0, "%s", (char *)bytes + 8);
    ck_assert_uint_eq(size, 8 + (strlen(expected) + 7) / 8 * 8 + 364);
    free(bytes);
}
END_TEST

START_TEST(refuses_to_save_what_cannot_be_loaded)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    model m = make_standard();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const float bias[] = {0, 0, bad[i], 0, 0};
        LEBM_ASSERT_OK(lebm_net_set_param(lebm_generator_net(m.generator), 3, bias, 5));
        LEBM_ASSERT_STATUS(lebm_model_save(path, m.prior, m.generator), LEBM_ERR_INVALID);
        LEBM_ASSERT_ERROR_NAMES("'g.3.bias': its number 2");
    }
    ck_assert_int_ne(access(path, F_OK), 0);
    free_model(&m);
}
END_TEST

/* A file would not tell, and the model that is loaded from it would count as set. */
START_TEST(refuses_to_save_what_was_never_set)
{
    lebm_net *g;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, g_spec));
    lebm_prior *prior = make_prior(make_net(f_spec, 1), 1);
    lebm_generator *generator = make_generator(g, LEBM_GAUSSIAN, 0.3);
    LEBM_ASSERT_STATUS(lebm_model_save(path, prior, generator), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("the generator's net g: 0.weight was never set");
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(saves_models_that_fit_together)
{
    model m = make_model("in 2; linear 1", "in 3; linear 2", 1, LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_STATUS(lebm_model_save(path, m.prior, m.generator), LEBM_ERR_SHAPE);
    LEBM_ASSERT_STATUS(lebm_model_save(NULL, m.prior, m.generator), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_model_save(path, NULL, m.generator), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_model_save(path, m.prior, NULL), LEBM_ERR_INVALID);
    free_model(&m);
}
END_TEST

START_TEST(leaves_the_old_file_when_it_cannot_save)
{
    model m = make_standard(), loaded;
    LEBM_ASSERT_OK(lebm_model_save(path, m.prior, m.generator));
    LEBM_ASSERT_STATUS(lebm_model_save("/nonexistent/model", m.prior, m.generator), LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES("/nonexistent/model");
    LEBM_ASSERT_STATUS(lebm_model_save(folder, m.prior, m.generator), LEBM_ERR_IO);
    LEBM_ASSERT_OK(load(&loaded));
    free_model(&m);
    free_model(&loaded);
}
END_TEST

/* ---- Loading ---- */

START_TEST(loads_what_is_asked_for)
{
    model standard = make_standard(), part = {NULL, NULL};
    LEBM_ASSERT_OK(lebm_model_save(path, standard.prior, standard.generator));
    LEBM_ASSERT_OK(lebm_model_load(path, &part.prior, NULL));
    LEBM_ASSERT_OK(lebm_model_load(path, NULL, &part.generator));
    LEBM_ASSERT_OK(lebm_model_load(path, NULL, NULL));
    assert_same_models(&standard, &part);
    free_model(&standard);
    free_model(&part);
}
END_TEST

START_TEST(refuses_paths_without_model)
{
    model m = {(lebm_prior *)&m, (lebm_generator *)&m};
    LEBM_ASSERT_STATUS(lebm_model_load(NULL, &m.prior, &m.generator), LEBM_ERR_INVALID);
    ck_assert_ptr_null(m.prior);
    ck_assert_ptr_null(m.generator);
    LEBM_ASSERT_STATUS(load(&m), LEBM_ERR_IO);
    write_bytes(path, "", 0);
    LEBM_ASSERT_STATUS(load(&m), LEBM_ERR_FORMAT);
    write_bytes(path, "\2\0\0\0\0\0\0\0{}", 10); /* sound, but not ours */
    LEBM_ASSERT_STATUS(load(&m), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("not a file of liblatentebm");
}
END_TEST

#define METADATA(key, value) "\"" key "\":\"" value "\""

static const struct {
    const char *from, *to;
    int status;
    const char *error;
} edits[] = {
    {METADATA("format", "liblatentebm"), METADATA("format", "pt"), LEBM_ERR_FORMAT, "metadata 'format' is 'pt'"},
    {METADATA("format", "liblatentebm"), METADATA("former", "liblatentebm"), LEBM_ERR_FORMAT, "not a file"},
    {METADATA("format_version", "1"), METADATA("format_version", "2"), LEBM_ERR_VERSION, "is 2"},
    {METADATA("format_version", "1"), METADATA("format_version", "9223372036854775807"), LEBM_ERR_VERSION, "reads"},
    {METADATA("format_version", "1"), METADATA("format_version", "9223372036854775808"), LEBM_ERR_FORMAT,
     "format_version is '9223372036854775808'"},
    {METADATA("format_version", "1"), METADATA("format_version", "0"), LEBM_ERR_FORMAT, "format_version is '0'"},
    {METADATA("format_version", "1"), METADATA("format_version", "1.0"), LEBM_ERR_FORMAT, "format_version is '1.0'"},
    {METADATA("format_version", "1"), METADATA("format_version", " 1"), LEBM_ERR_FORMAT, "format_version is ' 1'"},
    {METADATA("format_version", "1"), METADATA("format_version", ""), LEBM_ERR_FORMAT, "format_version is ''"},
    {METADATA("format_version", "1"), METADATA("x", "1"), LEBM_ERR_FORMAT, "format_version"},
    {METADATA("library_version", "0.1.0"), METADATA("x", "y"), LEBM_OK, NULL}, /* for the reader of the file only */
    {METADATA("library_version", "0.1.0"), METADATA("pt.note", "y"), LEBM_OK, NULL}, /* of another program */
    {METADATA("library_version", "0.1.0"), METADATA("library_version", "0.7.1") "," METADATA("prior.shape", "y"),
     LEBM_ERR_VERSION, "'prior.shape' is unknown to this library, version 0.1.0; the file is of version 0.7.1"},
    {METADATA("library_version", "0.1.0"), METADATA("f.convolution", "y"), LEBM_ERR_VERSION,
     "'f.convolution' is unknown to this library, version 0.1.0; the file is of version unknown"},
    {METADATA("library_version", "0.1.0"), METADATA("generator.sigma.0", "1"), LEBM_ERR_VERSION, "'generator.sigma.0'"},
    {METADATA("library_version", "0.1.0"), METADATA("generator.", "1"), LEBM_ERR_VERSION, "'generator.'"},
    {METADATA("library_version", "0.1.0"), METADATA("generators.x", "1"), LEBM_OK, NULL},
    {"f.spec", "f.x", LEBM_ERR_FORMAT, "'f.spec' is missing"},
    {"g.spec", "g.x", LEBM_ERR_FORMAT, "'g.spec' is missing"},
    {"in 3; linear 4;", "", LEBM_ERR_FORMAT, "spec"},
    {"in 3; linear 4;", "in 3; linear 4;;", LEBM_ERR_FORMAT, "spec"},
    {"in 3; linear 4;", "in 3; leaner 4;", LEBM_ERR_FORMAT, "leaner"},
    {"in 3; linear 4;", "in 3; linear 0;", LEBM_ERR_FORMAT, "is 0; allowed"},
    {"in 3; linear 4;", "in 3; linear -4;", LEBM_ERR_FORMAT, "is -4; allowed"},
    {"in 3; linear 4;", "in 3; linear 5;", LEBM_ERR_FORMAT, "'f.0.weight' is of shape [4,3]; needed is [5,3]"},
    {"in 3; linear 4;", "in 3; linear 3;", LEBM_ERR_FORMAT, "'f.0.weight' is of shape [4,3]"},
    {"in 3; linear 4;", "in 4; linear 3;", LEBM_ERR_FORMAT, "'f.0.weight' is of shape [4,3]"},
    {"in 3; linear 4;", "in 16777216; linear 16777216;", LEBM_ERR_FORMAT,
     "f.spec: the net would have 281474993487872 parameters or more; the file's tensors hold 91"}, /* a petabyte */
    {"in 3; linear 4;", "in 3; linear 4; relu;", LEBM_ERR_FORMAT, "'f.3.weight' is missing"},
    {"gelu; linear 1 nobias", "gelu", LEBM_ERR_FORMAT,
     "a net of the spec 'in 3; linear 4; gelu' has no tensor 'f.2.weight'"},
    {"in 3; linear 4; gelu; linear 1 nobias", "in 3; reshape 3; linear 5 nobias; linear 1", LEBM_ERR_FORMAT,
     "'f.1.weight' is missing, which a net of the spec 'in 3; reshape 3; linear 5 nobias; linear 1' has"},
    {"prior.sigma0", "prior.sigma", LEBM_ERR_VERSION, "'prior.sigma' is unknown"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "1,5"), LEBM_ERR_FORMAT, "'1,5'"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", ""), LEBM_ERR_FORMAT, "''"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "0x1p0"), LEBM_ERR_FORMAT, "'0x1p0'"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "nan"), LEBM_ERR_FORMAT, "'nan'"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "1e999"), LEBM_ERR_FORMAT, "'1e999'"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "0"), LEBM_ERR_FORMAT, "sigma0"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "-1"), LEBM_ERR_FORMAT, "sigma0"},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "15e-1"), LEBM_OK, NULL},
    {METADATA("prior.sigma0", "1.5"), METADATA("prior.sigma0", "+1.50"), LEBM_OK, NULL},
    {METADATA("generator.sigma", "0.3"), METADATA("generator.sigma", "0"), LEBM_ERR_FORMAT, "sigma"},
    {METADATA("generator.sigma", "0.3"), METADATA("generator.sigma0", "1"), LEBM_ERR_VERSION,
     "'generator.sigma0' is unknown"},
    {METADATA("generator.likelihood", "gaussian"), METADATA("generator.likelihood", "x"), LEBM_ERR_FORMAT, "'x'"},
    {METADATA("generator.likelihood", "gaussian"), METADATA("y", "x"), LEBM_ERR_FORMAT, "is missing"},
    {METADATA("generator.likelihood", "gaussian"), METADATA("generator.likelihood", "bernoulli"), LEBM_ERR_FORMAT,
     "sigma"},
    {"f.0.weight", "x.0.weight", LEBM_ERR_FORMAT, "'f.0.weight' is missing"},
    {"f.0.weight", "f.0.wait", LEBM_ERR_FORMAT, "'f.0.weight' is missing"},
    {"f.0.weight", "module.f.0.weight", LEBM_ERR_FORMAT,
     "'f.0.weight' is missing; there is 'module.f.0.weight', to be"},
    {"f.0.weight", "f.net.1.0.weight", LEBM_ERR_FORMAT, "'f.0.weight' is missing; there is 'f.net.1.0.weight'"},
    {"f.0.weight", "0.weight", LEBM_ERR_FORMAT, "'f.0.weight' is missing; there is '0.weight'"},
    {"f.0.weight", "f.10.weight", LEBM_ERR_FORMAT, "has; there are f.0.bias, f.10.weight, f.2.weight, g.0.bias, ..."},
    {"f.0.bias", "f.0.bios", LEBM_ERR_FORMAT, "'f.0.bias' is missing, which a net of the spec 'in 3; linear 4; gelu; "},
    {"f.0.bias", "f.0.bios", LEBM_ERR_FORMAT, "(a layer without bias says nobias)"},
    {"f.0.weight", "f.2.bias", LEBM_ERR_FORMAT, "'f.0.weight' is missing"},
    {"\"shape\":[4,3]", "\"shape\":[3,4]", LEBM_ERR_FORMAT, "'f.0.weight' is of shape [3,4]; needed is [4,3]"},
    {"\"shape\":[4,3]", "\"shape\":[12]", LEBM_ERR_FORMAT, "'f.0.weight' is of shape [12]; needed is [4,3]"},
    {"f.0.weight\":{\"dtype\":\"F32\"", "f.0.weight\":{\"dtype\":\"I32\"", LEBM_ERR_UNSUPPORTED, "I32"},
    {"f.2.weight\":{\"dtype\":\"F32\",\"shape\":[1,4]", "f.2.weight\":{\"dtype\":\"F16\",\"shape\":[2,4]",
     LEBM_ERR_UNSUPPORTED, "F16"},
    {"\"f.0.bias\"", "\"f.9.bias\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"f.0.bias\"",
     LEBM_ERR_FORMAT, "has no tensor 'f.9.bias'"},
};

START_TEST(understands_or_refuses_edited_files)
{
    model m;
    save_standard();
    edit_header(edits[_i].from, edits[_i].to);
    LEBM_ASSERT_STATUS(load(&m), edits[_i].status);
    if (edits[_i].status != LEBM_OK) LEBM_ASSERT_ERROR_NAMES(edits[_i].error);
    free_model(&m);
}
END_TEST

/* A part that is not asked for may be of a kind that is not known. */
START_TEST(refuses_parts_that_do_not_fit)
{
    model m = make_model("in 3; linear 1", "in 1; linear 4", 1, LEBM_GAUSSIAN, 1);
    lebm_generator *of_three = make_generator(make_net("in 3; linear 4", 1), LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_OK(lebm_model_save(path, m.prior, of_three));
    free_model(&m);
    lebm_generator_destroy(of_three);
    edit_header("\"in 3; linear 1\"", "\"in 1; reshape 1; linear 2 nobias; linear 1 nobias\"");
    edit_header("\"f.0.weight\"", "\"f.1.weight\"");
    edit_header("\"shape\":[1,3],\"data_offsets\":[0,12]", "\"shape\":[2,1],\"data_offsets\":[0,8]");
    edit_header("\"f.0.bias\"", "\"f.2.weight\"");
    edit_header("\"shape\":[1],\"data_offsets\":[12,16]", "\"shape\":[1,2],\"data_offsets\":[8,16]");
    LEBM_ASSERT_STATUS(load(&m), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("z has");
    LEBM_ASSERT_OK(lebm_model_load(path, &m.prior, NULL));
    free_model(&m);
    edit_header("\"generator.likelihood\":\"gaussian\"", "\"generator.likelihood\":\"x\"");
    LEBM_ASSERT_OK(lebm_model_load(path, &m.prior, NULL));
    free_model(&m);
}
END_TEST

START_TEST(refuses_numbers_that_are_not_finite)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    model m;
    size_t size;
    save_standard();
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(bytes + size - 364 + 52, &bad[i], 4); /* f.0.bias[1] */
        write_bytes(path, bytes, size);
        LEBM_ASSERT_STATUS(load(&m), LEBM_ERR_FORMAT);
        LEBM_ASSERT_ERROR_NAMES("number 1 of tensor 'f.0.bias'");
    }
    free(bytes);
}
END_TEST

START_TEST(survives_every_truncation_and_flipped_byte)
{
    size_t size;
    save_standard();
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < size; i++) {
        model m;
        write_bytes(path, bytes, i);
        LEBM_ASSERT_STATUS(load(&m), LEBM_ERR_FORMAT);
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            write_bytes(path, bytes, size);
            bytes[i] ^= (unsigned char)(1 << bit);
            const int status = load(&m);
            ck_assert(status == LEBM_OK || status == LEBM_ERR_FORMAT || status == LEBM_ERR_VERSION ||
                      status == LEBM_ERR_UNSUPPORTED);
            free_model(&m);
        }
    }
    free(bytes);
}
END_TEST

/* ---- Samplers ---- */

static void save_with_samplers(void)
{
    model m = make_standard();
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_sampler_create(&to_prior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_create(&to_posterior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_prior, LEBM_SAMPLER_STEPS, 61));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(to_prior, LEBM_SAMPLER_STEP_SIZE, 1.0 / 3.0));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_prior, LEBM_SAMPLER_THREADS, 3));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_STEPS, 21));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_NOISE, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_SEED, INT64_MAX));
    LEBM_ASSERT_OK(lebm_sampler_set_str(to_posterior, LEBM_SAMPLER_START, "given"));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, m.prior, m.generator, to_prior, to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_save_model(trainer, path));
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    free_model(&m);
}

static int64_t get_i64(const lebm_sampler *sampler, const char *key)
{
    int64_t value;
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, key, &value));
    return value;
}

START_TEST(loads_samplers)
{
    model m;
    lebm_sampler *sampler;
    double step_size;
    const char *start;
    save_with_samplers();
    LEBM_ASSERT_OK(load(&m));
    free_model(&m);
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_PRIOR, &sampler));
    ck_assert_str_eq(lebm_sampler_kernel(sampler), LEBM_LANGEVIN);
    LEBM_ASSERT_OK(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &step_size));
    ck_assert_double_eq(step_size, 1.0 / 3.0);
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_STEPS), 61);
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_NOISE), 1);
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_THREADS), 0); /* files do not keep it */
    lebm_sampler_destroy(sampler);
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_POSTERIOR, &sampler));
    LEBM_ASSERT_OK(lebm_sampler_get_str(sampler, LEBM_SAMPLER_START, &start));
    ck_assert_str_eq(start, "given");
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_STEPS), 21);
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_NOISE), 0);
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_SEED), INT64_MAX);
    lebm_sampler_destroy(sampler);
}
END_TEST

#define STEPS METADATA("to_prior.steps", "61")

static const struct {
    const char *from, *to;
    int status;
    const char *error;
} sampler_edits[] = {
    {STEPS, METADATA("to_prior.steps", "0"), LEBM_ERR_FORMAT, "steps"},
    {STEPS, METADATA("to_prior.steps", "1e3"), LEBM_ERR_FORMAT, "'1e3', which is not an integer"},
    {STEPS, METADATA("to_prior.steps", "99999999999999999999"), LEBM_ERR_FORMAT, "steps"},
    {STEPS, METADATA("to_prior.noise", "2"), LEBM_ERR_FORMAT, "noise"},
    {STEPS, METADATA("to_prior.start", "nowhere"), LEBM_ERR_FORMAT, "nowhere"},
    {STEPS, METADATA("to_prior.start_std", "inf"), LEBM_ERR_FORMAT, "'inf'"},
    {STEPS, METADATA("to_prior.leapfrogs", "61"), LEBM_ERR_VERSION, "'to_prior.leapfrogs' is unknown"},
    {STEPS, METADATA("to_prior.threads", "3"), LEBM_ERR_VERSION, "'to_prior.threads' is unknown"},
    {METADATA("to_prior.kernel", "langevin"), METADATA("to_prior.kernel", "x"), LEBM_ERR_FORMAT, "'x'"},
    {METADATA("to_prior.kernel", "langevin"), METADATA("x", "y"), LEBM_ERR_STATE, "'to_prior.kernel' is missing"},
};

START_TEST(refuses_edited_samplers)
{
    lebm_sampler *sampler = (lebm_sampler *)path;
    save_with_samplers();
    edit_header(sampler_edits[_i].from, sampler_edits[_i].to);
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(path, LEBM_TO_PRIOR, &sampler), sampler_edits[_i].status);
    LEBM_ASSERT_ERROR_NAMES(sampler_edits[_i].error);
    LEBM_ASSERT_ERROR_NAMES(path);
    ck_assert_ptr_null(sampler);
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_POSTERIOR, &sampler));
    lebm_sampler_destroy(sampler);
}
END_TEST

/* As files of a library that had fewer options do. */
START_TEST(takes_options_that_are_missing_for_their_file_default)
{
    lebm_sampler *sampler;
    save_with_samplers();
    edit_header(STEPS, METADATA("x", "y"));
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_PRIOR, &sampler));
    ck_assert_int_eq(get_i64(sampler, LEBM_SAMPLER_STEPS), 40);
    lebm_sampler_destroy(sampler);
}
END_TEST

START_TEST(refuses_samplers_that_are_not_there)
{
    lebm_sampler *sampler = (lebm_sampler *)path;
    save_standard();
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(path, LEBM_TO_PRIOR, &sampler), LEBM_ERR_STATE);
    ck_assert_ptr_null(sampler);
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(path, "to_nowhere", &sampler), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("to_nowhere");
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(other_path, LEBM_TO_PRIOR, &sampler), LEBM_ERR_IO);
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(NULL, LEBM_TO_PRIOR, &sampler), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(path, NULL, &sampler), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(path, LEBM_TO_PRIOR, NULL), LEBM_ERR_INVALID);
}
END_TEST

/* ---- Memory ---- */

static model standard;

static int save_it(void)
{
    return lebm_model_save(other_path, standard.prior, standard.generator);
}

static int load_it(void)
{
    model m;
    const int status = load(&m);
    free_model(&m);
    return status;
}

static int load_sampler(void)
{
    lebm_sampler *sampler = (lebm_sampler *)path;
    const int status = lebm_model_load_sampler(path, LEBM_TO_PRIOR, &sampler);
    if (status != LEBM_OK) ck_assert_ptr_null(sampler);
    lebm_sampler_destroy(sampler);
    return status;
}

START_TEST(survives_each_failing_allocation)
{
    save_with_samplers();
    standard = make_standard();
    fail_each(lebm__alloc_fail_after, save_it, NULL, 5);
    fail_each(lebm__alloc_fail_after, load_it, NULL, 20);
    fail_each(lebm__alloc_fail_after, load_sampler, NULL, 4);
    free_model(&standard);
}
END_TEST

START_TEST(takes_a_path_in_the_bytes_that_it_has)
{
    snprintf(path, sizeof path, "%s/a\xff\xe9.safetensors", folder); /* which is no UTF-8 */
    model saved = make_standard(), loaded;
    LEBM_ASSERT_OK(lebm_model_save(path, saved.prior, saved.generator));
    ck_assert_int_eq(access(path, R_OK), 0);
    ck_assert_int_eq(count_files(), 1);
    LEBM_ASSERT_OK(load(&loaded));
    assert_same_models(&saved, &loaded);
    free_model(&saved);
    free_model(&loaded);
    unlink(path);
    ck_assert_int_eq(lebm_model_load(path, &loaded.prior, NULL), LEBM_ERR_IO);
    ck_assert_ptr_nonnull(strstr(lebm_last_error(), "/a??.safetensors': No such file"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_file");
    TCase *saving = tcase_create("saving");
    tcase_add_checked_fixture(saving, make_folder, remove_folder);
    tcase_add_test(saving, comes_back_bit_for_bit);
    tcase_add_test(saving, takes_a_path_in_the_bytes_that_it_has);
    tcase_add_test(saving, keeps_numbers_exactly);
    tcase_add_test(saving, is_the_same_in_every_locale);
    tcase_add_test(saving, has_the_documented_header);
    tcase_add_test(saving, refuses_to_save_what_cannot_be_loaded);
    tcase_add_test(saving, refuses_to_save_what_was_never_set);
    tcase_add_test(saving, saves_models_that_fit_together);
    tcase_add_test(saving, leaves_the_old_file_when_it_cannot_save);
    suite_add_tcase(suite, saving);

    TCase *loading = tcase_create("loading");
    tcase_add_checked_fixture(loading, make_folder, remove_folder);
    tcase_set_timeout(loading, 30);
    tcase_add_test(loading, loads_what_is_asked_for);
    tcase_add_test(loading, refuses_paths_without_model);
    tcase_add_loop_test(loading, understands_or_refuses_edited_files, 0, sizeof edits / sizeof *edits);
    tcase_add_test(loading, refuses_parts_that_do_not_fit);
    tcase_add_test(loading, refuses_numbers_that_are_not_finite);
    tcase_add_test(loading, survives_every_truncation_and_flipped_byte);
    suite_add_tcase(suite, loading);

    TCase *samplers = tcase_create("samplers");
    tcase_add_checked_fixture(samplers, make_folder, remove_folder);
    tcase_add_test(samplers, loads_samplers);
    tcase_add_loop_test(samplers, refuses_edited_samplers, 0, sizeof sampler_edits / sizeof *sampler_edits);
    tcase_add_test(samplers, takes_options_that_are_missing_for_their_file_default);
    tcase_add_test(samplers, refuses_samplers_that_are_not_there);
    suite_add_tcase(suite, samplers);

    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, make_folder, remove_folder);
    tcase_add_test(memory, survives_each_failing_allocation);
    suite_add_tcase(suite, memory);
    return test_run_suite(suite);
}
