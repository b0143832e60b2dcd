#include "train_options.h"

#include <string.h>

#include "place.h"
#include "train_run.h"

#define ON_STEP_SIZES                                                                                                  \
    "Step sizes are the s of z' = z + s grad log p + sqrt(2 s) e. Code that steps by z + d^2/2 grad log p + d e has\n" \
    "s = d^2/2: the authors' d = 0.4 for the prior is s = 0.08, and d = 0.1 for the posterior is s = 0.005.\n"         \
    "\n"

#define ON_CHECKPOINTS                                                                                                 \
    "A checkpoint is written at the end of each epoch, and when --minutes are over. Ctrl-C writes one and ends\n"      \
    "(a second one, later, ends at once), and so do SIGTERM and SIGHUP, unless the program was started with them\n"    \
    "ignored, as nohup does. What ends the program in other ways loses the steps since the last checkpoint.\n"         \
    "\n"

#define ON_SIGMA                                                                                                       \
    "With --sigma-learning-rate R sigma^2 goes a share R, 0.01 say, of the way to the mean square error of each\n"     \
    "batch. Step sizes of chains to the posterior change with sigma^2: give those that are right for --sigma.\n"       \
    "\n"

#define ON_P0                                                                                                          \
    "--prior-init zero --prior-learning-rate 0 trains with p0 for the prior, to see what a learned one is worth.\n"    \
    "\n"

#define ON_SPECS                                                                                                       \
    "Specs of nets are items separated by ';': in N | linear OUT [nobias] |\n"                                         \
    "conv_transpose2d OUT KERNEL STRIDE PADDING [nobias] |\n"                                                          \
    "reshape C H W | reshape N | relu | leaky_relu SLOPE | gelu | silu | mish | tanh | sigmoid | softplus.\n"          \
    "\n"

static const char notes[] = ON_STEP_SIZES ON_SIGMA ON_P0 ON_SPECS ON_CHECKPOINTS
    "--resume goes on from there, to the same result as if nothing had happened. Give --data, --train, --eval and\n"
    "--out again as at the first start, and --minutes, --threads and --convolution if they are to hold again. All\n"
    "others come from the checkpoint. Given with --resume, --epochs, --eval-images, --seed and the options of\n"
    "chains and of Adam hold from there on; --prior, --generator, --width, --sigma, --sigma0, --batch and\n"
    "--train-images are refused unless they say the same, but for a --sigma that is learned, and those of\n"
    "initialisation do nothing. One training at a time may write to a folder.";

static const char notes_of_places[] =
    "A PLACE is a folder of PNG and JPEG files, in subfolders as well; an .npy array of bytes, or of floats in [-1, "
    "1]\n"
    "where NaN is a pixel that is missing; a file of IDX (MNIST), .mat (SVHN) or .bin (CIFAR-10); or the folder of "
    "such\n"
    "a data set, which has held-out images of its own. Files may be compressed by gzip, but for .mat and pictures.\n"
    "Pictures are turned upright as EXIF says, cut to the largest square in their middle, and resized. Those that\n"
    "cannot be read are left out and named. What was made of pictures is kept in --out, for the next start.\n"
    "\n"
    "The nets: for sides of 28, two linear layers, as in train_mnist; of 32, 64 and 128, transposed convolutions, as "
    "in\n"
    "train_svhn. Images of other sizes need --generator.\n"
    "\n" ON_STEP_SIZES ON_SIGMA ON_P0 ON_SPECS ON_CHECKPOINTS
    "--resume goes on from there, to the same result as if nothing had "
    "happened. Give --data, --eval, --held-out, --size,\n"
    "--grey, --axes and --out again as at the first start, and --minutes, --threads and --convolution if they are to\n"
    "hold again. All others come from the checkpoint. Given with --resume, --epochs, --eval-images, --seed and the\n"
    "options of chains and of Adam hold from there on; --prior, --generator, --width, --latent, --sigma, --sigma0,\n"
    "--batch and --train-images are refused unless they say the same, but for a --sigma that is learned, and those of\n"
    "initialisation do nothing. One training at a time may write to a folder.";

