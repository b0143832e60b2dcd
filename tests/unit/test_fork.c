/* A process that forks after it used the library: its children use the handles that it made, start their own threads,
 * and get the same bits. */
#define _GNU_SOURCE /* unshare() */
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/files.h"
#include "support/nets.h"

#if defined(__SANITIZE_THREAD__)

int main(void)
{
    puts("skipped: under ThreadSanitizer, the child of a process with threads cannot start any");
    return 77; /* skipped, for ctest */
}

#else

enum { THREADS = 4, LATENT = 4, DATA = 3 * 4 * 4, N = 300, MOST_BYTES = 1 << 16 };

/* ---- handles, and what comes of using them ---- */

struct handles {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
};

struct results {
    float prior[N * LATENT], posterior[N * LATENT], decoded[N * DATA];
    double gap;
    unsigned char checkpoint[MOST_BYTES]; /* of the trainer after a step */
    size_t size;
};

static lebm_sampler *make_sampler(void)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 5));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, THREADS));
    return sampler;
}

static void make_handles(struct handles *h)
{
    lebm_net *g = make_net("in 4; linear 64; silu; reshape 16 2 2; conv_transpose2d 3 4 2 1; tanh", 2);
    LEBM_ASSERT_OK(lebm_net_set_str(g, LEBM_NET_CONVOLUTION, "filtered"));
    h->prior = make_prior(make_net("in 4; linear 32; gelu; linear 1", 1), 1);
    h->generator = make_generator(g, LEBM_GAUSSIAN, 0.3);
    h->to_prior = make_sampler();
    h->to_posterior = make_sampler();
    LEBM_ASSERT_OK(lebm_trainer_create(&h->trainer, h->prior, h->generator, h->to_prior, h->to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(h->trainer, LEBM_TRAINER_THREADS, THREADS));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(h->trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-3));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(h->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-3));
}

static void destroy_handles(struct handles *h)
{
    lebm_trainer_destroy(h->trainer);
    lebm_sampler_destroy(h->to_prior);
    lebm_sampler_destroy(h->to_posterior);
    lebm_prior_destroy(h->prior);
    lebm_generator_destroy(h->generator);
}

/* Both kinds of chains, a training step and its checkpoint, in a file of this process. */
static void use_handles(struct handles *h, struct results *r)
{
    float x[N * DATA];
    char own_path[256];
    uint64_t seed = 3;
    for (int i = 0; i < N * DATA; i++) x[i] = (float)test_uniform(&seed, -1, 1);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(h->to_prior, h->prior, N, r->prior));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(h->to_posterior, h->prior, h->generator, x, N, r->posterior));
    LEBM_ASSERT_OK(lebm_generator_decode(h->generator, r->posterior, N, r->decoded));
    LEBM_ASSERT_OK(lebm_trainer_step(h->trainer, x, N));
    LEBM_ASSERT_OK(lebm_trainer_metric(h->trainer, LEBM_TRAINER_F_GAP, &r->gap));
    snprintf(own_path, sizeof own_path, "%s/%ld", folder, (long)getpid());
    LEBM_ASSERT_OK(lebm_trainer_save(h->trainer, own_path));
    unsigned char *bytes = read_bytes(own_path, &r->size);
    ck_assert_uint_le(r->size, MOST_BYTES);
    memcpy(r->checkpoint, bytes, r->size);
    free(bytes);
    unlink(own_path);
}

static void assert_same(const struct results *a, const struct results *b)
{
    LEBM_ASSERT_SAME_BITS(a->prior, b->prior, N * LATENT);
    LEBM_ASSERT_SAME_BITS(a->posterior, b->posterior, N * LATENT);
    LEBM_ASSERT_SAME_BITS(a->decoded, b->decoded, N * DATA);
    ck_assert_double_eq(a->gap, b->gap);
    ck_assert_uint_eq(a->size, b->size);
    ck_assert_msg(memcmp(a->checkpoint, b->checkpoint, a->size) == 0, "the checkpoints differ");
}

/* ---- children ---- */

