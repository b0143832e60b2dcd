#include "mat.h"

#include <math.h>
#include <matio.h>

#include "suite.h"

enum { HEIGHT = 2, WIDTH = 3, COUNT = 4, PIXELS = 3 * HEIGHT * WIDTH, HEADER = 128, MOST = 1 << 16 };

static size_t shape[] = {HEIGHT, WIDTH, 3, COUNT};
static uint8_t images[COUNT * PIXELS]; /* as MATLAB stores them: column by column */
static uint8_t labels[COUNT] = {10, 1, 9, 2};
static double double_labels[COUNT] = {10, 1, 9, 2};

static void number_images(void)
{
    for (int i = 0; i < COUNT * PIXELS; i++) images[i] = (uint8_t)(3 * i);
}

/* A variable for a file; data NULL: there is none. */
typedef struct variable {
    const char *name;
    enum matio_classes class;
    enum matio_types type;
    int rank;
    size_t *dims;
    void *data;
    int flags;
} variable;

static const variable good_x = {"X", MAT_C_UINT8, MAT_T_UINT8, 4, shape, images, 0};
static const variable good_y = {"y", MAT_C_UINT8, MAT_T_UINT8, 2, (size_t[]){COUNT, 1}, labels, 0};

static void write_variable(mat_t *file, const variable *v, enum matio_compression compression)
{
    if (v->data == NULL) return;
    matvar_t *written = Mat_VarCreate(v->name, v->class, v->type, v->rank, v->dims, v->data, v->flags);
    ck_assert_ptr_nonnull(written);
    ck_assert_int_eq(Mat_VarWrite(file, written, compression), 0);
    Mat_VarFree(written);
}

static const char *write_mat(const variable *x, const variable *y, enum matio_compression compression)
{
    const char *path = scratch_path("images.mat");
    mat_t *file = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    ck_assert_ptr_nonnull(file);
    write_variable(file, x, compression);
    write_variable(file, y, compression);
    ck_assert_int_eq(Mat_Close(file), 0);
    return path;
}

static const char *write_bytes(const void *bytes, size_t size)
{
    const char *path = scratch_path("bytes.mat");
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

/* Reads a whole small file and removes it. */
static size_t take_bytes(const char *path, uint8_t bytes[MOST])
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, MOST, file);
    fclose(file);
    remove(path);
    return size;
}