static const char notes_of_text[] = ON_STEP_SIZES ON_P0
    "The spec of a generator of text: in M; embedding E [noz]; lstm H [LAYERS] [noz]; tokens V D [tied], or gru in "
    "the\n"
    "place of lstm. Where N, V and D stand, N is the width, V the number of words that are known, D the length of the\n"
    "longest sentence. That of f: in M; then items linear OUT [nobias] | relu | leaky_relu SLOPE | gelu | silu | mish "
    "|\n"
    "tanh | sigmoid | softplus; at last linear 1.\n"
    "\n"
    "Text is UTF-8, a sentence a line, its words separated by blanks; files may be compressed by gzip. Without --eval\n"
    "every 20th sentence of --data is held out.\n"
    "\n" ON_CHECKPOINTS
    "--resume goes on from there, to the same result as if nothing had happened. Give --data, --eval and --out again\n"
    "as at the first start, and --minutes and --threads if they are to hold again. All others come from the\n"
    "checkpoint, the words that are known among them. Given with --resume, --epochs, --eval-sentences, --seed and the\n"
    "options of chains and of Adam hold from there on; --prior, --generator, --width, --sigma0, --batch and\n"
    "--train-sentences are refused unless they say the same; --chars, --vocabulary, --longest and those of\n"
    "initialisation do nothing. One training at a time may write to a folder.";

static const char notes_of_anomalies[] =
    "All images, those to train on and those held out, are pooled and split by the seed: 80 % of the nine other\n"
    "digits are trained on, 20 % tested on. --split 80-20 tests on 20 % of the anomalies as well, --split pooled on\n"
    "all of them; published figures are of the one or the other. One training serves both.\n"
    "\n"
    "The models of the last ten epochs are kept, and score the images when the last one is done: mean and standard\n"
    "deviation over them are printed, never the best. A low score is strange. log p(x,z): where a chain to the\n"
    "posterior ends, the score of Pang et al.; noise-free: after ten steps without noise from there; log p(x|z)\n"
    "and log p(z): the parts of the first; balanced: log p(z) plus log p(x|z) at the sigma best for the image, each\n"
    "in standard deviations from its mean for images trained on; by detail: the same, with that log p(x|z) beside\n"
    "what it is for images trained on of as much total variation; log p(x): by annealed importance sampling\n"
    "(--evidence). To score with other settings, --resume a training that is complete.\n"
    "\n"
    "Settings are not to be chosen by the test part. --validate DIGIT trains on nine tenths of the training part\n"
    "without that digit, which stands for the anomalies, and tests on the other tenth, and on some of that digit.\n"
    "\n" ON_STEP_SIZES ON_SIGMA ON_P0 ON_SPECS ON_CHECKPOINTS
    "--resume goes on from there, to the same result as if nothing had happened. Give --held-out, --validate, --data\n"
    "and --out again as at the first start, and --split, --evidence, --temperatures, --score-steps, --score-chains,\n"
    "--minutes and --threads if they are to hold again. All others come from the checkpoint. Given with --resume,\n"
    "--epochs, --eval-images and the options of training chains and of Adam hold from there on; --prior,\n"
    "--generator, --width, --sigma, --sigma0, --batch, --seed and --train-images are refused unless they say the\n"
    "same, but for a --sigma that is learned, and those of initialisation do nothing. One training at a time may\n"
    "write to a folder.";

/* What is another option with text, or none. */
static void options_of_text(argument options[TRAIN_OPTIONS], const train_program *p)
{
    const argument none = {0};
    options[DATA] =
        (argument)TEXT("data", "FILE", NULL, "text to train on, a sentence a line; without it sentences are drawn");
    options[TRAIN] = none;
    options[EVAL] = (argument)TEXT("eval", "FILE", NULL, "held-out text, instead of every 20th sentence of --data");
    options[EPOCHS].help = "how often to go through the training sentences";
    options[BATCH].help = "sentences per training step";
    options[TRAIN_IMAGES] =
        (argument)I64("train-sentences", "N", 0, 0, INT64_MAX, "train on the first N sentences; 0: on all");
    options[EVAL_IMAGES] =
        (argument)I64("eval-sentences", "N", 0, 0, INT64_MAX, "measure on the first N held-out ones; 0: on all");
    options[CHARS] = (argument)FLAG("chars", "the tokens are characters, blanks among them, instead of words");
    options[VOCABULARY] = (argument)I64("vocabulary", "N", p->vocabulary, 1, 1000000,
                                        "know the N most frequent words, <unk> among them, which is all others");
    options[LONGEST] =
        (argument)I64("longest", "N", p->longest, 1, 10000, "cut sentences that have more words, or characters");
    options[GENERATOR].help = "recurrent net of the generator";
    options[WIDTH].help = "width of the generator: the N in its spec";
    options[DROPOUT] = (argument)F64("dropout", "P", p->dropout, 0, .95,
                                     "share of the numbers of embeddings and outputs that a training step drops");
    options[WORD_DROPOUT] = (argument)F64("word-dropout", "P", p->word_dropout, 0, 1,
                                          "share of the words before that a training step does not tell the net");
    options[CONVOLUTION] = none;
    options[SIGMA] = none;
    options[SIGMA_LEARNING_RATE] = none;
    options[POSTERIOR_CHAINS].help = "fresh: from noise at each step; kept: one for each sentence, gone on with";
}

