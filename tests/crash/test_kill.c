/* Programs that are killed while they save: there is always a whole file, the last one or the one in the making. */
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

#include "crash/child.h"
#include "crash/training.h"
#include "support/files.h"

enum { KILLS = 200, WIDTH = 1000 /* half a megabyte */ };

/* ---- what a child tells: the states it has begun to save, and has saved, each with a number above the last ---- */

static struct tally {
    _Atomic int64_t begun, done;
} * tally;

static void share_tally(void)
{
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(tally, MAP_FAILED);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void wait_for(double seconds)
{
    const struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&t, NULL);
}

/* ---- killing ---- */

static struct {
    double save_seconds;
    uint64_t random;
    int rounds, inside; /* children killed; those of them in a save */
    int partial, left,
        already_new; /* of these: with part of a file, with a temporary file, after the new one was in place */
} count;

/* The time of a save while nothing else is done. */
static double measure(int (*save)(const struct training *, const char *), const struct training *t)
{
    enum { TIMES = 10 };
    const double begin = now();
    for (int i = 0; i < TIMES; i++) LEBM_ASSERT_OK(save(t, path));
    return (now() - begin) / TIMES;
}

/* Let a child save and kill it at a random moment of its first or second save. */
static void kill_while_saving(void (*work)(void), int64_t *begun, int64_t *done)
{
    const int64_t wanted = tally->done + test_integer(&count.random, 1, 2);
    tally->begun = tally->done;
    const pid_t child = child_start(work);
    while (tally->begun < wanted) {
        LEBM_ASSERT_MSG(waitpid(child, NULL, WNOHANG) == 0, "the child cannot save");
        wait_for(2e-5);
    }
    wait_for(test_uniform(&count.random, 0, count.save_seconds));
    child_kill(child);
    *begun = tally->begun;
    *done = tally->done;
    count.rounds++;
    count.inside += *begun != *done;
}

/* The child that was killed may leave a temporary file, named as documented, which may be deleted. */
static void delete_what_is_left(int64_t whole_size)
{
    const char *name = strrchr(path, '/') + 1;
    int left = 0;
    DIR *listing = opendir(folder);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char file[sizeof folder + sizeof entry->d_name];
        struct stat info;
        int length = 0;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, name) == 0) continue;
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        if (strcmp(file, other_path) == 0) continue;
        LEBM_ASSERT_MSG(strncmp(entry->d_name, name, strlen(name)) == 0 &&
                            sscanf(entry->d_name + strlen(name), ".tmp-%*d-%*u%n", &length) == 0 &&
                            entry->d_name[strlen(name) + (size_t)length] == '\0' && length > 0,
                        "%s was left behind", entry->d_name);
        ck_assert_int_eq(stat(file, &info), 0);
        ck_assert_int_eq(unlink(file), 0);
        count.left++;
        count.partial += info.st_size < whole_size;
        left++;
    }
    closedir(listing);
    LEBM_ASSERT_MSG(left <= 1, "a child that was killed left %d files behind", left);
}

static void begin_counting(double save_seconds)
{
    memset(&count, 0, sizeof count);
    count.save_seconds = save_seconds;
    count.random = (uint64_t)getpid(); /* other moments each time */
    tally->begun = tally->done = 0;
}

/* Kills that hardly ever found the new file in the making would not mean much. */
static int have_met_enough(void)
{
    return count.inside >= KILLS && count.left >= KILLS / 10;
}

static void tell_counts(const char *what)
{
    printf("%s: saves of %.2f ms; of %d kills %d in a save, %d with part of a file, %d with a whole temporary one, %d "
           "with the new one in place\n",
           what, 1e3 * count.save_seconds, count.rounds, count.inside, count.partial, count.left - count.partial,
           count.already_new);
}

/* ---- checkpoints ---- */

static struct training mine; /* of which a child has its own copy */

/* Go on from the checkpoint, and save after each step. */
static void train_and_save(void)
{
    child_needs(lebm_trainer_load(mine.trainer, path));
    for (;;) {
        child_needs(training_step(&mine));
        tally->begun = lebm_trainer_steps_done(mine.trainer);
        child_needs(lebm_trainer_save(mine.trainer, path));
        tally->done = tally->begun;
    }
}