/* The file must hold the images, and the labels if `labelled`. */
static void expect_images(const char *path, int labelled)
{
    dataset data;
    failure why;
    ck_assert_msg(mat_read_images(path, &data, &why) == 0, "%s", why.text);
    remove(path);
    ck_assert_int_eq(data.count, COUNT);
    ck_assert_int_eq(data.channels, 3);
    ck_assert_int_eq(data.height, HEIGHT);
    ck_assert_int_eq(data.width, WIDTH);
    for (int i = 0; i < 3 * COUNT; i++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                ck_assert_int_eq(data.pixels[(i * HEIGHT + y) * WIDTH + x], images[(i * WIDTH + x) * HEIGHT + y]);
    if (labelled)
        ck_assert_mem_eq(data.labels, ((uint8_t[]){0, 1, 9, 2}), COUNT);
    else
        ck_assert_ptr_null(data.labels);
    dataset_free(&data);
}

/* Reading must fail, leave no data, and say so in one line with path and reason. */
static void expect_failure(const char *path, const char *reason)
{
    dataset data;
    failure why;
    ck_assert_msg(mat_read_images(path, &data, &why) == -1, "read, but should have failed: %s", reason);
    ck_assert_ptr_null(data.pixels);
    ck_assert_ptr_null(data.labels);
    ck_assert_int_eq(data.count, 0);
    assert_contains(why.text, path);
    assert_contains(why.text, reason);
    ck_assert_ptr_null(strchr(why.text, '\n'));
    remove(path);
}

START_TEST(images_and_labels_are_read_plain_and_compressed)
{
    const variable y = {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, (size_t[]){COUNT, 1}, double_labels, 0}, none = {0};
    number_images();
    expect_images(write_mat(&good_x, &good_y, MAT_COMPRESSION_NONE), 1);
    expect_images(write_mat(&good_x, &good_y, MAT_COMPRESSION_ZLIB), 1);
    expect_images(write_mat(&good_y, &good_x, MAT_COMPRESSION_ZLIB), 1);
    expect_images(write_mat(&good_x, &y, MAT_COMPRESSION_ZLIB), 1);
    expect_images(write_mat(&good_x, &none, MAT_COMPRESSION_ZLIB), 0);
}
END_TEST

/* MATLAB drops a last dimension of 1. */
START_TEST(one_image_is_read)
{
    const variable x = {"X", MAT_C_UINT8, MAT_T_UINT8, 3, shape, images, 0};
    const variable y = {"y", MAT_C_UINT8, MAT_T_UINT8, 2, (size_t[]){1, 1}, labels, 0};
    dataset data;
    failure why;
    number_images();
    const char *path = write_mat(&x, &y, MAT_COMPRESSION_ZLIB);
    ck_assert_msg(mat_read_images(path, &data, &why) == 0, "%s", why.text);
    ck_assert_int_eq(data.count, 1);
    ck_assert_int_eq(data.pixels[PIXELS - 1], images[PIXELS - 1]);
    ck_assert_int_eq(data.labels[0], 0);
    dataset_free(&data);
    remove(path);
}
END_TEST

START_TEST(what_is_not_there_is_named)
{
    const variable none = {0};
    expect_failure(scratch_path("missing.mat"), "No such file");
    expect_failure(write_bytes("", 0), "empty file");
    expect_failure(write_mat(&good_y, &none, MAT_COMPRESSION_NONE), "has no variable X");
    dataset data;
    failure why;
    ck_assert_int_eq(mat_read_images("/", &data, &why), -1);
    assert_contains(why.text, "Is a directory");
}
END_TEST

START_TEST(other_files_are_told_apart)
{
    uint8_t header[512] = "MATLAB 7.3 MAT-file, Platform: GLNXA64";
    expect_failure(write_bytes("\x89PNG and so on, for a while", 27), "no MATLAB 5 file");
    expect_failure(write_bytes(header, sizeof header), "no MATLAB 5 file");
    memcpy(header + HEADER - 4, "\0\2IM", 4);
    expect_failure(write_bytes(header, sizeof header), "MATLAB 7.3");
    expect_failure(write_bytes("\x89HDF\r\n\x1a\n and so on", 18), "MATLAB 7.3");
}
END_TEST

START_TEST(variables_of_other_kinds_are_refused)
{
    static double doubles[COUNT * PIXELS];
    static uint8_t tall[4097];
    static mat_complex_split_t complex = {images, images};
    const variable bad_x[] = {
        {"X", MAT_C_DOUBLE, MAT_T_DOUBLE, 4, shape, doubles, 0},
        {"X", MAT_C_INT8, MAT_T_INT8, 4, shape, images, 0},
        {"X", MAT_C_UINT8, MAT_T_UINT8, 4, shape, &complex, MAT_F_COMPLEX},
        {"X", MAT_C_UINT8, MAT_T_UINT8, 2, shape, images, 0},
        {"X", MAT_C_UINT8, MAT_T_UINT8, 5, (size_t[]){2, 3, 3, 2, 2}, images, 0},
        {"X", MAT_C_UINT8, MAT_T_UINT8, 4, (size_t[]){2, 3, 3, 0}, images, 0},
        {"X", MAT_C_UINT8, MAT_T_UINT8, 4, (size_t[]){2, 2, 2, 2}, images, 0},
        {"X", MAT_C_UINT8, MAT_T_UINT8, 4, (size_t[]){4097, 1, 1, 1}, tall, 0},
        {"x", MAT_C_UINT8, MAT_T_UINT8, 4, shape, images, 0},
    };
    static const char *const reasons[] = {
        "X is double, where uint8", "X is int8, where uint8", "X is complex, where real numbers",
        "X has 2 dimensions",       "X has 5 dimensions",     "X is 2x3x3x0, where",
        "X is 2x2x2x2, where",      "X is 4097x1x1x1, where", "has no variable X",
    };
    for (size_t i = 0; i < sizeof bad_x / sizeof *bad_x; i++) {
        expect_failure(write_mat(&bad_x[i], &good_y, MAT_COMPRESSION_NONE), reasons[i]);
        expect_failure(write_mat(&bad_x[i], &good_y, MAT_COMPRESSION_ZLIB), reasons[i]);
    }
}
END_TEST

/* MATLAB writes a column of bytes or doubles, SciPy a row of whatever class the array has. */
START_TEST(labels_may_be_a_row_or_a_column_of_any_class)
{
    static float singles[] = {10, 1, 9, 2};
    static int8_t int8[] = {10, 1, 9, 2};
    static int16_t int16[] = {10, 1, 9, 2};
    static uint16_t uint16[] = {10, 1, 9, 2};
    static int32_t int32[] = {10, 1, 9, 2};
    static uint32_t uint32[] = {10, 1, 9, 2};
    static int64_t int64[] = {10, 1, 9, 2};
    static uint64_t uint64[] = {10, 1, 9, 2};
    static const struct {
        enum matio_classes class;
        enum matio_types type;
        void *numbers;
    } kinds[] = {
        {MAT_C_UINT8, MAT_T_UINT8, labels},    {MAT_C_DOUBLE, MAT_T_DOUBLE, double_labels},
        {MAT_C_SINGLE, MAT_T_SINGLE, singles}, {MAT_C_INT8, MAT_T_INT8, int8},
        {MAT_C_INT16, MAT_T_INT16, int16},     {MAT_C_UINT16, MAT_T_UINT16, uint16},
        {MAT_C_INT32, MAT_T_INT32, int32},     {MAT_C_UINT32, MAT_T_UINT32, uint32},
        {MAT_C_INT64, MAT_T_INT64, int64},     {MAT_C_UINT64, MAT_T_UINT64, uint64},
    };
    number_images();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const variable column = {"y", kinds[i].class, kinds[i].type, 2, (size_t[]){COUNT, 1}, kinds[i].numbers, 0};
        const variable row = {"y", kinds[i].class, kinds[i].type, 2, (size_t[]){1, COUNT}, kinds[i].numbers, 0};
        for (int compression = MAT_COMPRESSION_NONE; compression <= MAT_COMPRESSION_ZLIB; compression++) {
            expect_images(write_mat(&good_x, &column, (enum matio_compression)compression), 1);
            expect_images(write_mat(&good_x, &row, (enum matio_compression)compression), 1);
        }
    }
}
END_TEST

