#include "data_source.h"

data_source data_source_from(const argument *folder, const argument *train, const argument *eval)
{
    if (train->given != eval->given) {
        const argument *given = train->given ? train : eval, *missing = train->given ? eval : train;
        die("--%s FILE needs --%s FILE beside it: one holds the images to train on, the other the held-out ones",
            given->name, missing->name);
    }
    if (folder->given && eval->given)
        die("--%s names a folder of files with the official names, --%s a file of any name: give only one of them",
            folder->name, eval->name);
    return (data_source){
        .folder = folder->value.text,
        .files = {[TRAIN_PART] = train->value.text, [EVAL_PART] = eval->value.text},
    };
}

data_source data_source_of_each(const argument *train, const argument *eval)
{
    return (data_source){.files = {[TRAIN_PART] = train->value.text, [EVAL_PART] = eval->value.text}};
}

bool data_source_is_empty(const data_source *source)
{
    return source->folder == NULL && source->files[TRAIN_PART] == NULL && source->files[EVAL_PART] == NULL;
}
