/* Writes the images of a place as floats in [-1, 1] to standard output, count, channels, height and width before them, and
 * their names to standard error:
 * place_rows PLACE SIZE GREY [AXES]. */
#include <stdio.h>
#include <stdlib.h>

#include "place.h"

int main(int argc, char **argv)
{
    dataset data;
    failure why;
    char number[DATASET_NUMBER];
    if (argc < 4) return 2;
    const place_settings s = {
        .side = atoll(argv[2]), .grey = atoi(argv[3]), .axes = argc > 4 ? argv[4] : NULL, .most_broken = .1};
    if (place_read(argv[1], &s, &data, NULL, &why) != 0) die("%s", why.text);
    const int64_t shape[] = {data.count, data.channels, data.height, data.width};
    const int64_t size = dataset_row_size(&data);
    float *row = allocate((size_t)size, sizeof *row);
    fwrite(shape, sizeof *shape, 4, stdout);
    for (int64_t i = 0; i < data.count; i++) {
        dataset_row(&data, i, (pixel_range){-1, 1}, row);
        fwrite(row, sizeof *row, (size_t)size, stdout);
        fprintf(stderr, "%s\n", dataset_name(&data, i, number));
    }
    free(row);
    dataset_free(&data);
    return 0;
}