/* Writes the images and another variable, which is freed, in either order. */
static const char *write_beside(matvar_t *other, int first, enum matio_compression compression)
{
    const char *path = scratch_path("beside.mat");
    mat_t *file = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(other);
    if (!first) write_variable(file, &good_x, compression);
    ck_assert_int_eq(Mat_VarWrite(file, other, compression), 0);
    if (first) write_variable(file, &good_x, compression);
    write_variable(file, &good_y, compression);
    ck_assert_int_eq(Mat_Close(file), 0);
    Mat_VarFree(other);
    return path;
}

static matvar_t *make_text(void)
{
    return Mat_VarCreate("note", MAT_C_CHAR, MAT_T_UINT8, 2, (size_t[]){1, 5}, "hello", 0);
}

static matvar_t *make_complex(void)
{
    static double parts[2][3] = {{1, 2, 3}, {4, 5, 6}};
    static mat_complex_split_t complex = {parts[0], parts[1]};
    return Mat_VarCreate("note", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, (size_t[]){1, 3}, &complex, MAT_F_COMPLEX);
}

static matvar_t *make_sparse(void)
{
    static mat_uint32_t rows[] = {0, 1}, columns[] = {0, 1, 2};
    static double values[] = {1, 2};
    static mat_sparse_t sparse = {
        .nzmax = 2, .ir = rows, .nir = 2, .jc = columns, .njc = 3, .ndata = 2, .data = values};
    return Mat_VarCreate("note", MAT_C_SPARSE, MAT_T_DOUBLE, 2, (size_t[]){2, 2}, &sparse, 0);
}

static matvar_t *make_cell(void)
{
    matvar_t *cell = Mat_VarCreate("note", MAT_C_CELL, MAT_T_CELL, 2, (size_t[]){1, 1}, NULL, 0);
    Mat_VarSetCell(cell, 0, make_text());
    return cell;
}

static matvar_t *make_structure(void)
{
    const char *fields[] = {"a"};
    matvar_t *structure = Mat_VarCreateStruct("note", 2, (size_t[]){1, 1}, fields, 1);
    Mat_VarSetStructFieldByName(structure, "a", 0, make_text());
    return structure;
}