/* Memory that parents and children share. */
static struct results *shared_results(int count)
{
    void *memory =
        mmap(NULL, (size_t)count * sizeof(struct results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

typedef void child_fn(struct handles *h, struct results *r);

/* A child that does `work`; an assertion that fails in it fails the test. */
static pid_t start_child(child_fn *work, struct handles *h, struct results *r)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        work(h, r);
        _exit(EXIT_SUCCESS);
    }
    return child;
}

static void await_child(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(!WIFSIGNALED(status), "the child was ended by signal %d", WTERMSIG(status));
    ck_assert_msg(WEXITSTATUS(status) == EXIT_SUCCESS, "the child failed");
}

static void use_and_destroy(struct handles *h, struct results *r)
{
    use_handles(h, r);
    destroy_handles(h);
}

static void destroy_only(struct handles *h, struct results *r)
{
    (void)r;
    destroy_handles(h);
}

static void make_own(struct handles *h, struct results *r)
{
    (void)h;
    struct handles own;
    make_handles(&own);
    use_handles(&own, r);
    destroy_handles(&own);
}

/* Uses the handles after, and at the same time as, a child of its own. */
static void use_and_fork(struct handles *h, struct results *r)
{
    const pid_t before = start_child(use_and_destroy, h, &r[1]);
    await_child(before);
    const pid_t meanwhile = start_child(use_and_destroy, h, &r[2]);
    use_handles(h, r);
    await_child(meanwhile);
    destroy_handles(h);
}

/* ---- tests ---- */

START_TEST(a_child_goes_on_where_its_parent_was) /* _i: how often the parent used the handles before */
{
    struct results *r = shared_results(3);
    struct handles h;
    make_handles(&h);
    for (int i = 0; i < _i; i++) use_handles(&h, &r[2]);
    await_child(start_child(use_and_destroy, &h, &r[0]));
    await_child(start_child(destroy_only, &h, NULL));
    use_handles(&h, &r[1]); /* the parent does not notice */
    assert_same(&r[0], &r[1]);
    destroy_handles(&h);
}
END_TEST

START_TEST(a_child_may_make_handles_of_its_own)
{
    struct results *r = shared_results(3);
    struct handles h;
    make_handles(&h);
    use_handles(&h, &r[0]);
    await_child(start_child(make_own, NULL, &r[1]));
    assert_same(&r[0], &r[1]);
    destroy_handles(&h);
    await_child(start_child(make_own, NULL, &r[2]));
    assert_same(&r[0], &r[2]);
}
END_TEST

START_TEST(children_and_their_parent_may_work_at_once)
{
    enum { CHILDREN = 4 };
    struct results *r = shared_results(CHILDREN + 2);
    struct handles h;
    pid_t children[CHILDREN];
    make_handles(&h);
    use_handles(&h, &r[CHILDREN + 1]);
    for (int i = 0; i < CHILDREN; i++) children[i] = start_child(use_and_destroy, &h, &r[i]);
    use_handles(&h, &r[CHILDREN]);
    for (int i = 0; i < CHILDREN; i++) await_child(children[i]);
    for (int i = 0; i < CHILDREN; i++) assert_same(&r[i], &r[CHILDREN]);
    destroy_handles(&h);
}
END_TEST

START_TEST(a_grandchild_goes_on_as_well)
{
    struct results *r = shared_results(5);
    struct handles h;
    make_handles(&h);
    use_handles(&h, &r[4]);
    await_child(start_child(use_and_fork, &h, r)); /* the child, a grandchild before it, one beside it */
    use_handles(&h, &r[3]);
    for (int i = 0; i < 3; i++) assert_same(&r[i], &r[3]);
    destroy_handles(&h);
}
END_TEST

static void save_for_parent(struct handles *h, struct results *r)
{
    use_handles(h, r);
    LEBM_ASSERT_OK(lebm_trainer_save(h->trainer, path));
    use_handles(h, r);
}

START_TEST(a_parent_may_go_on_where_its_child_was)
{
    struct results *r = shared_results(2);
    struct handles h;
    make_handles(&h);
    use_handles(&h, &r[0]);
    await_child(start_child(save_for_parent, &h, &r[0]));
    LEBM_ASSERT_OK(lebm_trainer_load(h.trainer, path));
    use_handles(&h, &r[1]);
    assert_same(&r[0], &r[1]);
    destroy_handles(&h);
}
END_TEST

static void use_and_fork_into_namespace(struct handles *h, struct results *r)
{
    ck_assert_int_eq(getpid(), 1);
    use_handles(h, &r[1]);
    if (unshare(CLONE_NEWPID) == 0) await_child(start_child(use_and_destroy, h, r)); /* number 1 as well */
    destroy_handles(h);
}

/* Makes a namespace of processes, in which the next child is number 1, if it may. */
static void enter_namespace(struct handles *h, struct results *r)
{
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return;
    await_child(start_child(use_and_fork_into_namespace, h, r));
    destroy_handles(h);
}

START_TEST(a_child_may_have_the_number_of_its_parent)
{
    struct results *r = shared_results(3);
    struct handles h;
    make_handles(&h);
    await_child(start_child(enter_namespace, &h, r));
    for (int i = 1; i >= 0 && r[i].size > 0; i--) { /* the child's results and then those of its own child */
        use_handles(&h, &r[2]);
        assert_same(&r[i], &r[2]);
    }
    destroy_handles(&h);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fork");
    TCase *tcase = tcase_create("fork");
    tcase_add_checked_fixture(tcase, make_folder_in_memory, remove_folder);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_child_goes_on_where_its_parent_was, 0, 3);
    tcase_add_test(tcase, a_child_may_make_handles_of_its_own);
    tcase_add_test(tcase, children_and_their_parent_may_work_at_once);
    tcase_add_test(tcase, a_grandchild_goes_on_as_well);
    tcase_add_test(tcase, a_parent_may_go_on_where_its_child_was);
    tcase_add_test(tcase, a_child_may_have_the_number_of_its_parent);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}

#endif
