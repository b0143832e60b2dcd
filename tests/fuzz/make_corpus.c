/* Makes the inputs of the corpus that are files: with the library's own writers, and damaged versions of what they
 * write. The texts (spec, number, options, arguments) are in the corpus as they are.
 *
 *     make_corpus FOLDER        FOLDER: tests/fuzz/corpus */
#define _GNU_SOURCE /* memmem() */
#include <errno.h>
#include <matio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "fuzz.h"
#include "fuzz_training.h"

enum { MOST = 1 << 16 };

typedef struct bytes {
    uint8_t data[MOST];
    size_t size;
} bytes;

static const char *corpus;

/* Writes a file of the corpus. */
static void put(const char *target, const char *name, const void *data, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", corpus, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", corpus, target, name);
    FILE *file = fopen(path, "wb");
    FUZZ_ASSERT(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0, "%s: %s", path,
                strerror(errno));
}

static bytes take(const char *path)
{
    static bytes b;
    FILE *file = fopen(path, "rb");
    FUZZ_ASSERT(file != NULL, "%s: %s", path, strerror(errno));
    b.size = fread(b.data, 1, MOST, file);
    fclose(file);
    return b;
}

/* ---- safetensors ---- */

/* A file of a header and so many bytes of numbers. */
static void put_header(const char *name, const char *header, size_t data_size)
{
    bytes b = {.size = 8 + strlen(header) + data_size};
    b.data[0] = (uint8_t)strlen(header);
    b.data[1] = (uint8_t)(strlen(header) >> 8);
    memcpy(b.data + 8, header, strlen(header));
    for (size_t i = 0; i < data_size; i++) b.data[8 + strlen(header) + i] = (uint8_t)(i % 4 == 3 ? 0x3f : i);
    put("safetensors", name, b.data, b.size);
}

static void make_safetensors(void)
{
    put_header("nothing", "{}", 0);
    put_header("metadata_only", "{\"__metadata__\":{\"key\":\"text\",\"\":\"\\\"\\\\\\u00e9\xc3\xa9\"}}", 0);
    put_header("three_tensors",
               "{\"__metadata__\":{\"format\":\"pt\"},\"b\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]},"
               "\"c\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[12,12]}}   ",
               12);
    put_header("other_types",
               "{\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
               "\"b\":{\"dtype\":\"F4\",\"shape\":[2,2],\"data_offsets\":[4,6]},"
               "\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[6,14]},"
               "\"d\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[14,16]}}",
               16);
    put_header("unknown_type", "{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4);
    put_header("hole", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8);
    put_header("overlap",
               "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
               8);
    put_header("twice",
               "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
               4);
    put_header("product_overflows",
               "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0);
    put_header("metadata_twice", "{\"__metadata__\":{\"a\":\"\",\"b\":\"\",\"a\":\"c\"}}", 0);
    put_header("offsets_are_no_integers", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0.5,1e99]}}", 4);
    put_header("metadata_is_no_text", "{\"__metadata__\":{\"a\":[1,null,true]}}", 0);
    put_header("nul_in_a_text", "{\"__metadata__\":{\"a\":\"b\\u0000c\"}}", 0);
    put_header("surrogates", "{\"__metadata__\":{\"a\":\"\\ud83d\\ude00\\ud800\"}}", 0);
    put_header("deep", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 0);
    put("safetensors", "header_longer_than_the_file", "\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10);
    put("safetensors", "cut", "\x02\0\0\0\0\0\0\0{", 9);
}

/* ---- models and checkpoints ---- */

/* Replaces the one place in the header where `from` stands, and puts the file as `name`. */
static void put_edited(const char *target, const char *name, const bytes *original, const char *from, const char *to)
{
    bytes b = *original;
    const size_t length = b.data[0] + 256u * b.data[1], more = strlen(to) - strlen(from);
    uint8_t *at = memmem(b.data + 8, length, from, strlen(from));
    FUZZ_ASSERT(at != NULL, "there is no %s in %.*s", from, (int)length, b.data + 8);
    memmove(at + strlen(to), at + strlen(from), (size_t)(b.data + b.size - at) - strlen(from));
    memcpy(at, to, strlen(to));
    b.size += more;
    b.data[0] = (uint8_t)(length + more);
    b.data[1] = (uint8_t)((length + more) >> 8);
    put(target, name, b.data, b.size);
}

/* A model of tokens with words, and some that are not quite one. */
static void make_models_of_tokens(const char *path)
{
    lebm_prior *prior;
    lebm_generator *generator;
    FUZZ_ASSERT_OK(lebm_model_create(&prior, &generator, "in 1; linear 1", 1.5, "in 1; embedding 1; gru 1; tokens 3 4",
                                     LEBM_CATEGORICAL, 0, LEBM_INIT_PYTORCH, 1));
    FUZZ_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_WORDS, "<unk>\na\nbc\n"));
    FUZZ_ASSERT_OK(lebm_model_save(path, prior, generator));
    bytes b = take(path);
    put("model", "tokens", b.data, b.size);
    put_edited("model", "tokens_lstm", &b, "gru 1", "lstm 1");
    put_edited("model", "tokens_repeated", &b, "<unk>\\na\\nbc", "<unk>\\na\\na");
    put_edited("model", "tokens_of_another_count", &b, "tokens 3 4", "tokens 2 4");
    put_edited("model", "tokens_of_no_unit", &b, "\"words\"", "\"lines\"");
    put_edited("model", "tokens_of_a_net", &b, "\"recurrent\"", "\"net\"");
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}

