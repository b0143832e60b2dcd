#include "svhn.h"

#include <stdlib.h>

#include "files.h"
#include "house_numbers.h"
#include "mat.h"
#include "output.h"

static const struct {
    const char *name;
    int64_t drawn;
    uint64_t seed;
} parts[DATA_PARTS] = {
    [TRAIN_PART] = {"train_32x32.mat", 20000, 1},
    [EVAL_PART] = {"test_32x32.mat", 2000, 2},
};

bool svhn_is_in(const char *folder)
{
    return folder_has(folder, parts[TRAIN_PART].name) || folder_has(folder, parts[EVAL_PART].name);
}

static int read_folder(const char *folder, const char *name, dataset *data, failure *why)
{
    char *path = path_join(folder, name);
    output_protect(path);
    const int result = is_file_or_pipe(path) ? mat_read_images(path, data, why) : fail_for_lack_of(name, folder, why);
    free(path);
    return result;
}

int svhn_read(const data_source *source, data_part part, dataset *data, failure *why)
{
    if (source->files[part] != NULL) output_protect(source->files[part]);
    if (source->files[part] != NULL) return mat_read_images(source->files[part], data, why);
    if (source->folder != NULL) return read_folder(source->folder, parts[part].name, data, why);
    return house_numbers_make(parts[part].drawn, parts[part].seed, data, why);
}