/* What is another option, or a further one, where anomalies are to be told. */
static void options_of_anomalies(argument options[TRAIN_OPTIONS], const train_program *p)
{
    const argument none = {0};
    options[DATA].help = "folder with MNIST's four files; without it digits are drawn";
    options[TRAIN] = none;
    options[EVAL] = none;
    options[EVAL_IMAGES].help = "measure on the first N held-out images, and score the first N; 0: all";
    options[SEED].help = "the same seed gives the same result; it also splits the images";
    options[ANOMALY] = (argument)TEXT("held-out", "DIGIT", NULL, "the digit that is the anomaly, 0 to 9; needed");
    options[SPLIT] = (argument)TEXT("split", "HOW", "both", "images to test on: 80-20, pooled, or both; see below");
    options[VALIDATE] =
        (argument)TEXT("validate", "DIGIT", NULL, "to choose settings: leave the test part alone, see below");
    options[SCORE_STEPS] = (argument)I64("score-steps", "N", p->score_steps, 1, 1000000,
                                         "steps of the chains to the posterior of an image that is scored");
    options[SCORE_CHAINS] =
        (argument)I64("score-chains", "N", p->score_chains, 1, 10000, "such chains for each image, whose mean counts");
    options[EVIDENCE] =
        (argument)I64("evidence", "N", 0, 0, INT64_MAX, "estimate log p(x) of the first N images, too; 0: of none");
    options[TEMPERATURES] =
        (argument)I64("temperatures", "N", 200, 1, 1000000, "of the annealed importance sampling that does so");
}

/* What is another option with places, or none. */
static void options_of_places(argument options[TRAIN_OPTIONS])
{
    options[DATA] = (argument)TEXT("data", "PLACE", NULL, PLACE_HELP "; needed");
    options[TRAIN] = (argument){0};
    options[EVAL] = (argument)TEXT("eval", "PLACE", NULL, "held-out images, instead of a share of those of --data");
    options[HELD_OUT] =
        (argument)F64("held-out", "SHARE", .1, 0, .9,
                      "of the images of --data, chosen by their numbers, unless it has some of its own");
    options[SIZE] =
        (argument)I64("size", "N", 32, 4, 1024, "side of the images that pictures become: 28, 32, 64 or 128");
    options[GREY] = (argument)FLAG("grey", "pictures become grey images");
    options[AXES] =
        (argument)TEXT("axes", "NAME", NULL, "how an .npy array lies, NHW, NCHW or NHWC, if its shape does not tell");
    options[MOST_BAD] =
        (argument)F64("most-bad", "SHARE", .1, 0, 1, "of pictures that cannot be read; more end the program");
    options[PRIOR].help = "net f of the prior; M is the size of z";
    options[GENERATOR].help = "net g of the generator, instead of that for the images' size";
    options[WIDTH] = (argument)I64("width", "N", 0, 0, 4096,
                                   "base width of g; 0: 256 for images of 28 rows, 64 for 32 and 128, 128 for 64");
    options[LATENT] =
        (argument)I64("latent", "M", 0, 0, 4096, "size of z; 0: 16 for images of 28 rows, 100 for others");
}