static void make_models(const char *path)
{
    training t;
    make_training(&t, "in 2; linear 3; gelu; linear 1 nobias",
                  "in 2; conv_transpose2d 1 2 1 0; leaky_relu 0.1; reshape 4; linear 2", 0);
    FUZZ_ASSERT_OK(lebm_model_save(path, t.prior, t.generator));
    bytes b = take(path);
    put("model", "without_samplers", b.data, b.size);
    FUZZ_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    b = take(path);
    put("model", "with_samplers", b.data, b.size);
    put("model", "cut", b.data, b.size - 4);
    put_edited("model", "other_format", &b, "\"liblatentebm\"", "\"pt\"");
    put_edited("model", "later_version", &b, "\"format_version\":\"1\"", "\"format_version\":\"2\"");
    put_edited("model", "bernoulli", &b, "gaussian", "bernoulli");
    put_edited("model", "wider_than_its_tensors", &b, "in 2; linear 3;", "in 2; linear 4;");
    put_edited("model", "spec_of_a_huge_net", &b, "in 2; linear 3;", "in 16777216; linear 16777216;");
    put_edited("model", "sigma_0", &b, "\"generator.sigma\":\"0.3\"", "\"generator.sigma\":\"0\"");
    put_edited("model", "sigma0_below_0", &b, "\"prior.sigma0\":\"", "\"prior.sigma0\":\"-");
    put_edited("model", "no_such_kernel", &b, "\"to_posterior.kernel\":\"langevin\"",
               "\"to_posterior.kernel\":\"gibbs\"");
    put_edited("model", "step_size_out_of_range", &b, "\"to_posterior.step_size\":\"0.005\"",
               "\"to_posterior.step_size\":\"-1\"");
    put_edited("model", "option_of_a_newer_library", &b, "to_posterior.steps", "to_posterior.leapfrogs");
    put_edited("model", "prefix", &b, "\"g.0.weight\"", "\"module.g.0.weight\"");
    put_edited("model", "other_type", &b, "\"dtype\":\"F32\",\"shape\":[3,2]", "\"dtype\":\"I32\",\"shape\":[3,2]");
    put_edited("model", "other_shape", &b, "\"shape\":[3,2]", "\"shape\":[2,3]");
    memset(b.data + b.size - 4, 0xff, 4);
    put("model", "not_a_number", b.data, b.size);
    free_training(&t);
    make_training(&t, "in 1", "in 1; sigmoid", 0);
    FUZZ_ASSERT_OK(lebm_model_save(path, t.prior, t.generator));
    b = take(path);
    put("model", "without_parameters", b.data, b.size);
    put_edited("model", "latent_sizes_differ", &b, "in 1; sigmoid", "in 2; sigmoid");
    free_training(&t);
}