/* 200 kills later the training, resumed from whatever the kill left, is that of one who never was disturbed. */
START_TEST(a_killed_training_resumes_to_the_bit)
{
    struct training undisturbed;
    struct stat info;
    training_make(&mine, WIDTH, 1);
    training_make(&undisturbed, WIDTH, 1);
    begin_counting(measure(save_checkpoint, &mine));
    ck_assert_int_eq(stat(path, &info), 0);
    while (!have_met_enough()) {
        int64_t begun, done;
        kill_while_saving(train_and_save, &begun, &done);
        LEBM_ASSERT_OK(lebm_trainer_load(mine.trainer, path));
        const int64_t steps = lebm_trainer_steps_done(mine.trainer);
        LEBM_ASSERT_MSG(steps == done || steps == begun,
                        "kill %d: the file is of step %lld; saved was %lld, in the making %lld", count.rounds,
                        (long long)steps, (long long)done, (long long)begun);
        count.already_new += steps != done;
        while (lebm_trainer_steps_done(undisturbed.trainer) < steps) LEBM_ASSERT_OK(training_step(&undisturbed));
        LEBM_ASSERT_OK(lebm_trainer_save(undisturbed.trainer, other_path));
        assert_same_files(path, other_path);
        delete_what_is_left(info.st_size);
        tally->done = steps;
    }
    tell_counts("checkpoints");
    training_free(&mine);
    training_free(&undisturbed);
}
END_TEST

/* ---- model files ---- */

static struct training models[2];

/* Save one and the other in turn. */
static void save_models(void)
{
    for (;;) {
        const int64_t next = tally->done + 1;
        tally->begun = next;
        child_needs(save_model(&models[next % 2], path));
        tally->done = next;
    }
}

START_TEST(a_killed_program_leaves_one_of_two_models)
{
    unsigned char *bytes[2];
    size_t size[2];
    for (int i = 1; i >= 0; i--) {
        training_make(&models[i], WIDTH, (uint64_t)i);
        LEBM_ASSERT_OK(save_model(&models[i], path));
        bytes[i] = read_bytes(path, &size[i]);
    }
    ck_assert_uint_eq(size[0], size[1]);
    ck_assert_mem_ne(bytes[0], bytes[1], size[0]);
    begin_counting(measure(save_model, &models[0]));
    while (!have_met_enough()) {
        int64_t begun, done;
        size_t found_size;
        kill_while_saving(save_models, &begun, &done);
        LEBM_ASSERT_OK(lebm_model_load(path, NULL, NULL));
        unsigned char *found = read_bytes(path, &found_size);
        ck_assert_uint_eq(found_size, size[0]);
        const int is_old = memcmp(found, bytes[done % 2], found_size) == 0;
        const int is_new = memcmp(found, bytes[begun % 2], found_size) == 0;
        LEBM_ASSERT_MSG(is_old || is_new, "kill %d: the file is neither model %lld nor %lld", count.rounds,
                        (long long)(done % 2), (long long)(begun % 2));
        count.already_new += !is_old;
        free(found);
        delete_what_is_left((int64_t)found_size);
        tally->done = is_old ? done : begun;
    }
    tell_counts("models");
    for (int i = 0; i < 2; i++) {
        training_free(&models[i]);
        free(bytes[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kill");
    TCase *on_disk = tcase_create("on disk");
    tcase_add_checked_fixture(on_disk, share_tally, NULL);
    tcase_add_checked_fixture(on_disk, make_folder, remove_folder);
    tcase_set_timeout(on_disk, 500);
    tcase_add_test(on_disk, a_killed_training_resumes_to_the_bit);
    suite_add_tcase(suite, on_disk);

    TCase *in_memory = tcase_create("in memory");
    tcase_add_checked_fixture(in_memory, share_tally, NULL);
    tcase_add_checked_fixture(in_memory, make_folder_in_memory, remove_folder);
    tcase_set_timeout(in_memory, 500);
    tcase_add_test(in_memory, a_killed_program_leaves_one_of_two_models);
    suite_add_tcase(suite, in_memory);
    return test_run_suite(suite);
}