START_TEST(other_variables_are_passed_over_or_named)
{
    static const struct {
        matvar_t *(*make)(void);
        const char *refusal; /* NULL: the images are read */
    } others[] = {
        {make_text, NULL},
        {make_complex, NULL},
        {make_sparse, NULL},
        {make_cell, "note is a cell array, which cannot be read"},
        {make_structure, "note is a structure, which cannot be read"},
    };
    number_images();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (int first = 0; first <= 1; first++)
            for (int compression = MAT_COMPRESSION_NONE; compression <= MAT_COMPRESSION_ZLIB; compression++) {
                const char *path = write_beside(others[i].make(), first, (enum matio_compression)compression);
                if (others[i].refusal == NULL)
                    expect_images(path, 1);
                else
                    expect_failure(path, others[i].refusal);
            }
}
END_TEST

/* MATLAB's own strings and tables have no dimensions, but names of two kinds. */
START_TEST(an_object_is_named)
{
    uint8_t bytes[HEADER + 8 + 64] = "MATLAB 5.0 MAT-file";
    memcpy(bytes + HEADER - 4, "\0\1IM", 4);
    memcpy(bytes + HEADER,
           "\x0e\0\0\0\x40\0\0\0"
           "\6\0\0\0\x08\0\0\0\x11\0\0\0\0\0\0\0"
           "\1\0\4\0note"
           "\1\0\4\0MCOS"
           "\1\0\0\0\6\0\0\0string\0\0",
           8 + 48);
    expect_failure(write_bytes(bytes, sizeof bytes), "note is an object, which cannot be read");
}
END_TEST

START_TEST(labels_must_be_digits_and_as_many_as_images)
{
    static uint8_t eleven[COUNT] = {1, 2, 11, 3};
    static double half[COUNT] = {1, 2, 3, 4.5}, negative[COUNT] = {-1, 2, 3, 4};
    static double not_a_number[COUNT] = {1, (double)NAN, 3, 4};
    const variable bad_y[] = {
        {"y", MAT_C_UINT8, MAT_T_UINT8, 2, (size_t[]){COUNT - 1, 1}, labels, 0},
        {"y", MAT_C_UINT8, MAT_T_UINT8, 2, (size_t[]){2, 2}, labels, 0},
        {"y", MAT_C_UINT8, MAT_T_UINT8, 3, (size_t[]){1, 1, COUNT}, labels, 0},
        {"y", MAT_C_CHAR, MAT_T_UINT8, 2, (size_t[]){1, COUNT}, labels, 0},
        {"y", MAT_C_UINT8, MAT_T_UINT8, 2, (size_t[]){COUNT, 1}, eleven, 0},
        {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, (size_t[]){COUNT, 1}, half, 0},
        {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, (size_t[]){COUNT, 1}, negative, 0},
        {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, (size_t[]){COUNT, 1}, not_a_number, 0},
    };
    static const char *const reasons[] = {
        "y has 3 labels, but X has 4",
        "y is neither a row nor a column",
        "y is neither a row nor a column",
        "y is text, where real numbers",
        "label 3 of y is 11",
        "label 4 of y is 4.5",
        "label 1 of y is -1",
        "label 2 of y is nan",
    };
    for (size_t i = 0; i < sizeof bad_y / sizeof *bad_y; i++) {
        expect_failure(write_mat(&good_x, &bad_y[i], MAT_COMPRESSION_NONE), reasons[i]);
        expect_failure(write_mat(&good_x, &bad_y[i], MAT_COMPRESSION_ZLIB), reasons[i]);
    }
}
END_TEST

/* matio itself reads zeros where a file was cut off. Cut between its variables, a file is whole without labels. */
START_TEST(no_cut_goes_unnoticed)
{
    static uint8_t bytes[MOST];
    const variable none = {0};
    number_images();
    for (int compression = MAT_COMPRESSION_NONE; compression <= MAT_COMPRESSION_ZLIB; compression++) {
        const size_t size = take_bytes(write_mat(&good_x, &none, (enum matio_compression)compression), bytes);
        for (size_t cut = 1; cut < HEADER; cut++) expect_failure(write_bytes(bytes, cut), "no MATLAB 5 file");
        expect_failure(write_bytes(bytes, HEADER), "has no variable X");
        for (size_t cut = HEADER + 1; cut < size; cut++) expect_failure(write_bytes(bytes, cut), "truncated");
    }
}
END_TEST