/* Of a training whose samplers have variances, and a warm-up before them. */
static void make_tuned(const char *path)
{
    training t;
    make_training(&t, small_f, small_g, 0);
    FUZZ_ASSERT_OK(lebm_sampler_set_variances(t.to_posterior, (const float[]){0.5f, 3}, 2));
    FUZZ_ASSERT_OK(lebm_sampler_set_variances(t.to_prior, (const float[]){1e-30f, 1e30f}, 2));
    FUZZ_ASSERT_OK(lebm_sampler_set_str(t.to_posterior, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
    FUZZ_ASSERT_OK(lebm_sampler_set_i64(t.to_posterior, LEBM_SAMPLER_WARMUP, 7));
    FUZZ_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    bytes b = take(path);
    put("model", "with_tuned_samplers", b.data, b.size);
    put("checkpoint", "with_tuned_samplers", b.data, b.size);
    put_edited("model", "tuned_hmc", &b, "\"to_posterior.kernel\":\"langevin\"",
               "\"to_posterior.kernel\":\"hmc\",\"to_posterior.jitter\":\"0.2\"");
    put_edited("model", "variances_of_another_shape", &b, "\"to_posterior.variances\":{\"dtype\":\"F32\",\"shape\":[2]",
               "\"to_posterior.variances\":{\"dtype\":\"F32\",\"shape\":[2,1]");
    put_edited("checkpoint", "variances_of_another_type", &b, "\"to_posterior.variances\":{\"dtype\":\"F32\"",
               "\"to_posterior.variances\":{\"dtype\":\"I32\"");
    memset(memmem(b.data, b.size, (const float[]){0.5f, 3}, 8), 0, 4);
    put("model", "variance_of_0", b.data, b.size);
    put("checkpoint", "variance_of_0", b.data, b.size);
    free_training(&t);
}

/* Of a training that has chains of two of three observations, one to the prior, and averages. */
static void make_keeping_checkpoints(training *t, const char *path)
{
    const float x[4] = {0.5f, -0.5f, 1, -1};
    FUZZ_ASSERT_OK(lebm_trainer_set_str(t->trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept"));
    FUZZ_ASSERT_OK(lebm_trainer_set_str(t->trainer, LEBM_TRAINER_PRIOR_CHAINS, "kept"));
    FUZZ_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_OBSERVATIONS, 3));
    FUZZ_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.9));
    for (int64_t id = 0; id < 2; id++) FUZZ_ASSERT_OK(lebm_trainer_step_of(t->trainer, x, &id, 1));
    FUZZ_ASSERT_OK(lebm_trainer_save(t->trainer, path));
    bytes b = take(path);
    put("checkpoint", "kept", b.data, b.size);
    put_edited("checkpoint", "visits_are_missing", &b, "chains.visited", "chains.visits");
    put_edited("checkpoint", "chains_of_another_size", &b, "\"shape\":[3,2]", "\"shape\":[2,3]");
    put_edited("checkpoint", "average_is_missing", &b, "average.f.0.weight", "average.f.1.weight");
    put_edited("checkpoint", "averages_of_nothing", &b, "\"average.updates\":\"2\"", "\"average.updates\":\"0\"");
    memset(b.data + b.size - 4, 0xff, 4);
    put("checkpoint", "chain_is_not_a_number", b.data, b.size);
}

static void make_checkpoints(const char *path)
{
    training t;
    make_training(&t, small_f, small_g, 1);
    FUZZ_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    bytes b = take(path);
    put("checkpoint", "good", b.data, b.size);
    put("checkpoint", "cut", b.data, b.size / 2);
    put_edited("checkpoint", "another_net", &b, "tanh", "silu");
    put_edited("checkpoint", "another_sigma", &b, "\"generator.sigma\":\"0.3\"", "\"generator.sigma\":\"0.31\"");
    put_edited("checkpoint", "without_its_training", &b, "trainer.steps_done", "trainer.steps");
    put_edited("checkpoint", "steps_below_0", &b, "\"trainer.steps_done\":\"", "\"trainer.steps_done\":\"-");
    put_edited("checkpoint", "seed_too_large", &b, "\"trainer.note\"",
               "\"trainer.seed\":\"9223372036854775808\",\"trainer.note\"");
    put_edited("checkpoint", "options_at_their_file_defaults", &b, "\"trainer.note\"",
               "\"trainer.beta1\":\"0.5\",\"trainer.seed\":\"0\",\"to_prior.start\":\"noise\",\"trainer.note\"");
    put_edited("checkpoint", "option_of_a_newer_library", &b, "trainer.note", "trainer.notes");
    put_edited("checkpoint", "another_note", &b, "a note, ", "\xe2\x82\xac\\n");
    put_edited("checkpoint", "moments_are_missing", &b, "\"adam.v.f.0.weight\"", "\"adam.w.f.0.weight\"");
    memset(b.data + b.size - 4, 0xbf, 4);
    put("checkpoint", "second_moment_below_0", b.data, b.size);
    FUZZ_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    b = take(path);
    put("checkpoint", "model_only", b.data, b.size);
    make_keeping_checkpoints(&t, path);
    free_training(&t);
}

