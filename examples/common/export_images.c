#include "export_images.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "files.h"
#include "image.h"
#include "output.h"
#include "view.h"

/* Where the images go. */
typedef struct export
{
    int64_t shape[3]; /* channels, height, width */
    pixel_range range;
    char *folder;
    FILE *array; /* gets them as well, unless it is NULL */
}
export;

/* The header of an array of uint8 [n, height, width, channels] in the format of NumPy, version 1.0. */
static void write_npy_header(FILE *file, int64_t n, const int64_t shape[3])
{
    enum { BEFORE = 10, MULTIPLE = 64, LONGEST = 246 };
    char text[LONGEST + 1];
    const int length = snprintf(text, sizeof text,
                                "{'descr': '|u1', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 ", %" PRId64
                                ", %" PRId64 "), }",
                                n, shape[1], shape[2], shape[0]);
    const int padded = (BEFORE + length + 1 + MULTIPLE - 1) / MULTIPLE * MULTIPLE - BEFORE;
    fwrite("\x93NUMPY\x01\x00", 1, 8, file);
    fputc(padded % 256, file);
    fputc(padded / 256, file);
    fprintf(file, "%-*s\n", padded - 1, text);
}

static char *path_of(const export *e, int64_t number)
{
    char name[32];
    snprintf(name, sizeof name, "%06" PRId64 ".png", number);
    return path_join(e->folder, name);
}

static void write_images(const export *e, const float *x, int64_t first, int64_t n)
{
    const int64_t pixels = e->shape[1] * e->shape[2], size = pixels * e->shape[0];
    uint8_t *levels = allocate((size_t)size, 1);
    failure why;
    for (int64_t i = 0; i < n; i++) {
        char *path = path_of(e, first + i);
        image_levels(x + i * size, e->shape[0], pixels, e->range, levels);
        if (image_write_levels(levels, e->shape[0], e->shape[1], e->shape[2], path, &why) != 0) die("%s", why.text);
        if (e->array != NULL) fwrite(levels, 1, (size_t)size, e->array);
        free(path);
    }
    free(levels);
}

/* A folder that gets n images; there may be no more in it from before. */
static export open_folder(const model *m, const char *folder, const char *name, int64_t n)
{
    export e = {.range = model_pixel_range(m), .folder = path_join(folder, name)};
    or_die(lebm_generator_data_shape(m->generator, e.shape), "generator");
    make_folder(e.folder);
    char *next = path_of(&e, n);
    if (file_exists(next)) die("%s is there from an export of more images: remove %s first", next, e.folder);
    free(next);
    return e;
}

static int64_t chunk_of(int64_t left)
{
    return left < VIEW_CHUNK ? left : VIEW_CHUNK;
}

static void export_held_out(const model *m, const dataset *held_out, int64_t n, const char *folder)
{
    export e = open_folder(m, folder, "held-out", n);
    float *x = view_rows(m, 1);
    for (int64_t i = 0; i < n; i++) {
        dataset_row(held_out, i, e.range, x);
        write_images(&e, x, i, 1);
    }
    free(x);
    free(e.folder);
}

static int export_samples(const model *m, int64_t n, const char *folder)
{
    failure why;
    output array;
    char *array_path = path_join(folder, "samples.npy");
    export e = open_folder(m, folder, "samples", n);
    if (output_open(&array, array_path, &why) != 0) die("%s", why.text);
    e.array = array.file;
    write_npy_header(e.array, n, e.shape);
    float *z = view_latents(m, n), *x = view_rows(m, VIEW_CHUNK);
    view_start_stream(m->to_prior, STREAM_SAMPLES);
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, n, z);
    for (int64_t first = 0; first < n && status == LEBM_OK; first += VIEW_CHUNK) {
        view_decode(m, z + first * lebm_prior_latent_size(m->prior), chunk_of(n - first), x);
        write_images(&e, x, first, chunk_of(n - first));
    }
    if (status != LEBM_OK)
        output_discard(&array);
    else if (output_close(&array, &why) != 0)
        die("%s", why.text);
    free(x);
    free(z);
    free(e.folder);
    free(array_path);
    return status;
}

static void print_path(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    print_shell_word(stdout, path);
    free(path);
}

/* A call of clean-fid, which has no command of its own. */
static void print_clean_fid(const char *folder)
{
    printf("    python -c 'from sys import argv; from cleanfid import fid; print(fid.compute_fid(*argv[1:]))' ");
    print_path(folder, "held-out");
    putchar(' ');
    print_path(folder, "samples");
    putchar('\n');
}

static void print_commands(int64_t n, int64_t held_out, const char *folder)
{
    printf("\n%" PRId64 " samples and %" PRId64
           " held-out images are in %s. To compare them with pytorch-fid and clean-fid:\n",
           n, held_out, folder);
    printf("    python -m pytorch_fid ");
    print_path(folder, "held-out");
    putchar(' ');
    print_path(folder, "samples");
    putchar('\n');
    print_clean_fid(folder);
    printf("The distance falls as there are more images: compare only figures of as many, 10,000 and more.\n");
}

int export_images(const model *m, const dataset *held_out, int64_t n, const char *folder)
{
    const int64_t shown = n < held_out->count ? n : held_out->count;
    const int status = export_samples(m, n, folder);
    if (status != LEBM_OK) return status;
    export_held_out(m, held_out, shown, folder);
    print_commands(n, shown, folder);
    return status;
}