/* All options with the program's defaults. */
static void fill_table(argument options[TRAIN_OPTIONS], const train_program *p)
{
    const argument table[TRAIN_OPTIONS] = {
        [DATA] = TEXT("data", "DIR", NULL, "folder with the official files; without data a set is drawn"),
        [TRAIN] = TEXT("train", "FILE", NULL, "file of the images to train on, instead of the folder"),
        [EVAL] = TEXT("eval", "FILE", NULL, "file of the held-out images; --train and --eval go together"),
        [OUT] = TEXT("out", "DIR", p->out, "folder for the results"),
        [RESUME] = FLAG("resume", "go on from the checkpoint in the folder for the results"),
        [EPOCHS] = I64("epochs", "N", p->epochs, 1, 1000000, "how often to go through the training images"),
        [MINUTES] = F64("minutes", "M", 0, 0, 1e6, "stop this run after so many minutes of training; 0: no limit"),
        [BATCH] = I64("batch", "N", p->batch, 1, 1000000, "images per training step"),
        [TRAIN_IMAGES] = I64("train-images", "N", 0, 0, INT64_MAX, "train on the first N images; 0: on all"),
        [EVAL_IMAGES] = I64("eval-images", "N", 0, 0, INT64_MAX, "measure on the first N held-out images; 0: on all"),
        [SEED] =
            I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same result; f starts from it, g from the next"),
        [THREADS] =
            I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors; the result is the same"),
        [PRIOR] = TEXT("prior", "SPEC", p->prior, "net f of the prior"),
        [GENERATOR] = TEXT("generator", "SPEC", p->generator, "net g of the generator"),
        [WIDTH] = I64("width", "N", p->width, 1, 4096, "base width of g: the N in its default"),
        [PRIOR_INIT] =
            TEXT("prior-init", "NAME", p->prior_init, "initialisation of f: pytorch, xavier_normal, uniform or zero"),
        [GENERATOR_INIT] = TEXT("generator-init", "NAME", p->generator_init, "and of g, but for zero"),
        [CONVOLUTION] = TEXT("convolution", "HOW", "auto",
                             "of transposed convolutions: direct, filtered, or auto: the faster for each"),
        [SIGMA] = F64("sigma", "S", p->sigma, 1e-6, 1e6, "standard deviation of x given z; at first, if it is learned"),
        [SIGMA0] = F64("sigma0", "S", p->sigma0, 1e-6, 1e6, "standard deviation of p0"),
        [PRIOR_STEPS] = I64("prior-steps", "N", p->prior_steps, 1, 1000000, "steps of a chain to the prior"),
        [PRIOR_STEP_SIZE] = F64("prior-step-size", "S", p->prior_step_size, 1e-12, 1e6, "their size, see below"),
        [PRIOR_LAST_STEP_SIZE] = F64("prior-last-step-size", "S", p->prior_last_step_size, 0, 1e6,
                                     "size of the last one, reached by equal factors; 0: the same"),
        [PRIOR_START_STD] = F64("prior-start-std", "S", 1, 0, 1e6, "standard deviation of the noise they begin at"),
        [POSTERIOR_STEPS] =
            I64("posterior-steps", "N", p->posterior_steps, 1, 1000000, "steps of a chain to the posterior"),
        [POSTERIOR_STEP_SIZE] =
            F64("posterior-step-size", "S", p->posterior_step_size, 1e-12, 1e6, "their size, see below"),
        [POSTERIOR_LAST_STEP_SIZE] = F64("posterior-last-step-size", "S", p->posterior_last_step_size, 0, 1e6,
                                         "size of the last one, reached by equal factors; 0: the same"),
        [POSTERIOR_START_STD] =
            F64("posterior-start-std", "S", 1, 0, 1e6, "standard deviation of the noise they begin at"),
        [POSTERIOR_TEMPERATURE] = F64("posterior-temperature", "T", p->posterior_temperature, 1e-6, 1e6,
                                      "of a chain to the posterior: its target is p(z|x)^(1/T)"),
        [POSTERIOR_LIKELIHOOD_WEIGHT] = F64("posterior-likelihood-weight", "W", p->posterior_likelihood_weight, 1e-6,
                                            1e6, "of a chain to the posterior: its target is p(z) p(x|z)^W"),
        [POSTERIOR_CHAINS] = TEXT("posterior-chains", "HOW", p->posterior_chains,
                                  "fresh: from noise at each step; kept: one for each image, gone on with"),
        [FIRST_VISIT_STEPS] = I64("first-visit-steps", "N", p->first_visit_steps, 0, 1000000,
                                  "steps of a kept chain that begins; 0: as of others"),
        [PRIOR_CHAINS] = TEXT("prior-chains", "HOW", p->prior_chains, "fresh or kept, likewise"),
        [PRIOR_RENEWAL] = F64("prior-renewal", "P", p->prior_renewal, 0, 1, "share of kept ones that begin anew"),
        [PRIOR_LEARNING_RATE] =
            F64("prior-learning-rate", "R", p->prior_learning_rate, 0, 1e3, "Adam's learning rate for f"),
        [GENERATOR_LEARNING_RATE] =
            F64("generator-learning-rate", "R", p->generator_learning_rate, 0, 1e3, "and for g"),
        [BETA1] = F64("beta1", "B", p->beta1, 0, .99999, "Adam's decay of the first moment"),
        [BETA2] = F64("beta2", "B", p->beta2, 0, .99999, "Adam's decay of the second moment"),
        [DECAY_PER_EPOCH] =
            F64("decay-per-epoch", "D", p->decay_per_epoch, 0, 1, "factor on both learning rates for each epoch done"),
        [PRIOR_WEIGHT_DECAY] = F64("prior-weight-decay", "W", p->prior_weight_decay, 0, 1e3, "weight decay of f"),
        [GENERATOR_WEIGHT_DECAY] = F64("generator-weight-decay", "W", p->generator_weight_decay, 0, 1e3, "and of g"),
        [PRIOR_CLIP_NORM] =
            F64("prior-clip-norm", "N", p->prior_clip_norm, 0, 1e30, "largest norm of the gradient of f; 0: any"),
        [GENERATOR_CLIP_NORM] = F64("generator-clip-norm", "N", p->generator_clip_norm, 0, 1e30, "and of g; 0: any"),
        [AVERAGE_DECAY] = F64("average-decay", "D", p->average_decay, 0, .999999,
                              "look at and save averages of the parameters, of this decay; 0: the parameters"),
        [SIGMA_LEARNING_RATE] =
            F64("sigma-learning-rate", "R", 0, 0, 1, "how fast sigma is learned, 0 to 1, see below; 0: it stays"),
    };
    memcpy(options, table, sizeof table);
}