/* ---- data sets ---- */

/* The same bytes compressed. */
static void put_gzip(const char *target, const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(FUZZ_OUTPUT);
    gzFile file = gzopen(path, "wb");
    FUZZ_ASSERT(file != NULL && gzwrite(file, data, (unsigned)size) == (int)size && gzclose(file) == Z_OK, "%s", path);
    const bytes b = take(path);
    put(target, name, b.data, b.size);
}

static void make_idx(void)
{
    static const uint8_t images[] = "\0\0\x08\x03\0\0\0\x02\0\0\0\x03\0\0\0\x02pixelsPIXELS",
                         zeros[1016] = "\0\0\x08\x03\0\0\0\x01"
                                       "\0\0\0\x32\0\0\0\x14";
    static const uint8_t labels[] = "\0\0\x08\x01\0\0\0\x03\x05\0\x09";
    put("idx", "images", images, sizeof images - 1);
    put_gzip("idx", "images.gz", images, sizeof images - 1);
    put("idx", "labels", labels, sizeof labels - 1);
    put_gzip("idx", "labels.gz", labels, sizeof labels - 1);
    put_gzip("idx", "zeros.gz", zeros, sizeof zeros);
    put("idx", "cut", images, 20);
    put("idx", "magic_only", images, 4);
    put("idx", "one_byte_more", labels, sizeof labels);
    put("idx", "two_gigabytes_by_the_header", "\0\0\x08\x03\0\0\0\x80\0\0\x10\0\0\0\x10\0", 16);
    put_gzip("idx", "two_gigabytes_by_the_header.gz", "\0\0\x08\x03\0\0\0\x80\0\0\x10\0\0\0\x10\0", 16);
    put("idx", "gzip_header_only", "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
}

static void make_npy(void)
{
    static const struct {
        const char *name, *dictionary;
        size_t size;
        const char *numbers;
    } files[] = {
        {"bytes", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 2), }", 12, "pixelsPIXELS"},
        {"colours_last", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2, 3), }", 12, "pixelsPIXELS"},
        {"fortran", "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2, 1), }", 12, "pixelsPIXELS"},
        {"floats", "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 3), }", 12,
         "\0\0\xc0\x7f\0\0\0\xbf\0\0\0\x3f"},
        {"doubles", "{'descr': '>f8', 'fortran_order': True, 'shape': (1, 1, 1), }", 8, "\xbf\xe0\0\0\0\0\0\0"},
        {"four_axes_that_do_not_tell", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 4, 1), }", 12,
         "pixelsPIXELS"},
        {"objects", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "pickles."},
        {"huge", "{'descr': '|u1', 'fortran_order': True, 'shape': (1000000, 1000, 1000), }", 12, "pixelsPIXELS"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char text[256] = "\x93NUMPY\1", name[64];
        const size_t length = strlen(files[i].dictionary), whole = 10 + length + files[i].size;
        text[8] = (char)length;
        memcpy(text + 10, files[i].dictionary, length);
        memcpy(text + 10 + length, files[i].numbers, files[i].size);
        snprintf(name, sizeof name, "%s.gz", files[i].name);
        put("npy", files[i].name, text, whole);
        put_gzip("npy", name, text, whole);
    }
}

static void make_cifar(void)
{
    static uint8_t records[2 * 3073 + 1];
    for (size_t i = 0; i < sizeof records; i++) records[i] = (uint8_t)(i / 64);
    records[0] = 9;
    records[3073] = 3;
    put("cifar", "one", records, 3073);
    put("cifar", "two", records, 2 * 3073);
    put_gzip("cifar", "two.gz", records, 2 * 3073);
    put("cifar", "one_byte_more", records, 3074);
    put_gzip("cifar", "cut.gz", records, 3000);
    records[3073] = 77;
    put_gzip("cifar", "class.gz", records, 2 * 3073);
}

