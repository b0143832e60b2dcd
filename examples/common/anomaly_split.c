#include "anomaly_split.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"

/* Of the shuffles by a seed. Those of a training's epochs have streams from 0 on. */
static const uint64_t stream_of_images = UINT64_MAX, stream_of_test = UINT64_MAX - 1;

/* Numbers of images, in an order. */
typedef struct list {
    int64_t *at, count;
} list;

static list make_list(int64_t room)
{
    return (list){allocate((size_t)room, sizeof(int64_t)), 0};
}

static void shuffle(list l, uint64_t seed, uint64_t stream)
{
    rng r = rng_start(seed, stream);
    for (int64_t i = l.count - 1; i > 0; i--) {
        const int64_t j = rng_below(&r, i + 1), other = l.at[j];
        l.at[j] = l.at[i];
        l.at[i] = other;
    }
}

/* Part of a list, which goes on belonging to it. */
static list slice(list l, int64_t first, int64_t end)
{
    return (list){l.at + first, end - first};
}

/* Deals the images that are of a digit to one list and the others to the other, in their order. */
static void deal(const dataset *all, list from, int64_t digit, list *of_digit, list *others)
{
    *of_digit = make_list(from.count);
    *others = make_list(from.count);
    for (int64_t i = 0; i < from.count; i++) {
        list *to = all->labels[from.at[i]] == digit ? of_digit : others;
        to->at[to->count++] = from.at[i];
    }
}

/* Room for so many images of that shape, and their labels. */
static dataset empty_like(const dataset *data, int64_t count)
{
    return (dataset){.name = data->name,
                     .count = count,
                     .channels = data->channels,
                     .height = data->height,
                     .width = data->width,
                     .pixels = allocate((size_t)count, (size_t)dataset_row_size(data)),
                     .labels = allocate((size_t)count, 1)};
}

/* A data set of those images, in the order of the list. */
static dataset gather(const dataset *all, list from)
{
    const size_t size = (size_t)dataset_row_size(all), count = (size_t)from.count;
    dataset data = empty_like(all, from.count);
    for (size_t i = 0; i < count; i++) {
        memcpy(data.pixels + i * size, all->pixels + (size_t)from.at[i] * size, size);
        data.labels[i] = all->labels[from.at[i]];
    }
    return data;
}

/* Images of one data set behind those of another. */
static int join(const dataset parts[DATA_PARTS], const char *folder, dataset *all, failure *why)
{
    const dataset *first = &parts[TRAIN_PART], *second = &parts[EVAL_PART];
    const size_t size = (size_t)dataset_row_size(first), count = (size_t)first->count, more = (size_t)second->count;
    if (first->labels == NULL || second->labels == NULL)
        return fail(why, "there are images without labels in %s, and nothing else tells which digit they show", folder);
    if (first->height != second->height || first->width != second->width)
        return fail(why, "the images to train on and those held out in %s are of different sizes", folder);
    *all = empty_like(first, (int64_t)(count + more));
    memcpy(all->pixels, first->pixels, count * size);
    memcpy(all->pixels + count * size, second->pixels, more * size);
    memcpy(all->labels, first->labels, count);
    memcpy(all->labels + count, second->labels, more);
    return 0;
}

/* Reads both parts as one. */
static int read_all(data_reader *read, const data_source *source, dataset *all, failure *why)
{
    dataset parts[DATA_PARTS] = {{0}, {0}};
    int result = read(source, TRAIN_PART, &parts[TRAIN_PART], why);
    if (result == 0) result = read(source, EVAL_PART, &parts[EVAL_PART], why);
    if (result == 0) result = join(parts, source->folder, all, why);
    dataset_free(&parts[EVAL_PART]);
    dataset_free(&parts[TRAIN_PART]);
    return result;
}

/* Makes the test part of ordinary images and anomalies, the first `as_many` of which are those of "80-20". */
static void make_test(anomaly_split *split, const dataset *all, list ordinary, list anomalies, int64_t as_many,
                      uint64_t seed)
{
    bool *common = allocate((size_t)all->count, sizeof *common);
    list test = make_list(ordinary.count + anomalies.count);
    for (int64_t i = 0; i < ordinary.count; i++) {
        common[ordinary.at[i]] = true;
        test.at[test.count++] = ordinary.at[i];
    }
    for (int64_t i = 0; i < anomalies.count; i++) {
        common[anomalies.at[i]] = i < as_many;
        test.at[test.count++] = anomalies.at[i];
    }
    shuffle(test, seed, stream_of_test);
    split->test = gather(all, test);
    split->test_ordinary = gather(all, ordinary);
    split->test_anomalies = gather(all, anomalies);
    split->in_80_20 = allocate((size_t)test.count, sizeof *split->in_80_20);
    for (int64_t i = 0; i < test.count; i++) split->in_80_20[i] = common[test.at[i]];
    split->numbers = test.at;
    free(common);
}

static int must_have_both(list ordinary, list anomalies, int64_t as_many, int64_t digit, failure *why)
{
    if (ordinary.count > 0 && as_many > 0) return 0;
    return fail(why, "%" PRId64 " images of the digit %" PRId64 " and %" PRId64 " others are too few to test on",
                anomalies.count, digit, ordinary.count);
}

int anomaly_split_make(anomaly_split *split, const dataset *all, int64_t held_out, int64_t validate, uint64_t seed,
                       failure *why)
{
    *split = (anomaly_split){0};
    list images = make_list(all->count), anomalies, ordinary, stand_ins = {NULL, 0}, rest = {NULL, 0};
    for (; images.count < all->count; images.count++) images.at[images.count] = images.count;
    shuffle(images, seed, stream_of_images);
    deal(all, images, held_out, &anomalies, &ordinary);

    const int64_t cut = ordinary.count * 8 / 10;
    list train = slice(ordinary, 0, cut), test = slice(ordinary, cut, ordinary.count), odd = anomalies;
    int64_t as_many = odd.count * 2 / 10;
    if (validate != NO_DIGIT) {
        deal(all, train, validate, &stand_ins, &rest);
        test = slice(rest, 0, rest.count / 10);
        train = slice(rest, rest.count / 10, rest.count);
        odd = slice(stand_ins, 0, stand_ins.count / 2);
        as_many = stand_ins.count / 10;
    }
    split->anomaly = validate != NO_DIGIT ? validate : held_out;
    const int result = must_have_both(test, odd, as_many, split->anomaly, why);
    if (result == 0) {
        split->train = gather(all, train);
        make_test(split, all, test, odd, as_many, seed);
    }
    free(images.at);
    free(anomalies.at);
    free(ordinary.at);
    free(stand_ins.at);
    free(rest.at);
    return result;
}

int anomaly_split_read(anomaly_split *split, data_reader *read, const data_source *source, int64_t held_out,
                       int64_t validate, uint64_t seed, failure *why)
{
    dataset all;
    *split = (anomaly_split){0};
    if (read_all(read, source, &all, why) != 0) return -1;
    const int result = anomaly_split_make(split, &all, held_out, validate, seed, why);
    dataset_free(&all);
    return result;
}

void anomaly_split_free(anomaly_split *split)
{
    dataset_free(&split->train);
    dataset_free(&split->test);
    dataset_free(&split->test_ordinary);
    dataset_free(&split->test_anomalies);
    free(split->numbers);
    free(split->in_80_20);
    *split = (anomaly_split){0};
}