bool train_takes_places(const train_program *p)
{
    return !p->kind->of_text && p->read == NULL;
}

void train_options_read(argument options[TRAIN_OPTIONS], const train_program *p, int argc, char *const *argv)
{
    const char *const text = p->kind->of_text        ? notes_of_text
                             : p->kind->of_anomalies ? notes_of_anomalies
                             : train_takes_places(p) ? notes_of_places
                                                     : notes;
    fill_table(options, p);
    if (p->kind->of_text) options_of_text(options, p);
    if (train_takes_places(p)) options_of_places(options);
    if (p->kind->of_anomalies) options_of_anomalies(options, p);
    arguments_read(options, TRAIN_OPTIONS, argc, argv, p->name, p->summary, text);
    if (!p->kind->of_text && options[WIDTH].given && options[GENERATOR].given)
        die("--width sets the N in the default of --generator: give only one of them");
}

void option_or_die(int status, const argument *option)
{
    if (status != LEBM_OK) die("--%s: %s", option->name, lebm_last_error());
}

/* The options that are the library's own: whose they are there, and what they are called. */
static const struct {
    int option;
    enum { OF_TRAINER, OF_TO_PRIOR, OF_TO_POSTERIOR } owner;
    const char *key;
} library_options[] = {
    {SEED, OF_TRAINER, LEBM_TRAINER_SEED},
    {THREADS, OF_TRAINER, LEBM_TRAINER_THREADS},
    {PRIOR_STEPS, OF_TO_PRIOR, LEBM_SAMPLER_STEPS},
    {PRIOR_STEP_SIZE, OF_TO_PRIOR, LEBM_SAMPLER_STEP_SIZE},
    {PRIOR_LAST_STEP_SIZE, OF_TO_PRIOR, LEBM_SAMPLER_LAST_STEP_SIZE},
    {PRIOR_START_STD, OF_TO_PRIOR, LEBM_SAMPLER_START_STD},
    {POSTERIOR_STEPS, OF_TO_POSTERIOR, LEBM_SAMPLER_STEPS},
    {POSTERIOR_STEP_SIZE, OF_TO_POSTERIOR, LEBM_SAMPLER_STEP_SIZE},
    {POSTERIOR_LAST_STEP_SIZE, OF_TO_POSTERIOR, LEBM_SAMPLER_LAST_STEP_SIZE},
    {POSTERIOR_START_STD, OF_TO_POSTERIOR, LEBM_SAMPLER_START_STD},
    {POSTERIOR_TEMPERATURE, OF_TO_POSTERIOR, LEBM_SAMPLER_TEMPERATURE},
    {POSTERIOR_LIKELIHOOD_WEIGHT, OF_TO_POSTERIOR, LEBM_SAMPLER_LIKELIHOOD_WEIGHT},
    {POSTERIOR_CHAINS, OF_TRAINER, LEBM_TRAINER_POSTERIOR_CHAINS},
    {FIRST_VISIT_STEPS, OF_TRAINER, LEBM_TRAINER_FIRST_VISIT_STEPS},
    {PRIOR_CHAINS, OF_TRAINER, LEBM_TRAINER_PRIOR_CHAINS},
    {PRIOR_RENEWAL, OF_TRAINER, LEBM_TRAINER_PRIOR_RENEWAL},
    {AVERAGE_DECAY, OF_TRAINER, LEBM_TRAINER_AVERAGE_DECAY},
    {SIGMA_LEARNING_RATE, OF_TRAINER, LEBM_TRAINER_SIGMA_LEARNING_RATE},
    {DROPOUT, OF_TRAINER, LEBM_TRAINER_DROPOUT},
    {WORD_DROPOUT, OF_TRAINER, LEBM_TRAINER_WORD_DROPOUT},
    {PRIOR_LEARNING_RATE, OF_TRAINER, LEBM_TRAINER_PRIOR_LEARNING_RATE},
    {GENERATOR_LEARNING_RATE, OF_TRAINER, LEBM_TRAINER_GENERATOR_LEARNING_RATE},
    {BETA1, OF_TRAINER, LEBM_TRAINER_BETA1},
    {BETA2, OF_TRAINER, LEBM_TRAINER_BETA2},
    {DECAY_PER_EPOCH, OF_TRAINER, LEBM_TRAINER_DECAY_PER_EPOCH},
    {PRIOR_WEIGHT_DECAY, OF_TRAINER, LEBM_TRAINER_PRIOR_WEIGHT_DECAY},
    {GENERATOR_WEIGHT_DECAY, OF_TRAINER, LEBM_TRAINER_GENERATOR_WEIGHT_DECAY},
    {PRIOR_CLIP_NORM, OF_TRAINER, LEBM_TRAINER_PRIOR_CLIP_NORM},
    {GENERATOR_CLIP_NORM, OF_TRAINER, LEBM_TRAINER_GENERATOR_CLIP_NORM},
};