static void make_text(void)
{
    static const char lines[] = "ein M\xc3\xa4rchen\n\n \t\ntwo  words two\r\n<unk> words\n";
    put("text", "lines", lines, sizeof lines - 1);
    put_gzip("text", "lines.gz", lines, sizeof lines - 1);
    put("text", "no_newline", lines, sizeof lines - 2);
    put("text", "byte_order",
        "\xef\xbb\xbf"
        "a b\n",
        7);
    put("text", "lengths", "a \xc2\x80 \xe0\xa0\x80 \xed\x9f\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\n", 22);
    put("text", "latin", "M\xe4rchen\n", 8);
    put("text", "cut_character", "a\n\xe4\xbd", 4);
    put("text", "zero", "a\n\0\n", 4);
    put("text", "blanks", "\n \n\t\n\r\n", 8);
}

static void write_variable(mat_t *file, const char *name, enum matio_classes class, enum matio_types type, size_t rank,
                           size_t *dims, void *numbers, enum matio_compression compression)
{
    matvar_t *variable = Mat_VarCreate(name, class, type, (int)rank, dims, numbers, 0);
    FUZZ_ASSERT(variable != NULL && Mat_VarWrite(file, variable, compression) == 0, "%s cannot be written", name);
    Mat_VarFree(variable);
}

/* Images of 3 x 2 pixels and labels, of bytes or of doubles. */
static bytes make_mat(size_t channels, size_t count, int labels, int doubles, enum matio_compression compression)
{
    static uint8_t pixels[100], digits[] = {10, 1, 9};
    static double numbers[] = {10, 1, 9};
    size_t dims[] = {3, 2, channels, count}, column[] = {count, 1};
    const char *path = fuzz_path(FUZZ_OUTPUT);
    remove(path);
    for (int i = 0; i < 100; i++) pixels[i] = (uint8_t)(7 * i);
    mat_t *file = Mat_CreateVer(path, "MATLAB 5.0 MAT-file", MAT_FT_MAT5);
    FUZZ_ASSERT(file != NULL, "%s", path);
    write_variable(file, "X", MAT_C_UINT8, MAT_T_UINT8, count == 1 ? 3 : 4, dims, pixels, compression);
    if (labels)
        write_variable(file, "y", doubles ? MAT_C_DOUBLE : MAT_C_UINT8, doubles ? MAT_T_DOUBLE : MAT_T_UINT8, 2, column,
                       doubles ? (void *)numbers : digits, compression);
    Mat_Close(file);
    return take(path);
}

/* One grey pixel, as a machine of the other byte order writes it; its name and number are in their tags. */
static void put_big_endian(void)
{
    bytes b = {.size = 128 + 64};
    memset(b.data, ' ', 116);
    memcpy(b.data + 124, "\1\0MI", 4);
    memcpy(b.data + 128,
           "\0\0\0\x0e\0\0\0\x38"
           "\0\0\0\x06\0\0\0\x08\0\0\0\x09\0\0\0\0"
           "\0\0\0\x05\0\0\0\x0c\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\0"
           "\0\1\0\1X\0\0\0"
           "\0\1\0\2\x7f\0\0\0",
           64);
    put("mat", "big_endian", b.data, b.size);
}

/* Another variable, which is freed, before a grey pixel and the row of its one label, an int64 as SciPy writes it. */
static void put_mat_beside(const char *name, matvar_t *other, enum matio_compression compression)
{
    static uint8_t pixel[] = {99};
    static int64_t label[] = {7};
    size_t dims[] = {1, 1, 1}, row[] = {1, 1};
    const char *path = fuzz_path(FUZZ_OUTPUT);
    remove(path);
    mat_t *file = Mat_CreateVer(path, "MATLAB 5.0 MAT-file", MAT_FT_MAT5);
    FUZZ_ASSERT(file != NULL && other != NULL && Mat_VarWrite(file, other, compression) == 0, "%s", name);
    write_variable(file, "X", MAT_C_UINT8, MAT_T_UINT8, 3, dims, pixel, compression);
    write_variable(file, "y", MAT_C_INT64, MAT_T_INT64, 2, row, label, compression);
    Mat_Close(file);
    Mat_VarFree(other);
    const bytes b = take(path);
    put("mat", name, b.data, b.size);
}