/* Reads the file with each of its bits turned over in turn: it must be refused, or do no harm. Returns how many of the
 * files that were read had other pixels. */
static int read_with_each_bit_wrong(enum matio_compression compression)
{
    static uint8_t bytes[MOST];
    int wrong = 0;
    dataset right, data;
    failure why;
    number_images();
    const char *path = write_mat(&good_x, &good_y, compression);
    ck_assert_msg(mat_read_images(path, &right, &why) == 0, "%s", why.text);
    const size_t size = take_bytes(path, bytes);
    for (size_t i = 8 * HEADER; i < 8 * size; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        path = write_bytes(bytes, size);
        if (mat_read_images(path, &data, &why) == 0) {
            wrong += data.count != COUNT || dataset_row_size(&data) != PIXELS ||
                     memcmp(data.pixels, right.pixels, sizeof images) != 0;
            dataset_free(&data);
        } else {
            assert_contains(why.text, path);
        }
        remove(path);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    dataset_free(&right);
    return wrong;
}

/* Compressed variables have a checksum; plain ones have none. */
START_TEST(damage_is_noticed_if_it_can_be_and_does_no_harm)
{
    ck_assert_int_eq(read_with_each_bit_wrong(MAT_COMPRESSION_ZLIB), 0);
    ck_assert_int_ge(read_with_each_bit_wrong(MAT_COMPRESSION_NONE), (int)(8 * sizeof images));
}
END_TEST

START_TEST(sizes_that_the_file_does_not_have_are_refused_before_memory_is_taken)
{
    static uint8_t bytes[MOST];
    const variable none = {0};
    const size_t size = take_bytes(write_mat(&good_x, &none, MAT_COMPRESSION_NONE), bytes);
    uint8_t *count = bytes + HEADER + 8 + 16 + 8 + 12; /* behind tag, flags, and tag and three of the dimensions */
    ck_assert_int_eq(count[0], COUNT);
    count[0] = COUNT + 1;
    expect_failure(write_bytes(bytes, size), "not as many numbers");
    memcpy(count, "\0\0\0\x07", 4); /* 117,440,512: 2.1e9 bytes */
    expect_failure(write_bytes(bytes, size), "not as many numbers");
    memcpy(count, "\xff\xff\xff\x7f", 4);
    expect_failure(write_bytes(bytes, size), "not as many numbers");
}
END_TEST

static void expect_real(const char *name, int64_t count, const uint8_t first_labels[8])
{
    char path[1024];
    dataset data;
    failure why;
    snprintf(path, sizeof path, "%s/%s", SVHN_FOLDER, name);
    if (access(path, R_OK) != 0) {
        printf("skipped: there is no %s\n", path);
        return;
    }
    ck_assert_msg(mat_read_images(path, &data, &why) == 0, "%s", why.text);
    ck_assert_int_eq(data.count, count);
    ck_assert_int_eq(data.channels, 3);
    ck_assert_int_eq(data.height, 32);
    ck_assert_int_eq(data.width, 32);
    ck_assert_mem_eq(data.labels, first_labels, 8);
    dataset_free(&data);
}

START_TEST(real_data_are_read)
{
    expect_real("svhn_a_32x32.mat", 26032, (uint8_t[]){5, 2, 1, 0, 6, 1, 9, 1});
    expect_real("svhn_b_32x32.mat", 2173, (uint8_t[]){1, 9, 2, 3, 2, 5, 9, 3});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        images_and_labels_are_read_plain_and_compressed,
        one_image_is_read,
        what_is_not_there_is_named,
        other_files_are_told_apart,
        variables_of_other_kinds_are_refused,
        labels_may_be_a_row_or_a_column_of_any_class,
        other_variables_are_passed_over_or_named,
        an_object_is_named,
        labels_must_be_digits_and_as_many_as_images,
        no_cut_goes_unnoticed,
        damage_is_noticed_if_it_can_be_and_does_no_harm,
        sizes_that_the_file_does_not_have_are_refused_before_memory_is_taken,
        real_data_are_read,
    };
    return RUN_SUITE("mat", tests);
}