static int apply_to_trainer(lebm_trainer *trainer, const char *key, const argument *option)
{
    return option->kind == ARGUMENT_TEXT  ? lebm_trainer_set_str(trainer, key, option->value.text)
           : option->kind == ARGUMENT_I64 ? lebm_trainer_set_i64(trainer, key, option->value.i64)
                                          : lebm_trainer_set_f64(trainer, key, option->value.f64);
}

static int apply_to_sampler(lebm_sampler *sampler, const char *key, const argument *option)
{
    return option->kind == ARGUMENT_I64 ? lebm_sampler_set_i64(sampler, key, option->value.i64)
                                        : lebm_sampler_set_f64(sampler, key, option->value.f64);
}

void train_options_apply(const argument options[TRAIN_OPTIONS], lebm_trainer *trainer, lebm_sampler *to_prior,
                         lebm_sampler *to_posterior, bool only_given)
{
    for (size_t i = 0; i < sizeof library_options / sizeof *library_options; i++) {
        const argument *option = &options[library_options[i].option];
        const char *key = library_options[i].key;
        int status = LEBM_OK;
        if (option->name == NULL || (only_given && !option->given)) continue;
        switch (library_options[i].owner) {
        case OF_TRAINER:
            status = apply_to_trainer(trainer, key, option);
            break;
        case OF_TO_PRIOR:
            status = apply_to_sampler(to_prior, key, option);
            break;
        case OF_TO_POSTERIOR:
            status = apply_to_sampler(to_posterior, key, option);
            break;
        }
        option_or_die(status, option);
    }
}