/* What lies beside the images, to be passed over or refused. */
static void put_mats_beside(void)
{
    static double numbers[] = {1, 2};
    static mat_complex_split_t complex = {numbers, numbers};
    static mat_uint32_t rows[] = {0, 1}, columns[] = {0, 1, 2};
    static mat_sparse_t sparse = {
        .nzmax = 2, .ir = rows, .nir = 2, .jc = columns, .njc = 3, .ndata = 2, .data = numbers};
    size_t row[] = {1, 2}, square[] = {2, 2}, one[] = {1, 1};
    const char *fields[] = {"a"};
    put_mat_beside("beside_text", Mat_VarCreate("note", MAT_C_CHAR, MAT_T_UINT8, 2, row, "ab", 0),
                   MAT_COMPRESSION_NONE);
    put_mat_beside("beside_text_compressed", Mat_VarCreate("note", MAT_C_CHAR, MAT_T_UINT8, 2, row, "ab", 0),
                   MAT_COMPRESSION_ZLIB);
    put_mat_beside("beside_complex", Mat_VarCreate("note", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, row, &complex, MAT_F_COMPLEX),
                   MAT_COMPRESSION_NONE);
    put_mat_beside("beside_sparse", Mat_VarCreate("note", MAT_C_SPARSE, MAT_T_DOUBLE, 2, square, &sparse, 0),
                   MAT_COMPRESSION_NONE);
    put_mat_beside("beside_cell", Mat_VarCreate("note", MAT_C_CELL, MAT_T_CELL, 2, one, NULL, 0), MAT_COMPRESSION_NONE);
    put_mat_beside("beside_structure", Mat_VarCreateStruct("note", 2, one, fields, 1), MAT_COMPRESSION_NONE);
}

static void make_mats(void)
{
    bytes b = make_mat(3, 3, 1, 0, MAT_COMPRESSION_NONE);
    put("mat", "plain", b.data, b.size);
    put("mat", "cut", b.data, b.size - 8);
    uint8_t *count = b.data + 128 + 8 + 16 + 8 + 12;
    *count = 200;
    put("mat", "more_images_than_numbers", b.data, b.size);
    b = make_mat(3, 3, 1, 1, MAT_COMPRESSION_NONE);
    put("mat", "labels_of_doubles", b.data, b.size);
    b = make_mat(1, 1, 1, 0, MAT_COMPRESSION_NONE);
    put("mat", "one_grey_image", b.data, b.size);
    b.data[b.size - 8 - 32 + 2] = 1; /* its tag is a whole element of one byte: matio reads on elsewhere */
    put("mat", "dimensions_in_a_tag", b.data, b.size);
    b = make_mat(3, 2, 0, 0, MAT_COMPRESSION_NONE);
    put("mat", "without_labels", b.data, b.size);
    b = make_mat(3, 3, 1, 0, MAT_COMPRESSION_ZLIB);
    put("mat", "compressed", b.data, b.size);
    b.data[b.size - 1] ^= 1;
    put("mat", "compressed_with_a_wrong_sum", b.data, b.size);
    b = make_mat(1, 2, 1, 1, MAT_COMPRESSION_ZLIB);
    put("mat", "compressed_labels_of_doubles", b.data, b.size);
    memcpy(b.data + 124, "\0\2IM", 4);
    put("mat", "version_7.3", b.data, b.size);
    put("mat", "header_only", b.data, 128);
    put_big_endian();
    put_mats_beside();
}

int main(int argc, char **argv)
{
    FUZZ_ASSERT(argc == 2, "usage: %s FOLDER", argv[0]);
    corpus = argv[1];
    mkdir(corpus, 0777);
    make_safetensors();
    make_models(fuzz_path(FUZZ_OUTPUT));
    make_models_of_tokens(fuzz_path(FUZZ_OUTPUT));
    make_tuned(fuzz_path(FUZZ_OUTPUT));
    make_checkpoints(fuzz_path(FUZZ_OUTPUT));
    make_idx();
    make_npy();
    make_cifar();
    make_text();
    make_mats();
    return EXIT_SUCCESS;
}
